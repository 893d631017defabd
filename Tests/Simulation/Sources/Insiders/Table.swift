import Arithmetic
import Primitives

@testable import KeyAgreement

/// A few members around a table, without a network: the author of a dialogue decides who gets which token, and may
/// change what a member says before it signs it.
final class Table {
    /// A context behind a reference.
    final class Member {
        let participant: Participant
        var context: AgreementContext
        var hasInstalled = false

        init(_ id: UInt64, suite: Suite) throws {
            let identity = try Identity.generate(name: "member \(id)", entropy: .seeded(id))
            participant = Participant(id: id, publicKey: identity.publicKey)
            context = AgreementContext(suite: suite, identity: identity, id: id, entropy: .seeded(id &+ 1_000))
        }

        /// This member's place in its run.
        var position: Int { context.run?.position ?? 0 }

        /// A token of this member's run with a body of the author's choice, under its good signature.
        func sign(_ kind: TokenEnvelope.Kind, to destination: Int?, body: [UInt8]) throws -> [UInt8] {
            guard var run = context.run else { throw AgreementError.wrongPhase }
            // Its own next token has the number one; this one shall be newer than all it has sent.
            for _ in 0..<8 { _ = try run.seal(kind, to: destination, body: body, engine: &context.engine) }
            return try run.seal(kind, to: destination, body: body, engine: &context.engine)
        }
    }

    struct Token {
        let sender: UInt64
        /// nil for all, the sender included.
        let destination: UInt64?
        let bytes: [UInt8]

        var kind: TokenEnvelope.Kind? { TokenEnvelope.Kind(rawValue: bytes[1]) }
    }

    static let suite = Suite(forBenchmarksIn: .paper512)

    let members: [Member]
    /// What was said and has not been delivered.
    var tokens: [Token] = []

    init(_ count: UInt64) throws { members = try (1...count).map { try Member($0, suite: Self.suite) } }

    /// Everybody begins an agreement from scratch, in one and the same view.
    func begin(run number: UInt8) throws {
        tokens = []
        let run = AgreementRun(
            group: Array("table".utf8), view: [UInt8](repeating: 7, count: 32),
            run: [UInt8](repeating: number, count: 32), members: members.map { $0.participant }, baseCount: 1,
            fromScratch: true)
        for member in members {
            member.hasInstalled = false
            say(try member.context.begin(run), by: member)
        }
    }

    /// Delivers tokens until the next is of this kind.
    func deliver(until kind: TokenEnvelope.Kind) throws {
        while let token = tokens.first, token.kind != kind {
            tokens.removeFirst()
            for member in members where token.destination == nil || token.destination == member.participant.id {
                try deliver(token.bytes, from: token.sender, to: member)
            }
        }
    }

    func deliver(_ bytes: [UInt8], from sender: UInt64, to member: Member) throws {
        say(try member.context.receive(bytes, from: sender), by: member)
    }

    private func say(_ actions: [AgreementAction], by member: Member) {
        let sender = member.participant.id
        for action in actions {
            switch action {
            case .unicast(let destination, let bytes):
                tokens.append(Token(sender: sender, destination: destination, bytes: bytes))
            case .multicast(let bytes), .multicastAgreed(let bytes):
                tokens.append(Token(sender: sender, destination: nil, bytes: bytes))
            case .install: member.hasInstalled = true
            case .passedOver: break
            }
        }
    }
}
