import Arithmetic
import Flush
import Primitives
import Traces

@testable import KeyAgreement
@testable import SecureGroup

/// What a network of honest members never brings about: a member that signs what it should not say, a transport that
/// says again what it has heard, data that overtakes a key list. A few lines each, on the real machines.
///
/// A member that lies can always spoil the agreement, but what is checked here holds in spite of it.
public enum Dialogue: String, CaseIterable, Sendable {
    /// A member signs values that are not in the subgroup, in each kind of token: nobody takes them.
    case valuesOutsideTheSubgroup
    /// The controller gives a member the partial key of another: it does not install a key that the others lack.
    case falsePartialKey
    /// The transport delivers a token of an earlier run of the same view: it is refused.
    case tokenOfAnEarlierRun
    /// The transport delivers a sealed record twice: the application gets it once.
    case recordTwice
    /// The transport delivers a sealed record with another service than its sender asked for: it is refused.
    case recordWithAnotherService
    /// Data of a view comes before its key list: the application gets it after the view.
    case dataBeforeTheKeyList
    /// The transitional signal comes before the key list: the run is abandoned, and nothing is installed (figure 2, KL
    /// with VS_transitional). The Flush layer asks for the acknowledgement right after the signal, so that no network
    /// gives a key list the time to come in between.
    case keyListAfterTheSignal
    /// A token is lost: when the time is over, all begin another run, and come to a key in it. (In a network they would
    /// leave in the end and join again, so that a restart that leads nowhere is seen by nobody.)
    case lostToken
    /// A safe message reaches its sender alone before they part: before the transitional signal, it is delivered to
    /// nobody. (In a network, few of the messages are safe and on their way just then.)
    case safeMessageAtAParting

    /// Carries it out, and answers what does not hold: empty when all is well.
    public func run() -> [Violation] {
        do {
            switch self {
            case .valuesOutsideTheSubgroup: return try valuesOutsideTheSubgroup()
            case .falsePartialKey: return try falsePartialKey()
            case .tokenOfAnEarlierRun: return try tokenOfAnEarlierRun()
            case .recordTwice: return try recordTwice()
            case .recordWithAnotherService: return try recordWithAnotherService()
            case .dataBeforeTheKeyList: return try dataBeforeTheKeyList()
            case .keyListAfterTheSignal: return try keyListAfterTheSignal()
            case .lostToken: return try lostToken()
            case .safeMessageAtAParting: return try safeMessageAtAParting()
            }
        } catch {
            return [Violation(property: "dialogue", sentence: "the dialogue cannot be held: \(error)")]
        }
    }
}

// MARK: - Tokens

extension Dialogue {
    private func valuesOutsideTheSubgroup() throws -> [Violation] {
        let size = Table.suite.group.elementSize
        let outside = [UInt8](repeating: 0, count: size - 1) + [2]
        var taken: [Violation] = []
        for kind in [TokenEnvelope.Kind.partialToken, .finalToken, .factorOutToken, .keyList] {
            let table = try Table(3)
            try table.begin(run: 1)
            try table.deliver(until: kind)
            guard let token = table.tokens.first else { throw AgreementError.wrongPhase }
            let sender = table.members[Int(token.sender) - 1]
            let victim = table.members[token.destination.map { Int($0) - 1 } ?? 0]
            // The value, or the first partial key, is what the body ends with, or what follows the head of the list.
            var body = try TokenEnvelope(reading: token.bytes).body
            let start = kind == .keyList ? 32 + 2 + 8 : body.count - size
            body.replaceSubrange(start..<start + size, with: outside)
            let forged = try sender.sign(kind, to: token.destination == nil ? nil : victim.position, body: body)
            do throws(AgreementError) {
                _ = try victim.context.receive(forged, from: token.sender)
            } catch .badElement {
                continue
            } catch {}
            taken.append(
                Violation(
                    property: "values are in the subgroup",
                    sentence: "\(kind) with the value 2 was not refused for its value")
            )
        }
        return taken
    }

    private func falsePartialKey() throws -> [Violation] {
        let table = try Table(3)
        try table.begin(run: 1)
        try table.deliver(until: .keyList)
        let controller = table.members[2]
        guard let token = table.tokens.first, case .gdh(let machine) = controller.context.machine,
            case .waitForKeyList(let waiting) = machine.state, let own = waiting.ownList,
            let run = controller.context.run
        else { throw AgreementError.wrongPhase }
        var list = try KeyList(
            reading: TokenEnvelope(reading: token.bytes).body, elementSize: Table.suite.group.elementSize)
        list.entries[0].partialKey = list.entries[1].partialKey
        list.confirmation = try own.key.confirmation(of: list.confirmedBytes, binding: run.binding)
        let forged = try controller.sign(.keyList, to: nil, body: list.body)
        for victim in table.members.prefix(2) { _ = try? victim.context.receive(forged, from: 3) }
        return table.members.prefix(2).filter { victim in
            victim.context.hasKey && victim.context.fingerprint != own.key.fingerprint
        }.map { victim in
            Violation(
                property: "same view, same key", sentence: "member \(victim.participant.id) installed a key of its own")
        }
    }

