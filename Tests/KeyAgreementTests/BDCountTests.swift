import Primitives
import Testing

@testable import KeyAgreement

/// The costs of BD, N being the size after the event, which is all they depend on: 2 rounds, 2N multicasts, 3 powers
/// and 2 signatures each, N + 2 serial verifications. Messages and signatures of the confirmation come on top: one of
/// each, one round. Its verification is the last of the N + 2: two neighbours' Z, N - 1 X, and that.
///
/// The small powers that the original hides (n - 1 for each member) are 2(n - 1) products here.
@Suite struct BDCountTests {
    private static func expect(_ scenario: Scenario, _ ids: [UInt64]) {
        let count = ids.count
        scenario.expectCost(
            rounds: 2 + 1, unicasts: 0, multicasts: 2 * count + 1, exponentiations: 3, signatures: 2 + 1,
            verifications: count + 2, members: ids)
        for id in ids {
            let counters = scenario[id].context.runCounters
            let confirms = id == ids[0]
            #expect(counters.exponentiations == 3 && counters.inversions == 0)
            #expect(counters.signatures == (confirms ? 3 : 2))
            #expect(counters.verifications == count + (confirms ? 1 : 2))
            #expect(counters.membershipChecks == count + 1)
        }
    }

    @Test("join, leave, merge, partition and refresh", arguments: [3, 4, 5, 10, 20, 50])
    func events(_ n: Int) throws {
        let scenario = Scenario(AgreementProtocol.bd.smallSuite)
        let ids = (1...UInt64(n)).map { $0 }
        try scenario.agree(ids, base: 1, fromScratch: true)
        Self.expect(scenario, ids)
        let joined = ids + [UInt64(n + 1)]
        try scenario.agree(joined, base: n)
        Self.expect(scenario, joined)
        let merged = joined + [UInt64(n + 2), UInt64(n + 3)]
        try scenario.agree(merged, base: joined.count)
        Self.expect(scenario, merged)
        let left = Array(merged.dropFirst())
        try scenario.agree(left, base: left.count)
        Self.expect(scenario, left)
        let parted = Array(left.dropFirst(3).reversed().prefix(n - 1).reversed())
        guard parted.count > 2 else { return }
        try scenario.agree(parted, base: parted.count)
        Self.expect(scenario, parted)
        try scenario.agree(parted, base: parted.count)
        Self.expect(scenario, parted)
    }

    @Test("two members leave round two out: 3 multicasts, 2 powers")
    func two() throws {
        let scenario = Scenario(AgreementProtocol.bd.smallSuite)
        try scenario.agree([1, 2], base: 1, fromScratch: true)
        scenario.expectCost(
            rounds: 2, unicasts: 0, multicasts: 3, exponentiations: 2, signatures: 2, verifications: 2,
            members: [1, 2])
        #expect(scenario[1].context.runCounters.verifications == 1)
        #expect(scenario.sent.map { TokenEnvelopeKind($0.bytes) } == [.bdFirstValue, .bdFirstValue, .bdConfirmation])
        try scenario.expectAgreement([1, 2])
    }
}
