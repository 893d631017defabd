import Primitives
import Testing

@testable import KeyAgreement

/// The costs of the paper's table 2 (GDH rows), and those of each role.
///
/// Serial means: in each round the most that any member does. Nobody verifies its own key list when it is delivered (it
/// is compared with what was sent), so that all members together verify once less than they exponentiate.
@Suite struct GDHCountTests {
    /// A group of `count` members that has agreed.
    private static func group(_ count: Int) throws -> (Scenario, [UInt64]) {
        let scenario = Scenario()
        let ids = (1...UInt64(count)).map { $0 }
        try scenario.agree(ids, base: 1, fromScratch: true)
        return (scenario, ids)
    }

    private static func expect(
        _ scenario: Scenario, rounds: Int, unicasts: Int, multicasts: Int, exponentiations: Int, signatures: Int,
        verifications: Int, members: [UInt64], sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(scenario.rounds == rounds, sourceLocation: sourceLocation)
        let serial = scenario.serial
        let total = scenario.total(members)
        #expect(serial.exponentiations == exponentiations, sourceLocation: sourceLocation)
        #expect(serial.signatures == signatures, sourceLocation: sourceLocation)
        #expect(serial.verifications == verifications, sourceLocation: sourceLocation)
        #expect(total.unicasts == unicasts, sourceLocation: sourceLocation)
        #expect(total.multicasts == multicasts, sourceLocation: sourceLocation)
        #expect(total.signatures == unicasts + multicasts, sourceLocation: sourceLocation)
    }

    @Test("join and merge: m + 3 rounds, n + 2m + 1 messages and serial powers", arguments: 2...20, 1...4)
    func merge(_ n: Int, _ m: Int) throws {
        let (scenario, old) = try Self.group(n)
        let all = (1...UInt64(n + m)).map { $0 }
        try scenario.agree(all, base: n)
        Self.expect(
            scenario, rounds: m + 3, unicasts: n + 2 * m - 1, multicasts: 2, exponentiations: n + 2 * m + 1,
            signatures: m + 3, verifications: n + 2 * m + 1, members: all)
        #expect(scenario.total(all).exponentiations == 3 * n + 4 * m - 2)
        #expect(scenario.total(all).verifications == 3 * n + 4 * m - 3)
        #expect(scenario.total(all).inversions == n + m - 1)
        for id in all {
            let counters = scenario[id].context.runCounters
            switch Int(id) {
            case n + m:  // the new controller: the list, and its key
                #expect(counters.exponentiations == n + m)
                #expect(counters.signatures == 2)
                #expect(counters.verifications == n + m)
                #expect(counters.inversions == 0)
            case n..<(n + m):  // the last old member refreshes, the new ones add; then factor-out and key
                #expect(counters.exponentiations == 3)
                #expect(counters.signatures == 2)
                #expect(counters.verifications == (Int(id) == n ? 2 : 3))
                #expect(counters.inversions == 1)
            default:
                #expect(counters.exponentiations == 2)
                #expect(counters.signatures == 1)
                #expect(counters.verifications == 2)
                #expect(counters.inversions == 1)
            }
        }
        #expect(old.count == n)
    }

    @Test("leave and partition: one message, n - p serial powers, whoever leaves", arguments: 2...20, 1...4)
    func partition(_ n: Int, _ p: Int) throws {
        guard n - p >= 2 else { return }
        // The oldest leave; the newest leave, the controller among them.
        for remaining in [Array(1...UInt64(n)).suffix(n - p), Array(1...UInt64(n)).prefix(n - p)] {
            let (scenario, _) = try Self.group(n)
            let ids = Array(remaining)
            try scenario.agree(ids, base: ids.count)
            Self.expect(
                scenario, rounds: 1, unicasts: 0, multicasts: 1, exponentiations: n - p, signatures: 1,
                verifications: 1, members: ids)
            #expect(scenario.total(ids).exponentiations == 2 * (n - p) - 1)
            #expect(scenario.total(ids).verifications == n - p - 1)
            #expect(scenario.total(ids).inversions == 1)
            #expect(scenario[ids[ids.count - 1]].context.runCounters.exponentiations == n - p)
            for id in ids.dropLast() { #expect(scenario[id].context.runCounters.exponentiations == 1) }
        }
    }

    @Test("from scratch: 2N serial powers and messages, 4N - 3 powers in all", arguments: 2...20)
    func fromScratch(_ n: Int) throws {
        let (scenario, ids) = try Self.group(n)
        Self.expect(
            scenario, rounds: n + 2, unicasts: 2 * n - 2, multicasts: 2, exponentiations: 2 * n,
            signatures: n + 2, verifications: 2 * n, members: ids)
        #expect(scenario.total(ids).exponentiations == 4 * n - 3)
        #expect(scenario.total(ids).inversions == n - 1)
    }

    @Test("bundled: the cost of the merge alone", arguments: 3...20, 1...4)
    func bundled(_ n: Int, _ m: Int) throws {
        for p in 1...min(4, n - 1) {
            let (scenario, old) = try Self.group(n)
            let staying = Array(old.prefix(n - p))
            let all = staying + (1...m).map { UInt64(n + $0) }
            try scenario.agree(all, base: staying.count)
            let left = n - p
            Self.expect(
                scenario, rounds: m + 3, unicasts: left + 2 * m - 1, multicasts: 2,
                exponentiations: left + 2 * m + 1, signatures: m + 3, verifications: left + 2 * m + 1, members: all)
        }
    }

    @Test("refresh: the cost of a leave of nobody", arguments: 2...20)
    func refresh(_ n: Int) throws {
        let (scenario, ids) = try Self.group(n)
        let before = scenario[1].context.fingerprint
        try scenario.agree(ids, base: n)
        Self.expect(
            scenario, rounds: 1, unicasts: 0, multicasts: 1, exponentiations: n, signatures: 1, verifications: 1,
            members: ids)
        #expect(scenario[1].context.fingerprint != before)
    }

    @Test("alone: one power, no message")
    func alone() throws {
        let scenario = Scenario()
        try scenario.addMember(1)
        let run = scenario.run([1], base: 1)
        #expect(try scenario[1].context.begin(run) == [.install])
        #expect(scenario[1].context.runCounters.exponentiations == 1)
        #expect(scenario[1].context.totalCounters == scenario[1].context.runCounters)
    }
}
