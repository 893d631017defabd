import Arithmetic
import Primitives
import Testing

@testable import KeyAgreement

@Suite struct GDHScenarioTests {
    @Test("initial agreement, join, merge, leave, partition, bundled events and refresh end in the oracle's key")
    func events() throws {
        let scenario = Scenario()
        let events: [(members: [UInt64], base: Int, fromScratch: Bool)] = [
            ([1], 1, false), ([1, 2], 1, false), ([1, 2, 3], 2, false), ([1, 2, 3, 4, 5, 6], 3, false),
            ([1, 2, 4, 5, 6], 5, false), ([1, 2, 4, 5], 4, false), ([2, 5], 2, false), ([2, 5, 7, 8, 9], 2, false),
            ([2, 5, 7, 8, 9], 5, false), ([2, 8, 10, 11], 2, false), ([2, 5, 10], 1, true), ([2, 5], 2, false),
            ([5], 1, false), ([5, 3, 1], 1, false), ([9, 1, 2, 3], 1, true),
        ]
        var fingerprints: [[UInt8]] = []
        for event in events {
            try scenario.agree(event.members, base: event.base, fromScratch: event.fromScratch)
            try scenario.expectAgreement(event.members)
            fingerprints.append(scenario[event.members[0]].context.fingerprint)
        }
        for (index, fingerprint) in fingerprints.enumerated() {
            #expect(fingerprint.count == 32)
            #expect(!fingerprints[..<index].contains(fingerprint))
        }
    }

    @Test(
        "random events end in the oracle's key",
        arguments: [1, 2, 3, 4, 5, 6, 7, 8] as [UInt64], [NumberGroup.paper512, .p256])
    func randomEvents(_ seed: UInt64, _ group: NumberGroup) throws {
        // Replay one seed with: swift test --filter randomEvents
        let entropy = Entropy.seeded(seed)
        func draw(_ bound: Int) throws -> Int { Int(try entropy.nonzeroUInt64() % UInt64(bound)) }
        let scenario = Scenario(AgreementSuite(forBenchmarksIn: group))
        var next: UInt64 = 4
        try scenario.agree([1, 2, 3], base: 1, fromScratch: true)
        for step in 0..<25 {
            var staying = scenario.order
            for _ in 0..<(try draw(3)) where staying.count > 1 { staying.remove(at: try draw(staying.count)) }
            var coming: [UInt64] = []
            for _ in 0..<(try draw(3)) where staying.count + coming.count < 9 {
                coming.append(next)
                next += 1
            }
            scenario.loopsMulticasts = try draw(2) == 0
            let isFromScratch = try draw(6) == 0
            try scenario.agree(staying + coming, base: staying.count, fromScratch: isFromScratch)
            let hasKey = scenario[staying[0]].context.hasKey
            #expect(hasKey, "seed \(seed), step \(step)")
            try scenario.expectAgreement(staying + coming)
        }
    }

    @Test("the suites that ship agree", arguments: [0x1111, 0x1211, 0x1311, 0x1412, 0x1511] as [UInt16])
    func suites(_ number: UInt16) throws {
        let scenario = Scenario(try #require(AgreementSuite(number: number)))
        try scenario.agree([1, 2, 3], base: 1, fromScratch: true)
        try scenario.expectAgreement([1, 2, 3])
        try scenario.agree([1, 3], base: 2)
        try scenario.expectAgreement([1, 3])
    }

    @Test("keys derived under the same label are equal, under others not")
    func derivation() throws {
        let scenario = Scenario()
        try scenario.agree([1, 2], base: 1, fromScratch: true)
        let first = try scenario[1].context.key(label: "a", context: [1], count: 40)
        let second = try scenario[2].context.key(label: "a", context: [1], count: 40)
        let others = [
            try scenario[2].context.key(label: "b", context: [1], count: 40).equals(first),
            try scenario[2].context.key(label: "a", context: [2], count: 40).equals(first),
            try scenario[2].context.exportedKey(label: Array("a".utf8), context: [1], count: 40).equals(first),
        ]
        let same = first.equals(second)
        #expect(same)
        #expect(others == [false, false, false])
    }
}
