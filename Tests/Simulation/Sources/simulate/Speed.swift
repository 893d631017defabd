import ArgumentParser
import Flush
import Glibc
import KeyAgreement
import KeyOracle
import Primitives

/// Measures how many protocol messages a second one core delivers to the machines, with nothing around them.
struct Speed: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Messages a second on one core: joins, leaves, refreshes and messages over a perfect network.")

    @Option(help: "How many members the group has.")
    var members = 8

    @Option(help: "Processor seconds to measure for.")
    var seconds = 3.0

    @Option(help: "How many messages each member sends between two changes of membership.")
    var messages = 10

    @Flag(help: "The standard suite, in the place of the simulation's.")
    var real = false

    @Flag(help: "Also print what each primitive costs.")
    var primitives = false

    @Flag(help: "Let the oracle of keys watch, and print what it found and what that cost.")
    var keys = false

    mutating func run() throws {
        if primitives { try PrimitiveCosts.print() }
        let suite = real ? Suite.standard : Suite.simulation
        let identities = try (0...members).map { number in
            real
                ? try Identity(
                    name: "m\(number)", seed: SecretBytes(random: 32, from: Entropy.seeded(UInt64(number))))
                : try Identity.simulated(name: "m\(number)", seed: UInt64(number))
        }
        let network = try PerfectNetwork(suite: suite, seed: 1, trusting: identities)
        if keys { network.oracle = KeyOracle(suite: suite) }
        for identity in identities.dropLast() { try network.join(identity) }
        guard var waiting = identities.last, network.isTogether else { throw Failure.notTogether }
        let start = processorSeconds()
        let before = (network.deliveries, network.views, network.messages)
        var changes = 0
        while processorSeconds() - start < seconds {
            try network.join(waiting)
            try talk(network)
            network.refresh()
            try talk(network)
            waiting = network.leave()
            try talk(network)
            changes += 3
            guard network.isTogether else { throw Failure.notTogether }
        }
        let spent = processorSeconds() - start
        let count = network.deliveries - before.0
        print(
            "\(members) members, suite 0x\(String(suite.number, radix: 16)): \(count) messages delivered in \(format(spent)) s of processor: "
                + "\(Int(Double(count) / spent)) a second")
        print(
            "\(changes) changes of membership, \(network.views - before.1) secure views installed, "
                + "\(network.messages - before.2) application messages opened")
        if let oracle = network.oracle { try judge(oracle) }
    }

    /// What the oracle says of everything, from the first view on.
    private func judge(_ oracle: KeyOracle) throws {
        let start = processorSeconds()
        let violations = oracle.violations()
        for violation in violations { print(violation) }
        print("\(violations.count) violations found in the keys, in \(format(processorSeconds() - start)) s")
        guard violations.isEmpty else { throw ExitCode.failure }
    }

    private func talk(_ network: PerfectNetwork) throws {
        for round in 0..<messages {
            try network.talk([UInt8](repeating: 7, count: 40), service: round % 4 == 0 ? .safe : .agreed)
        }
    }

    private enum Failure: Error { case notTogether }
}

/// Processor time of this process.
func processorSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

func format(_ number: Double) -> String {
    let hundredths = Int((number * 100).rounded())
    return "\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100)"
}
