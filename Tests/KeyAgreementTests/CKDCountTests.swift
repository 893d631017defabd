@testable import Arithmetic
import Primitives
import Testing

@testable import KeyAgreement

/// The costs of the paper's table 2 (CKD rows), and those of each role.
///
/// Serial counts are the table's, with these differences, all of them what the protocol needs:
/// - one power more for whoever makes the group secret, since K_s has to be in the subgroup: K_s = g^s. A new
///   controller's g^r_1 costs no more, since the others compute their g^r_i at the same time;
/// - the row for the controller's leave contradicts itself: 2n - 4 unicasts and 2 multicasts are not 3n - 6 messages,
///   and 2n - 2 are the signatures of all, where the other rows count serial ones. g^r_1 goes to all in one multicast,
///   as in a merge: n - 2 unicasts, 2 multicasts, n messages, 3 serial signatures.
@Suite struct CKDCountTests {
    private static let sizes = [2, 3, 4, 5, 10, 20, 50]

    private static func group(_ count: Int) throws -> (Scenario, [UInt64]) {
        let scenario = Scenario(AgreementProtocol.ckd.smallSuite)
        let ids = (1...UInt64(count)).map { $0 }
        try scenario.agree(ids, base: 1, fromScratch: true)
        // A controller that was alone has not chosen r_1; from scratch it has.
        return (scenario, ids)
    }

    @Test("join: 3 rounds, 3 messages, n + 2 powers and that of K_s", arguments: sizes)
    func join(_ n: Int) throws {
        let (scenario, old) = try Self.group(n)
        let all = old + [UInt64(n + 1)]
        try scenario.agree(all, base: n)
        scenario.expectCost(
            rounds: 3, unicasts: 2, multicasts: 1, exponentiations: n + 2 + 1, signatures: 3, verifications: 3,
            members: all)
        // The controller: g^r_1 is there, one pairwise key, n values, K_s.
        let controller = scenario[1].context.runCounters
        #expect(controller.exponentiations == n + 2 && controller.inversions == 0)
        #expect(controller.signatures == 2 && controller.verifications == 1)
        // The new member: g^r_i, its pairwise key, K_s; the others only K_s.
        let newcomer = scenario[UInt64(n + 1)].context.runCounters
        #expect(newcomer.exponentiations == 3 && newcomer.signatures == 1 && newcomer.verifications == 2)
        for id in old.dropFirst() {
            let counters = scenario[id].context.runCounters
            #expect(counters.exponentiations == 1 && counters.signatures == 0 && counters.verifications == 1)
        }
    }

    @Test("merge: 3 rounds, m + 2 messages, n + 2m powers and that of K_s", arguments: sizes, 2...4)
    func merge(_ n: Int, _ m: Int) throws {
        let (scenario, old) = try Self.group(n)
        let all = old + (1...m).map { UInt64(n + $0) }
        try scenario.agree(all, base: n)
        scenario.expectCost(
            rounds: 3, unicasts: m, multicasts: 2, exponentiations: n + 2 * m + 1, signatures: 3,
            verifications: m + 2, members: all)
        // Nobody looks into g^r_1 who does not need it.
        #expect(scenario.total(all).verifications == m + m + (n + m - 1))
    }

    @Test("leave and partition: 1 round, 1 message, n - p - 1 powers and that of K_s", arguments: sizes, 1...4)
    func partition(_ n: Int, _ p: Int) throws {
        guard n - p >= 2 else { return }
        let (scenario, old) = try Self.group(n)
        let ids = Array(old.prefix(n - p))
        try scenario.agree(ids, base: ids.count)
        scenario.expectCost(
            rounds: 1, unicasts: 0, multicasts: 1, exponentiations: n - p - 1 + 1, signatures: 1, verifications: 1,
            members: ids)
        #expect(scenario.total(ids).exponentiations == n - p + (n - p - 1))
    }

    @Test("the controller leaves: 3 rounds, n messages, 2n - 3 powers and that of K_s", arguments: sizes)
    func controllerLeaves(_ n: Int) throws {
        guard n >= 4 else { return }
        let (scenario, old) = try Self.group(n)
        let ids = Array(old.dropFirst())
        try scenario.agree(ids, base: ids.count)
        scenario.expectCost(
            rounds: 3, unicasts: n - 2, multicasts: 2, exponentiations: 2 * n - 3 + 1, signatures: 3,
            verifications: n, members: ids)
        // From then on pairwise keys are there again.
        try scenario.agree(Array(ids.dropLast()), base: ids.count - 1)
        #expect(scenario.rounds == 1)
    }

    @Test("a merge while others leave costs a merge; a refresh a leave of nobody", arguments: sizes)
    func bundledAndRefresh(_ n: Int) throws {
        let (scenario, old) = try Self.group(n)
        try scenario.agree(old, base: n)
        scenario.expectCost(
            rounds: 1, unicasts: 0, multicasts: 1, exponentiations: n, signatures: 1, verifications: 1, members: old)
        guard n > 2 else { return }
        let staying = Array(old.dropLast())
        let all = staying + [UInt64(n + 1), UInt64(n + 2)]
        try scenario.agree(all, base: staying.count)
        scenario.expectCost(
            rounds: 3, unicasts: 2, multicasts: 2, exponentiations: n - 1 + 4 + 1, signatures: 3, verifications: 4,
            members: all)
    }

    @Test("what the controller chooses for newcomers is not the share of the time when it was alone")
    func aloneBefore() throws {
        let scenario = Scenario(AgreementProtocol.ckd.smallSuite)
        try scenario.agree([1], base: 1)
        let before = scenario[1].context.fingerprint
        try scenario.agree([1, 2], base: 1)
        try scenario.expectAgreement([1, 2])
        let token = try #require(scenario.sent.first)
        let value = try ControllerValueToken(
            reading: TokenEnvelope(reading: token.bytes).body, elementSize: scenario.suite.group.elementSize)
        #expect(value.previous == scenario.lastBinding && before != scenario[1].context.fingerprint)
        // With g^r_1 anybody could compute the lone member's key, if it were that.
        let secret = SecretBytes(copying: value.value.span)
        let element = SecretElement(group: scenario.suite.group, bytes: secret)
        #expect(try GroupKey(from: element, binding: scenario.lastBinding).fingerprint != before)
    }
}

extension Scenario {
    /// The cost of the last run, serial but for the messages.
    func expectCost(
        rounds: Int, unicasts: Int, multicasts: Int, exponentiations: Int, signatures: Int, verifications: Int,
        members: [UInt64], sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let (serial, total) = (serial, total(members))
        #expect(self.rounds == rounds, sourceLocation: sourceLocation)
        #expect(serial.exponentiations == exponentiations, sourceLocation: sourceLocation)
        #expect(serial.signatures == signatures, sourceLocation: sourceLocation)
        #expect(serial.verifications == verifications, sourceLocation: sourceLocation)
        #expect(total.unicasts == unicasts, sourceLocation: sourceLocation)
        #expect(total.multicasts == multicasts, sourceLocation: sourceLocation)
        #expect(total.signatures == unicasts + multicasts, sourceLocation: sourceLocation)
    }
}
