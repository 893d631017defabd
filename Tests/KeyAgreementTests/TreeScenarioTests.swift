import Arithmetic
import Primitives
import Testing

@testable import KeyAgreement

@Suite struct TreeScenarioTests {
    static let both: [AgreementProtocol] = [.tgdh, .str]

    static func growth(_ agreement: AgreementProtocol) -> TreeGrowth { agreement == .tgdh ? .balanced : .skewed }

    /// A group whose tree follows the model.
    final class Grove {
        let scenario: Scenario
        let growth: TreeGrowth
        var model: TreeModel?

        init(_ agreement: AgreementProtocol, _ group: NumberGroup = .paper512) {
            scenario = Scenario(AgreementSuite(forBenchmarksIn: group, agreement))
            growth = TreeScenarioTests.growth(agreement)
        }

        func agree(_ ids: [UInt64], base: Int, fromScratch: Bool = false) throws {
            var next = fromScratch || base == 0 || model == nil ? TreeModel.leaf(ids[0]) : model!
            let isNew = fromScratch || base == 0 || model == nil
            for member in next.members where !ids.prefix(isNew ? 1 : base).contains(member) {
                next = next.without(member)!
            }
            for member in ids.dropFirst(isNew ? 1 : base) { next = next.adding(member, growth) }
            try scenario.agree(ids, base: base, fromScratch: fromScratch)
            model = next
            guard ids.count > 1 else { return }
            try scenario.expectTree(next)
        }
    }

    @Test("joins, merges, leaves, partitions, bundled events, refresh and agreement from scratch", arguments: both)
    func events(_ agreement: AgreementProtocol) throws {
        let grove = Grove(agreement)
        let events: [(members: [UInt64], base: Int, fromScratch: Bool)] = [
            ([1], 1, false), ([1, 2], 1, false), ([1, 2, 3], 2, false), ([1, 2, 3, 4, 5, 6], 3, false),
            ([1, 2, 4, 5, 6], 5, false), ([1, 2, 4, 5], 4, false), ([2, 5], 2, false), ([2, 5, 7, 8, 9], 2, false),
            ([2, 5, 7, 8, 9], 5, false), ([2, 8, 10, 11], 2, false), ([2, 5, 10], 1, true), ([2, 5], 2, false),
            ([5], 1, false), ([5, 3, 1], 1, false), ([9, 1, 2, 3], 1, true),
        ]
        var fingerprints: [[UInt8]] = []
        for event in events {
            try grove.agree(event.members, base: event.base, fromScratch: event.fromScratch)
            fingerprints.append(grove.scenario[event.members[0]].context.fingerprint)
        }
        for (index, fingerprint) in fingerprints.enumerated() {
            #expect(fingerprint.count == 32)
            #expect(!fingerprints[..<index].contains(fingerprint))
        }
    }

    @Test(
        "random events end in the oracle's tree and key",
        arguments: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10] as [UInt64], both)
    func randomEvents(_ seed: UInt64, _ agreement: AgreementProtocol) throws {
        let entropy = Entropy.seeded(seed)
        func draw(_ bound: Int) throws -> Int { Int(try entropy.nonzeroUInt64() % UInt64(bound)) }
        let grove = Grove(agreement, seed % 3 == 0 ? .p256 : .paper512)
        var next: UInt64 = 4
        try grove.agree([1, 2, 3], base: 1, fromScratch: true)
        for _ in 0..<25 {
            var staying = grove.scenario.order
            for _ in 0..<(try draw(5)) where staying.count > 1 { staying.remove(at: try draw(staying.count)) }
            var coming: [UInt64] = []
            for _ in 0..<(try draw(5)) where staying.count + coming.count < 14 {
                coming.append(next)
                next += 1
            }
            let isFromScratch = try draw(6) == 0
            try grove.agree(staying + coming, base: staying.count, fromScratch: isFromScratch)
        }
    }

    @Test("an abandoned run leaves the last tree as it was", arguments: both)
    func abandoned(_ agreement: AgreementProtocol) throws {
        let grove = Grove(agreement)
        try grove.agree([1, 2, 3, 4, 5], base: 1, fromScratch: true)
        let scenario = grove.scenario
        // A bundled event, of which some tokens are delivered.
        for id in [6, 7] as [UInt64] { try scenario.addMember(id) }
        for deliveries in 0..<4 {
            try scenario.begin(scenario.run([1, 3, 4, 6, 7], base: 3))
            for _ in 0..<deliveries { try scenario.deliver(scenario.queue.removeFirst()) }
            for id in [1, 3, 4, 6, 7] as [UInt64] { scenario[id].context.abandon() }
        }
        try grove.agree([1, 2, 3, 4, 5, 6], base: 5)
        try grove.agree([1, 3, 6], base: 3)
    }
}
