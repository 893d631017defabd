import Arithmetic
import Primitives
import Testing

@testable import KeyAgreement

/// The costs of TGDH and STR: rounds, messages and serial powers as the tables of five agreements have them
/// (CNDS-2001-5, table 1), the confirmation apart, which is one round, one multicast, one signature and one
/// verification more.
///
/// - A tree of TGDH has no one cost: the table's 3h/2 is a mean. What a join and a leave cost exactly follows from the
///   depth D of the new leaf, or of the sponsor's: 3D - 1 and 3D. (A new member computes its lowest key while the
///   sponsor is still at work.)
/// - Beside the root a sponsor need not wait for the new leaf: one round then, and 2 powers in TGDH. So it always is in
///   STR, where a join has 5 serial powers (table: 7) in one round (table: 2), and a merge one power less than 3m + 4.
/// - Those who merge come as single leaves, as in GDH: only the base continues. So a merge has m + 2 messages where the
///   table has 3, and in TGDH may take more rounds.
/// - Where several subtrees have lost members, the powers of TGDH's rounds add up to more than the table's 3h: to 18,
///   for example, where h is 5.
@Suite struct TreeCountTests {
    /// The table's counts: serial ones, and messages of all.
    struct Counts: Equatable {
        var rounds: Int
        var messages: UInt64
        var exponentiations: UInt64
        var signatures: UInt64
        var verifications: UInt64
    }

    /// Of the last run, without its confirmation.
    static func counts(_ scenario: Scenario, _ ids: [UInt64]) -> Counts {
        let total = scenario.total(ids)
        #expect(total.unicasts == 0)
        #expect(total.multicasts == total.signatures)
        let tokens = scenario.sent.filter {
            ![.tgdhConfirmation, .strConfirmation].contains(TokenEnvelopeKind($0.bytes))
        }
        #expect(tokens.count == scenario.sent.count - 1)
        var exponentiations: UInt64 = 0
        var verifications: UInt64 = 0
        var signatures = 0
        for round in 0...scenario.rounds + 1 {
            let work = ids.compactMap { scenario[$0].work[round] }
            exponentiations += work.map { $0.exponentiations }.max() ?? 0
            verifications += work.map { $0.verifications }.max() ?? 0
            signatures += ids.map { id in tokens.count { $0.sender == id && $0.round == round } }.max() ?? 0
        }
        return Counts(
            rounds: tokens.map { $0.round }.max() ?? 0, messages: UInt64(tokens.count),
            exponentiations: exponentiations,
            signatures: UInt64(signatures), verifications: verifications - 1)
    }

    /// A member's powers in the last run.
    private static func powers(_ scenario: Scenario, _ id: UInt64) -> UInt64 {
        scenario[id].context.runCounters.exponentiations
    }

