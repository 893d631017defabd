import KeyOracle
import Traces

@testable import KeyAgreement
@testable import Primitives
@testable import SecureGroup

/// Contexts that agree with each other, under the eyes of an oracle.
final class Agreement {
    private final class Member {
        let id: UInt64
        let identity: Identity
        var context: AgreementContext

        init(id: UInt64, suite: Suite, entropy: Entropy) throws {
            self.id = id
            identity =
                suite == .simulation
                ? try Identity.simulated(name: "m\(id)", seed: id)
                : try Identity(name: "m\(id)", seed: SecretBytes(random: 32, from: Entropy.seeded(id)))
            context = AgreementContext(suite: suite, identity: identity, id: id, entropy: entropy)
        }
    }

    let oracle: KeyOracle
    private let suite: Suite
    private let entropy = Entropy.seeded(77)
    private var members: [Member] = []
    private var counter: UInt64 = 0

    init(suite: Suite = .simulation, oracle: KeyOracle? = nil) {
        self.suite = suite
        self.oracle = oracle ?? KeyOracle(suite: suite)
    }

    /// The members agree in a new view; the first `base` of them continue. With a bound on the tokens the run is given
    /// up after so many.
    func agree(_ ids: [UInt64], base: Int, tokens limit: Int = .max) throws {
        counter += 1
        let name = ViewName(counter: counter, hash: counter &* 0x1234_5678_9abc_def1)
        let present = try ids.map { try member($0) }
        let run = AgreementRun(
            group: Array("test".utf8), view: [UInt8](repeating: UInt8(counter), count: 32),
            run: try entropy.publicBytes(32),
            members: present.map { Participant(id: $0.id, publicKey: $0.identity.publicKey) },
            baseCount: max(base, 1), fromScratch: base == 0)
        var pending: [(sender: UInt64, destination: UInt64?, token: [UInt8])] = []
        func perform(_ actions: [AgreementAction], _ member: Member) {
            if let evidence = member.context.evidence { oracle.held(member: member.id, evidence: evidence) }
            for action in actions {
                switch action {
                case .unicast(let destination, let token): pending.append((member.id, destination, token))
                case .multicast(let token), .multicastAgreed(let token): pending.append((member.id, nil, token))
                case .install:
                    guard let evidence = member.context.evidence else { continue }
                    oracle.installed(view: name, member: member.id, members: ids, evidence: evidence)
                case .passedOver: break
                }
            }
        }
        for member in present { perform(try member.context.begin(run), member) }
        var sent = 0
        while !pending.isEmpty, sent < limit {
            let (sender, destination, token) = pending.removeFirst()
            oracle.transmitted(payload: TokenPayload(baseCount: base, token: token).bytes, by: sender)
            sent += 1
            for member in present where destination == nil || destination == member.id {
                perform(try member.context.receive(token, from: sender), member)
            }
        }
        for member in present { member.context.abandon() }
    }

    private func member(_ id: UInt64) throws -> Member {
        if let member = members.first(where: { $0.id == id }) { return member }
        let member = try Member(id: id, suite: suite, entropy: entropy)
        members.append(member)
        return member
    }
}
