import Flush
import Primitives

@testable import KeyAgreement
@testable import SecureGroup

/// A few secure groups in one VS view, without a Flush layer: the author of a dialogue decides who gets what and when.
final class Room {
    /// A machine behind a reference.
    final class Member {
        let introduction: Flush.Member
        var secure: SecureGroup
        /// What the application got.
        var delivered: [[UInt8]] = []
        /// What is on its way.
        var said: [Said] = []

        init(_ id: UInt64) throws {
            let identity = try Identity.generate(name: "member \(id)", entropy: .seeded(id))
            introduction = Flush.Member(id: id, connection: id, name: identity.name, publicKey: identity.publicKey)
            secure = SecureGroup(
                group: "room", suite: Table.suite, identity: identity, id: id, limits: SecureGroupLimits(),
                entropy: .seeded(id &+ 1_000))
        }

        func take(_ actions: [SecureGroupAction]) {
            for action in actions {
                switch action {
                case .send(let payload, let service, let destination):
                    said.append(
                        Said(sender: introduction.id, service: service, destination: destination, payload: payload))
                case .deliverMessage(_, _, _, let payload): delivered.append(payload)
                case .flushOk, .deliverFlushRequest, .deliverTransitionalSignal, .secureViewInstalled, .deliverView,
                    .refused, .ignored, .leaveAndRejoin, .failed:
                    break
                }
            }
        }

        func hear(_ said: Said) {
            take(
                secure.data(
                    from: said.sender, service: said.service, isPrivate: said.destination != nil,
                    payload: said.payload, now: 0))
        }
    }

    struct Said {
        let sender: UInt64
        let service: Service
        let destination: UInt64?
        let payload: [UInt8]

        /// Behind the payload's kind and the base (3 bytes) stands the token: version, kind.
        var isKeyList: Bool {
            payload.first == PayloadKind.agreementToken.rawValue && payload.count > 4
                && payload[4] == TokenEnvelope.Kind.keyList.rawValue
        }
    }

    let members: [Member]

    init(_ count: UInt64) throws { members = try (1...count).map { try Member($0) } }

    /// All are new, and in one view.
    func installView() {
        let id = ViewIdentifier(counter: 1, hash: [UInt8](repeating: 1, count: 32))
        for member in members {
            let view = FlushView(
                id: id, members: members.map { $0.introduction }, transitionalSet: [member.introduction.id],
                leaveSet: [], transcript: [UInt8](repeating: 2, count: 32))
            member.take(member.secure.membership(view, now: 0))
        }
    }

    /// Delivers in total order until nobody says anything more.
    func deliverAll() {
        while let said = nextSaid() { deliver(said) }
    }

    /// Delivers in total order until the next is a key list, which is answered and delivered to nobody; nil if there
    /// is none.
    func deliverUntilKeyList() -> Said? {
        while let said = nextSaid() {
            if said.isKeyList { return said }
            deliver(said)
        }
        return nil
    }

    private func nextSaid() -> Said? {
        members.first { !$0.said.isEmpty }?.said.removeFirst()
    }

    private func deliver(_ said: Said) {
        for member in members where said.destination == nil || said.destination == member.introduction.id {
            member.hear(said)
        }
    }
}