    private static func model(_ scenario: Scenario, _ id: UInt64) throws -> TreeModel {
        TreeModel(try #require(scenario[id].tree.tree))
    }

    @Test("TGDH, n = 1 to 50: a join has 2 rounds, 3 messages and 3D - 1 serial powers")
    func join() throws {
        let scenario = Scenario(AgreementSuite(forBenchmarksIn: .paper512, .tgdh))
        try scenario.agree([1], base: 1)
        var depths: UInt64 = 0
        var heights: UInt64 = 0
        for n in 1..<50 {
            let ids = (1...UInt64(n + 1)).map { $0 }
            try scenario.agree(ids, base: n)
            let model = try Self.model(scenario, 1)
            let depth = UInt64(try #require(model.depth(of: UInt64(n + 1))))
            depths += depth
            heights += UInt64(model.height)
            // Beside the root, the sponsor has to blind what was the root, and nothing else.
            #expect(
                Self.counts(scenario, ids)
                    == Counts(
                        rounds: depth == 1 ? 1 : 2, messages: 3, exponentiations: 3 * depth - 1,
                        signatures: depth == 1 && n > 1 ? 1 : 2, verifications: 2), "n \(n)")
            #expect(Self.powers(scenario, UInt64(n + 1)) == depth + 1)
            let sponsors = ids.filter { Self.powers(scenario, $0) == (depth == 1 ? 2 : 2 * depth - 1) }
            #expect(depth == 1 || sponsors.count >= 1)
            for id in ids.dropLast() { #expect(Self.powers(scenario, id) <= max(2, 2 * depth - 1)) }
        }
        // The table's mean: 3h/2.
        #expect(depths * 10 <= heights * 7, "3 · \(depths) serial powers in all; 3h/2 would be 3/2 · \(heights)")
    }

    @Test("TGDH, n = 50 to 3: a leave has 1 round, 1 message and 3D serial powers; all others compute a path at most")
    func leave() throws {
        let scenario = Scenario(AgreementSuite(forBenchmarksIn: .paper512, .tgdh))
        var ids = (1...UInt64(50)).map { $0 }
        try scenario.agree([1], base: 1)
        try scenario.agree(ids, base: 1)
        while ids.count > 2 {
            ids.remove(at: (ids.count * 7 + 3) % ids.count)
            try scenario.agree(ids, base: ids.count)
            let model = try Self.model(scenario, ids[0])
            // The sponsor is the one that blinds most: its leaf, and all above but the root.
            let most = try #require(ids.map { Self.powers(scenario, $0) }.max())
            let sponsor = try #require(ids.first { Self.powers(scenario, $0) == most })
            let depth = UInt64(try #require(model.depth(of: sponsor)))
            #expect(most == 2 * depth)
            #expect(
                Self.counts(scenario, ids)
                    == Counts(
                        rounds: 1, messages: 1, exponentiations: 3 * depth, signatures: 1, verifications: 1))
            for id in ids where id != sponsor {
                #expect(Self.powers(scenario, id) <= UInt64(try #require(model.depth(of: id))))
            }
        }
    }

    @Test("TGDH: partitions end within h rounds and 2h messages where a half goes; from scratch h rounds")
    func partition() throws {
        for n in [8, 16, 31] {
            let scenario = Scenario(AgreementSuite(forBenchmarksIn: .paper512, .tgdh))
            let ids = (1...UInt64(n)).map { $0 }
            try scenario.agree(ids, base: 1, fromScratch: true)
            let height = try Self.model(scenario, 1).height
            let counts = Self.counts(scenario, ids)
            #expect(counts.rounds == height)
            // A leaf of each, and of every right child its path.
            #expect(counts.messages <= UInt64(n + (n + 1) / 2))
            for kept in [ids.filter { $0 % 2 == 0 }, Array(ids.suffix(n / 2)), ids.filter { $0 % 3 != 0 }] {
                let again = Scenario(AgreementSuite(forBenchmarksIn: .paper512, .tgdh))
                try again.agree(ids, base: 1, fromScratch: true)
                try again.agree(kept, base: kept.count)
                let counts = Self.counts(again, kept)
                #expect(counts.rounds <= height)
                #expect(counts.messages <= UInt64(kept.count / 2 + 1))
                #expect(counts.exponentiations <= UInt64(4 * height))
            }
        }
    }

    @Test("STR, n = 1 to 50: a join has 1 round, 3 messages and 5 serial powers")
    func lineJoin() throws {
        let scenario = Scenario(AgreementSuite(forBenchmarksIn: .paper512, .str))
        try scenario.agree([1], base: 1)
        for n in 1..<50 {
            let ids = (1...UInt64(n + 1)).map { $0 }
            try scenario.agree(ids, base: n)
            #expect(
                Self.counts(scenario, ids)
                    == Counts(
                        rounds: 1, messages: 3, exponentiations: n == 1 ? 2 : 5, signatures: n == 1 ? 2 : 1,
                        verifications: 2),
                "n \(n)")
            #expect(Self.powers(scenario, UInt64(n)) == (n == 1 ? 2 : 4))
            #expect(Self.powers(scenario, UInt64(n + 1)) == 2)
        }
    }

    @Test("STR: a merge has 2 rounds, m + 2 messages and 3m + 3 serial powers", arguments: [2, 5, 20, 46], 2...4)
    func lineMerge(_ n: Int, _ m: Int) throws {
        let scenario = Scenario(AgreementSuite(forBenchmarksIn: .paper512, .str))
        let ids = (1...UInt64(n + m)).map { $0 }
        try scenario.agree([1], base: 1)
        try scenario.agree(Array(ids.prefix(n)), base: 1)
        try scenario.agree(ids, base: n)
        let counts = Self.counts(scenario, ids)
        #expect(counts.rounds == 2)
        #expect(counts.messages == UInt64(m + 2))
        #expect(counts.exponentiations == UInt64(3 * m + 3))
        #expect(counts.signatures == 2)
    }

    @Test(
        "STR, n = 3 to 50: a leave has 1 round, 1 message, and from 3 to 3(n - 2) serial powers: half of it in the mean"
    )
    func lineLeave() throws {
        for n in [3, 4, 7, 20, 50] {
            let all = (1...UInt64(n)).map { $0 }
            for place in Set([0, 1, n / 2, n - 2, n - 1]).sorted() {
                let scenario = Scenario(AgreementSuite(forBenchmarksIn: .paper512, .str))
                try scenario.agree([1], base: 1)
                try scenario.agree(all, base: 1)
                var ids = all
                ids.remove(at: place)
                try scenario.agree(ids, base: ids.count)
                // The one below replaces its share; without one, the one above.
                let depth = UInt64(place < 2 ? n - 2 : n - place)
                #expect(Self.powers(scenario, UInt64(place == 0 ? 2 : place)) == 2 * depth)
                #expect(
                    Self.counts(scenario, ids)
                        == Counts(
                            rounds: 1, messages: 1, exponentiations: 3 * depth, signatures: 1, verifications: 1),
                    "n \(n) place \(place)")
            }
        }
    }
}
