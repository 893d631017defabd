import Flush
import Primitives
import SecureGroup

/// A few whole members, with Flush layer and secure group, and what is said between them in one order: the author of a
/// dialogue decides when it is delivered, and who is parted from whom before it is.
final class Wire {
    /// An engine behind a reference.
    final class Member {
        let connection: UInt64
        var engine: GroupEngine
        /// What the application got before the transitional signal of its last view, and whether that has come.
        var delivered: [[UInt8]] = []
        var isSignalled = false

        init(_ number: UInt64, identity: Identity, trust: TrustStore) {
            connection = number
            engine = GroupEngine(
                group: "wire", suite: Table.suite, identity: identity, id: number, trust: trust,
                answersFlushRequests: true, flushLimits: FlushLimits(), secureLimits: SecureGroupLimits(),
                entropy: .seeded(number &+ 1_000))
            engine.attached(connection: number, now: 0)
        }
    }

    private struct Said {
        let sender: UInt64
        let destination: UInt64?
        let bytes: [UInt8]
    }

    let members: [Member]
    private var said: [Said] = []
    private var configurations: UInt64 = 0

    /// All accept each other.
    init(_ count: UInt64) throws {
        let identities = try (1...count).map { number in
            try Identity.generate(name: "member \(number)", entropy: .seeded(number))
        }
        var trust = TrustStore()
        for identity in identities { try trust.add(identity.publicKey, label: identity.name) }
        members = zip(1...count, identities).map { Member($0, identity: $1, trust: trust) }
    }

    /// These can reach each other from now on; what had been said and not delivered is lost.
    func connect(_ those: [Member], staying: [Member] = []) {
        said = []
        configurations += 1
        for member in those {
            let transitional = staying.isEmpty ? [member.connection] : staying.map { $0.connection }
            take(
                member.engine.configurationChanged(
                    id: configurations, members: those.map { $0.connection }, transitional: transitional, now: 0),
                from: member)
            take(member.engine.settle(now: 0), from: member)
        }
    }

    /// A member's application sends to all.
    func send(_ text: [UInt8], _ service: Service, from member: Member) throws {
        take(try member.engine.send(text, service: service, to: nil, now: 0), from: member)
    }

    /// Delivers everything that is said, to those of its receivers who are among these.
    func deliverAll(to those: [Member]) {
        while !said.isEmpty {
            let next = said.removeFirst()
            for member in those where next.destination == nil || next.destination == member.connection {
                take(member.engine.received(next.bytes, from: next.sender, now: 0), from: member)
                take(member.engine.settle(now: 0), from: member)
            }
        }
    }

    private func take(_ actions: [GroupAction], from member: Member) {
        for action in actions {
            switch action {
            case .multicast(let bytes):
                said.append(Said(sender: member.connection, destination: nil, bytes: bytes))
            case .unicast(let destination, let bytes):
                said.append(Said(sender: member.connection, destination: destination, bytes: bytes))
            case .event(.message(_, _, _, let payload)): if !member.isSignalled { member.delivered.append(payload) }
            case .event(.transitionalSignal): member.isSignalled = true
            case .event(.view): member.isSignalled = false
            case .event(.flushRequest), .event(.problem), .rejoin, .replaced: break
            }
        }
    }
}