    private func tokenOfAnEarlierRun() throws -> [Violation] {
        let table = try Table(3)
        try table.begin(run: 1)
        guard let old = table.tokens.first else { throw AgreementError.wrongPhase }
        try table.begin(run: 2)
        do throws(AgreementError) {
            _ = try table.members[1].context.receive(old.bytes, from: old.sender)
        } catch {
            return []
        }
        return [Violation(property: "tokens are fresh", sentence: "a partial token of the run before was accepted")]
    }

    private func lostToken() throws -> [Violation] {
        let room = try Room(3)
        room.installView()
        for member in room.members { member.said = [] }
        guard let due = room.members.compactMap({ $0.secure.deadline }).max() else {
            throw SecureGroupError.keyMissing
        }
        for member in room.members { member.take(member.secure.tick(now: due)) }
        room.deliverAll()
        let keys = room.members.map { $0.secure.view?.keyFingerprint }
        return zip(room.members, keys).compactMap { member, key in
            guard key == nil || key != keys[0] else { return nil }
            return Violation(
                property: "liveness", sentence: "\(member.introduction.name) has no common key after the restart")
        }
    }
}

// MARK: - Sealed records

extension Dialogue {
    /// A member that seals, and one that opens.
    private func sealed(_ service: Service) throws -> (records: [SealedRecord], opener: Opener) {
        let view = ViewIdentifier(counter: 1, hash: [UInt8](repeating: 1, count: 32))
        let secret = SecretBytes(copying: [UInt8](repeating: 5, count: KeySchedule.secretSize).span)
        let keys = try KeySchedule(
            secret: secret, binding: ViewBinding(group: "table", view: view), algorithm: Table.suite.cipher)
        let records = try Sealer(keys: keys, sender: 1).seal([1, 2, 3], service: service)
        return (records, Opener(keys: keys, me: 2, members: [1, 2]))
    }

    private func recordTwice() throws -> [Violation] {
        let (records, opener) = try sealed(.fifo)
        var count = 0
        for record in records + records {
            let opened = try? opener.open(record.payload, from: 1, service: record.service, isPrivate: false)
            if opened?.message != nil { count += 1 }
        }
        guard count != 1 else { return [] }
        return [
            Violation(
                property: "5 No Duplication (§3.1)", sentence: "a record that came twice was delivered \(count) times")
        ]
    }

    private func recordWithAnotherService() throws -> [Violation] {
        let (records, opener) = try sealed(.safe)
        for record in records {
            do throws(SecureGroupError) {
                _ = try opener.open(record.payload, from: 1, service: .agreed, isPrivate: false)
            } catch .wrongService {
                continue
            } catch {}
            return [
                Violation(
                    property: "authenticity (§2)", sentence: "a safe record that came as an agreed one was not refused")
            ]
        }
        return []
    }

    private func dataBeforeTheKeyList() throws -> [Violation] {
        let room = try Room(2)
        room.installView()
        guard let list = room.deliverUntilKeyList() else { throw SecureGroupError.keyMissing }
        let text: [UInt8] = Array("overtaking".utf8)
        let (waiting, controller) = (room.members[0], room.members[1])
        controller.hear(list)
        controller.take(try controller.secure.userMessage(text, service: .fifo))
        for said in controller.said { waiting.hear(said) }
        waiting.hear(list)
        guard room.members[0].delivered != [text] else { return [] }
        return [
            Violation(
                property: "8 Virtual Synchrony (§3.1)",
                sentence: "data that came before the key list was not delivered after it")
        ]
    }

    private func keyListAfterTheSignal() throws -> [Violation] {
        let room = try Room(2)
        room.installView()
        guard let list = room.deliverUntilKeyList() else { throw SecureGroupError.keyMissing }
        let waiting = room.members[0]
        waiting.take(waiting.secure.transitionalSignal(now: 0))
        waiting.hear(list)
        guard waiting.secure.view != nil else { return [] }
        return [
            Violation(
                property: "figure 2, KL", sentence: "a key list that came after the transitional signal was installed")
        ]
    }

    private func safeMessageAtAParting() throws -> [Violation] {
        let wire = try Wire(2)
        let (sender, other) = (wire.members[0], wire.members[1])
        wire.connect(wire.members)
        wire.deliverAll(to: wire.members)
        guard sender.engine.view?.members.count == 2, other.engine.view?.members.count == 2 else {
            throw SecureGroupError.noSecureView
        }
        let text: [UInt8] = Array("safe".utf8)
        try wire.send(text, .safe, from: sender)
        wire.deliverAll(to: [sender])
        wire.connect([sender], staying: [sender])
        guard sender.delivered.contains(text) else { return [] }
        return [
            Violation(
                property: "12.2 Safe Delivery (§3.1)",
                sentence: "a safe message was delivered before the signal, and a member of the view never got it")
        ]
    }
}
