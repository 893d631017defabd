@testable import KeyAgreement

/// A transport that changes or loses messages, for a while.
struct Tampering {
    enum Verdict: Equatable {
        case leave
        case swallow
        case flip(place: Int, bit: UInt8)
        case relabel(Label)
    }

    /// What a message of the layer above Flush, which Flush does not authenticate, is made to look like.
    enum Label: CaseIterable {
        case partialToken, finalToken, factOut, keyList, restart, record, garbage

        /// The payload's kind, and for a token the token's kind.
        var kinds: (payload: UInt8, token: UInt8?) {
            switch self {
            case .partialToken: (1, 1)
            case .finalToken: (1, 2)
            case .factOut: (1, 3)
            case .keyList: (1, 4)
            case .restart: (2, nil)
            case .record: (3, nil)
            case .garbage: (0, nil)
            }
        }
    }

    /// Which messages it is after.
    enum Prey: CaseIterable {
        case tokens, control, all
    }

    let swallows: Bool
    let prey: Prey
    /// Whether it changes the kind of messages of the layer above, which are its only prey then: of each to any.
    let relabels: Bool
    /// The member that does not get them as they are; nil: nobody does.
    let victim: Int?
    /// Of a hundred.
    let share: Int
    /// How many messages it still takes.
    var left: Int

    /// What happens to a message for every receiver; nil when that is not what it does.
    mutating func verdictForAll(_ message: Message, _ dice: inout Dice) -> Verdict? {
        guard victim == nil else { return nil }
        return verdict(message, &dice)
    }

    mutating func verdict(_ message: Message, for receiver: Int, _ dice: inout Dice) -> Verdict {
        guard victim == receiver else { return .leave }
        return verdict(message, &dice)
    }

    private mutating func verdict(_ message: Message, _ dice: inout Dice) -> Verdict {
        guard left > 0, isPrey(message.bytes), dice.chance(share) else { return .leave }
        left -= 1
        if swallows { return .swallow }
        if relabels, let label = dice.pick(Label.allCases) { return .relabel(label) }
        return .flip(place: dice.roll(message.bytes.count), bit: 1 << UInt8(dice.roll(8)))
    }

    private func isPrey(_ bytes: [UInt8]) -> Bool {
        guard bytes.count > 1 else { return false }
        guard !relabels else { return bytes[1] == 5 && bytes.count > Self.tokenKind + 1 }
        switch prey {
        case .all: return true
        case .control: return bytes[1] != 5
        case .tokens: return bytes[1] == 5 && bytes.count > Self.payloadKind && bytes[Self.payloadKind] != 3
        }
    }

    /// Where in a message of Flush the kind of what it carries stands, and behind that a token's own kind.
    private static let payloadKind = 51
    private static let tokenKind = payloadKind + 4

    /// A message with another kind.
    static func relabel(_ bytes: inout [UInt8], _ label: Label, _ agreement: AgreementProtocol) {
        bytes[payloadKind] = label.kinds.payload
        guard let number = label.kinds.token else { return }
        // What is GDH's fourth is the last of every agreement: what ends a run.
        let kinds = TokenEnvelope.Kind.allCases.filter { $0.agreement == agreement }
        let place = number == 4 ? kinds.count - 1 : (Int(number) - 1) % kinds.count
        guard kinds.indices.contains(place) else { return }
        // Without the version of tokens before it, and the suite behind it, it would be garbage.
        bytes[tokenKind - 1] = TokenEnvelope.protocolVersion
        bytes[tokenKind] = kinds[place].rawValue
        bytes[tokenKind + 1] = agreement.rawValue << 4 | bytes[tokenKind + 1] & 15
    }
}
