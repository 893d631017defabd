/// A transport that changes or loses messages, for a while.
struct Tampering {
    enum Verdict: Equatable {
        case leave
        case swallow
        case flip(place: Int, bit: UInt8)
    }

    /// Which messages it is after.
    enum Prey: CaseIterable {
        case tokens, control, all
    }

    let swallows: Bool
    let prey: Prey
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
        return .flip(place: dice.roll(message.bytes.count), bit: 1 << UInt8(dice.roll(8)))
    }

    private func isPrey(_ bytes: [UInt8]) -> Bool {
        guard bytes.count > 1 else { return false }
        switch prey {
        case .all: return true
        case .control: return bytes[1] != 5
        case .tokens: return bytes[1] == 5 && bytes.count > 51 && bytes[51] != 3
        }
    }
}
