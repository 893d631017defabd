import Arithmetic
import Primitives
import Testing

@testable import KeyAgreement

/// Testing has a `Suite` of its own.
typealias AgreementSuite = KeyAgreement.Suite

/// Several members in one process, and a network that delivers in order: the driver of all scenarios, and the oracle
/// that knows every secret.
final class Scenario {
    /// A noncopyable context behind a reference.
    final class Member {
        let identity: Identity
        let id: UInt64
        var context: AgreementContext
        var installs = 0
        /// The round of the newest token that this member has taken, and what it did in each round.
        var round = 0
        var work: [Int: AgreementCounters] = [:]

        init(_ id: UInt64, suite: AgreementSuite) throws {
            self.id = id
            identity = try Identity.generate(name: "member \(id)", entropy: .seeded(id))
            context = AgreementContext(suite: suite, identity: identity, id: id, entropy: .seeded(id &+ 1_000_000))
        }

        var run: RunContext? { context.run }
        var completed: CompletedRun? { context.completed }
        var participant: Participant { Participant(id: id, publicKey: identity.publicKey) }
    }

    struct Token: Equatable {
        var sender: UInt64
        /// Nil for all, the sender included.
        var destination: UInt64?
        var bytes: [UInt8]
        var round: Int
    }

    static let group = Array("the group".utf8)

    let suite: AgreementSuite
    var members: [UInt64: Member] = [:]
    /// The order of the last installed list.
    var order: [UInt64] = []
    var queue: [Token] = []
    /// Everything that was sent in this run.
    var sent: [Token] = []
    /// What the oracles have seen of the members' secrets.
    var seen = SeenSecrets()
    /// The run that began last, and the one that its first member continues from.
    private(set) var current: AgreementRun?
    private(set) var lastBinding: [UInt8] = []
    /// Whether FIFO multicasts are delivered to their sender, too.
    var loopsMulticasts = true
    private var runs: UInt64 = 0

    init(_ suite: AgreementSuite = AgreementSuite(forBenchmarksIn: .paper512)) { self.suite = suite }

    subscript(_ id: UInt64) -> Member { members[id]! }

    func addMember(_ id: UInt64) throws { members[id] = try Member(id, suite: suite) }

    /// A run's description; view and run are unique.
    func run(_ ids: [UInt64], base: Int, fromScratch: Bool = false) -> AgreementRun {
        runs += 1
        var identifier = [UInt8](repeating: 0, count: 32)
        identifier[31] = UInt8(truncatingIfNeeded: runs)
        identifier[30] = UInt8(truncatingIfNeeded: runs >> 8)
        var view = identifier
        view[0] = 0x77
        return AgreementRun(
            group: Self.group, view: view, run: identifier, members: ids.map { self[$0].participant }, baseCount: base,
            fromScratch: fromScratch)
    }

    /// Begins a run at all its members.
    func begin(_ run: AgreementRun) throws {
        queue = []
        sent = []
        seen.startRun()
        current = run
        lastBinding = self[run.members[0].id].completed?.binding ?? []
        for member in members.values {
            member.round = 0
            member.work = [:]
        }
        for member in run.members {
            let member = self[member.id]
            let actions = try member.context.begin(run)
            perform(actions, of: member, since: AgreementCounters())
        }
    }

    /// Begins a run and delivers until nothing is left; all must have installed.
    func agree(_ ids: [UInt64], base: Int, fromScratch: Bool = false) throws {
        for id in ids where members[id] == nil { try addMember(id) }
        let before = ids.map { self[$0].installs }
        let run = run(ids, base: base, fromScratch: fromScratch)
        try begin(run)
        try deliverAll()
        #expect(ids.map { self[$0].installs } == before.map { $0 + 1 })
        order = ids
        noteCompletion()
    }

    func deliverAll() throws { while !queue.isEmpty { try deliver(queue.removeFirst()) } }

    /// Delivers one token to whom it is for.
    func deliver(_ token: Token) throws {
        let isFIFO = AgreementContext.isAgreed(token.bytes) == false
        for id in token.destination.map({ [$0] }) ?? sortedMembers(of: token) {
            guard loopsMulticasts || !isFIFO || id != token.sender else { continue }
            try deliver(token, to: id)
        }
    }

    func deliver(_ token: Token, to id: UInt64) throws(AgreementError) {
        let member = self[id]
        let before = member.context.runCounters
        if id != token.sender { member.round = max(member.round, token.round) }
        let actions = try member.context.receive(token.bytes, from: token.sender)
        perform(actions, of: member, since: before)
    }

    /// The members that are in the same run as the sender.
    func sortedMembers(of token: Token) -> [UInt64] {
        members.keys.sorted().filter { self[$0].context.run?.identifier == self[token.sender].context.run?.identifier }
    }

    private func perform(_ actions: [AgreementAction], of member: Member, since before: AgreementCounters) {
        look(at: member)
        var isInstall = false
        for action in actions {
            let round = member.round + 1
            switch action {
            case .unicast(let destination, let bytes):
                queue.append(Token(sender: member.id, destination: destination, bytes: bytes, round: round))
                sent.append(queue[queue.count - 1])
            case .multicast(let bytes), .multicastAgreed(let bytes):
                queue.append(Token(sender: member.id, destination: nil, bytes: bytes, round: round))
                sent.append(queue[queue.count - 1])
            case .install:
                member.installs += 1
                isInstall = true
            case .passedOver: break
            }
        }
        // Work belongs to the round of the message that it makes, that of the last message to the last round.
        let after = member.context.runCounters
        var sum = member.work[member.round + (isInstall ? 0 : 1)] ?? AgreementCounters()
        sum.exponentiations += after.exponentiations - before.exponentiations
        sum.signatures += after.signatures - before.signatures
        member.work[member.round + (isInstall ? 0 : 1)] = sum
        var verified = member.work[member.round] ?? AgreementCounters()
        verified.verifications += after.verifications - before.verifications
        member.work[member.round] = verified
    }
}

/// The kind of a token, from its second byte.
func TokenEnvelopeKind(_ bytes: [UInt8]) -> TokenEnvelope.Kind? { TokenEnvelope.Kind(rawValue: bytes[1]) }

// MARK: - Sums

extension Scenario {
    /// The serial cost of the last run, as the paper's tables count it: in each round the most that any member did.
    var serial: AgreementCounters {
        var sum = AgreementCounters()
        for round in 0...(sent.map { $0.round }.max() ?? 0) {
            let work = members.values.compactMap { $0.work[round] }
            sum.exponentiations += work.map { $0.exponentiations }.max() ?? 0
            sum.signatures += work.map { $0.signatures }.max() ?? 0
            sum.verifications += work.map { $0.verifications }.max() ?? 0
        }
        return sum
    }

    /// The rounds of the last run.
    var rounds: Int { sent.map { $0.round }.max() ?? 0 }

    /// What all members together did in the last run.
    func total(_ ids: [UInt64]) -> AgreementCounters {
        var sum = AgreementCounters()
        for id in ids {
            let counters = self[id].context.runCounters
            sum.exponentiations += counters.exponentiations
            sum.signatures += counters.signatures
            sum.verifications += counters.verifications
            sum.unicasts += counters.unicasts
            sum.multicasts += counters.multicasts
            sum.membershipChecks += counters.membershipChecks
            sum.inversions += counters.inversions
        }
        return sum
    }
}
