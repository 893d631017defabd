import Arithmetic
import Primitives
import Testing

@testable import KeyAgreement

extension AgreementProtocol {
    /// Its suite in the smallest group of numbers.
    var smallSuite: AgreementSuite { AgreementSuite(forBenchmarksIn: .paper512, self) }
}

/// What every agreement must get right, whatever happens in whatever order.
@Suite struct HistoryTests {
    /// Components of one network, each with the order of its last run.
    private struct History {
        let scenario: Scenario
        let entropy: Entropy
        var components: [[UInt64]] = []
        var next: UInt64 = 1

        init(_ suite: AgreementSuite, seed: UInt64) {
            scenario = Scenario(suite)
            entropy = .seeded(seed)
        }

        func draw(_ bound: Int) throws -> Int { Int(try entropy.nonzeroUInt64() % UInt64(bound)) }

        mutating func newcomers(_ count: Int) -> [UInt64] {
            defer { next += UInt64(count) }
            return (0..<count).map { next + UInt64($0) }
        }

        /// One change: a join, a leave, a partition, a merge or a refresh, or several of them at once.
        mutating func step() throws {
            guard !components.isEmpty else {
                components.append(newcomers(try 1 + draw(4)))
                return try agree(0, base: 0)
            }
            let place = try draw(components.count)
            var staying = components[place]
            var base = staying.count
            var coming: [UInt64] = []
            switch try draw(6) {
            case 0: coming = newcomers(try 1 + draw(3))
            case 1:
                while staying.count > 1, try draw(2) == 0 { staying.remove(at: try draw(staying.count)) }
                base = staying.count
            case 2 where staying.count > 1:
                // Both sides go on for themselves.
                let size = try 1 + draw(staying.count - 1)
                let left = try (0..<size).map { _ in staying.remove(at: try draw(staying.count)) }.sorted()
                base = staying.count
                components.append(left)
                try agree(components.count - 1, base: left.count)
            case 3 where components.count > 1:
                let other = try (place + 1 + draw(components.count - 1)) % components.count
                coming = components[other]
                components[other] = []
            case 4:
                if staying.count > 1 { staying.remove(at: try draw(staying.count)) }
                base = staying.count
                coming = newcomers(try 1 + draw(3))
            default: break
            }
            components[place] = staying + coming
            try cascade(components[place], base: base)
            try agree(place, base: try draw(8) == 0 ? 0 : base)
            components.removeAll { $0.isEmpty }
        }

        /// Sometimes one or more runs are cut off first, wherever they are.
        private func cascade(_ ids: [UInt64], base: Int) throws {
            for id in ids where scenario.members[id] == nil { try scenario.addMember(id) }
            while ids.count > 1, try draw(3) == 0 {
                try scenario.begin(scenario.run(ids, base: base))
                for _ in 0..<(try draw(2 * ids.count)) where !scenario.queue.isEmpty {
                    let phases = ids.map { scenario[$0].context.phase }
                    // Nobody installs: a run that somebody has completed is not abandoned by the others.
                    guard !phases.allSatisfy({ $0 == .waitForKeyList }) else { break }
                    try scenario.deliver(scenario.queue.removeFirst())
                }
                for id in ids where try draw(2) == 0 { scenario[id].context.abandon() }
            }
        }

        private func agree(_ place: Int, base: Int) throws {
            let ids = components[place]
            scenario.loopsMulticasts = try draw(2) == 0
            try scenario.agree(ids, base: max(base, 1), fromScratch: base == 0)
            try scenario.expectAgreement(ids)
        }
    }

    @Test(
        "random joins, leaves, merges, partitions, refreshes and cascades end in the oracle's key",
        arguments: AgreementProtocol.allCases, [1, 2, 3, 4, 5, 6] as [UInt64])
    func random(_ agreement: AgreementProtocol, _ seed: UInt64) throws {
        // Replay one with: swift test --filter HistoryTests
        var history = History(agreement.smallSuite, seed: seed)
        var fingerprints: [[UInt8]] = []
        for step in 0..<30 {
            try history.step()
            for ids in history.components {
                let fingerprint = history.scenario[ids[0]].context.fingerprint
                #expect(fingerprint.count == 32, "seed \(seed), step \(step)")
                if !fingerprints.contains(fingerprint) { fingerprints.append(fingerprint) }
            }
        }
        #expect(fingerprints.count >= 30)
    }

    @Test("every agreement in every group that ships", arguments: AgreementProtocol.allCases, 1...5)
    func groups(_ agreement: AgreementProtocol, _ group: UInt16) throws {
        let number = UInt16(agreement.rawValue) << 12 | group << 8 | 0x11
        let scenario = Scenario(try #require(AgreementSuite(number: number)))
        try scenario.agree([1, 2, 3], base: 1, fromScratch: true)
        try scenario.expectAgreement([1, 2, 3])
        try scenario.agree([1, 2, 3, 4], base: 3)
        try scenario.expectAgreement([1, 2, 3, 4])
        try scenario.agree([3, 4], base: 2)
        try scenario.expectAgreement([3, 4])
        try scenario.agree([4], base: 1)
        try scenario.agree([4, 3], base: 1)
        try scenario.expectAgreement([4, 3])
    }

    @Test("whoever continues from another run is refused", arguments: [AgreementProtocol.gdh, .ckd])
    func differentPast(_ agreement: AgreementProtocol) throws {
        let scenario = Scenario(agreement.smallSuite)
        try scenario.agree([1, 2, 3], base: 1, fromScratch: true)
        // The list of a refresh does not reach one of them.
        try scenario.begin(scenario.run([1, 2, 3], base: 3))
        let list = scenario.queue.removeFirst()
        let late: UInt64 = list.sender == 1 ? 3 : 1
        for id in [1, 2, 3] as [UInt64] where id != late { try scenario.deliver(list, to: id) }
        let fingerprint = scenario[late].context.fingerprint
        try scenario.begin(scenario.run([1, 2, 3], base: 3))
        #expect(throws: AgreementError.wrongRun) { try scenario.deliver(scenario.queue.removeFirst(), to: late) }
        #expect(scenario[late].context.fingerprint == fingerprint)
    }
}
