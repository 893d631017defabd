import ArgumentParser
import Dispatch
import EncryptNetwork
import Primitives
import Synchronization

/// Clusters whose messages are encrypted: not a secure group, but a host's own messaging system.
struct EncryptCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "encrypt",
        abstract: "Runs encrypted clusters from seeds, with a rogue on the wire.",
        discussion: """
            Members come, leave and crash, components part and merge, packets are lost, doubled and overtaken; who has \
            left hears on with the keys it kept. At the end every component must be one view on one key, in which all \
            hear each other; at all times nothing is delivered twice, in another's name, or to who was not meant.
            """)

    @OptionGroup var options: SeedOptions

    /// What all runs so far came to.
    private struct Sum {
        var next: UInt64
        var passed = 0
        var failures: [(seed: UInt64, violations: [String])] = []
        var members = 0
        var views = 0
        var delivered = 0
        var refused: UInt64 = 0
    }

    func run() throws {
        options.activateMutation()
        let range = options.range
        let sum = Mutex(Sum(next: range.first))
        let (last, isVerbose) = (range.last, options.verbose)
        DispatchQueue.concurrentPerform(iterations: options.jobs) { _ in
            while let seed = Self.next(sum, last) { Self.carryOut(seed, sum, isVerbose) }
        }
        let result = sum.withLock { $0 }
        for failure in result.failures.sorted(by: { $0.seed < $1.seed }) {
            for violation in failure.violations.prefix(3) { print("seed \(failure.seed): \(violation)") }
            print(
                "  scripts/simulate encrypt --seed \(failure.seed) --verbose"
                    + (options.mutation.map { " --mutation \($0)" } ?? ""))
        }
        print(
            "\(result.members) members, \(result.views) views installed, \(result.delivered) messages delivered, "
                + "\(result.refused) refusals")
        print("\(result.passed) passed, \(result.failures.count) failed")
        if !result.failures.isEmpty { throw ExitCode(1) }
    }

    private static func next(_ sum: borrowing Mutex<Sum>, _ last: UInt64) -> UInt64? {
        sum.withLock { sum in
            guard sum.next <= last else { return nil }
            sum.next += 1
            return sum.next - 1
        }
    }

    private static func carryOut(_ seed: UInt64, _ sum: borrowing Mutex<Sum>, _ isVerbose: Bool) {
        let violations: [String]
        var nodes: [ClusterNode] = []
        do {
            let scenario = try ClusterScenario(seed: seed)
            violations = scenario.run()
            nodes = scenario.network.nodes
            if isVerbose { print(scenario.log.joined(separator: "\n")) }
        } catch {
            violations = ["the run cannot begin: \(error)"]
        }
        let views = nodes.reduce(0) { $0 + $1.viewCount }
        let delivered = nodes.reduce(0) { $0 + $1.delivered.count }
        let refused = nodes.reduce(0) { $0 + $1.toldRefusals }
        let members = nodes.count
        sum.withLock { sum in
            if violations.isEmpty { sum.passed += 1 } else { sum.failures.append((seed, violations)) }
            sum.members += members
            sum.views += views
            sum.delivered += delivered
            sum.refused += refused
        }
    }
}
