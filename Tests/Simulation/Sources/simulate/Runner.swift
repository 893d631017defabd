import Dispatch
import Foundation
import Oracles
import SimulatedNetwork
import Synchronization
import Traces

/// Which runs to make.
struct RunPlan: Sendable {
    let seeds: SeedRange
    let members: Int?
    let events: Int?
    let flavour: Flavour?
    let algorithms: [String]
    let suite: String
    let realShare: Int

    var count: Int { Int(seeds.last - seeds.first + 1) * algorithms.count }

    /// The run of an index: seeds in order, each with every algorithm.
    func run(_ index: Int) throws -> (Scenario, Settings) {
        let seed = seeds.first + UInt64(index / algorithms.count)
        let algorithm = algorithms[index % algorithms.count]
        var scenario = Scenario(seed: seed, members: members, events: events, flavour: flavour)
        var name = suite
        if suite == "simulation", seed % 100 < UInt64(realShare) {
            name = seed / 100 % 2 == 0 ? "modp2048-256" : "ffdhe2048"
            // Real numbers are dear: fewer members, fewer events.
            if members == nil || events == nil {
                let small = Scenario(
                    seed: seed, members: members ?? min(scenario.members, 5),
                    events: events ?? min(scenario.events.count, 6), flavour: flavour)
                scenario = small
            }
        }
        guard let chosen = Suites.suite(name) else { throw RunFailure.noSuite(name) }
        return (scenario, Settings(suite: chosen, suiteName: name, algorithmName: algorithm))
    }

    func replay(_ scenario: Scenario, _ settings: Settings) -> String {
        var command = "scripts/simulate --seed \(scenario.seed) --algorithm \(settings.algorithmName)"
        if let members { command += " --members \(members)" }
        if let events { command += " --events \(events)" }
        if let flavour { command += " --flavour \(flavour.rawValue)" }
        if suite != "simulation" { command += " --suite \(suite)" }
        if realShare != 2 { command += " --real-share \(realShare)" }
        return command
    }
}

enum RunFailure: Error {
    case noSuite(String)
}

/// A run that broke something.
struct Failure: Sendable {
    let seed: UInt64
    let replay: String
    let violations: [Violation]
}

/// Makes the runs of a plan on several threads.
final class Runner: Sendable {
    private struct Progress {
        var next = 0
        var isStopped = false
        var error: (any Error)? = nil
        var report: Report
        var lastLine = Date.distantPast
    }

    private let plan: RunPlan
    private let jobs: Int
    private let stopsAtFailure: Bool
    private let keepsTrace: Bool
    private let progress: Mutex<Progress>
    private let start = Date()
    private let isOnTerminal = isatty(2) == 1

    init(plan: RunPlan, jobs: Int, stopsAtFailure: Bool, keepsTrace: Bool) {
        self.plan = plan
        self.jobs = min(jobs, max(plan.count, 1))
        self.stopsAtFailure = stopsAtFailure
        self.keepsTrace = keepsTrace
        progress = Mutex(Progress(report: Report()))
    }

    func run() throws -> Report {
        DispatchQueue.concurrentPerform(iterations: jobs) { _ in work() }
        if isOnTerminal { FileHandle.standardError.write(Data("\r\u{1b}[K".utf8)) }
        return try progress.withLock { state in
            if let error = state.error { throw error }
            state.report.seconds = Date().timeIntervalSince(start)
            state.report.failures.sort { $0.seed < $1.seed }
            return state.report
        }
    }

    private func work() {
        while let index = nextIndex() {
            do { try one(index) } catch { progress.withLock { $0.error = error } }
        }
    }

    private func nextIndex() -> Int? {
        progress.withLock { state in
            guard state.next < plan.count, !state.isStopped, state.error == nil else { return nil }
            state.next += 1
            return state.next - 1
        }
    }

    /// All that does not hold of a run that is over.
    static func violations(of simulation: Simulation) -> [Violation] {
        simulation.livenessViolations() + Oracle.judge(simulation.trace) + simulation.keyViolations()
    }

    private func one(_ index: Int) throws {
        let (scenario, settings) = try plan.run(index)
        let replay = plan.replay(scenario, settings)
        let simulation = try Simulation(scenario, settings, replay: replay)
        try simulation.run()
        let violations = Self.violations(of: simulation)
        let failure =
            violations.isEmpty ? nil : Failure(seed: scenario.seed, replay: replay, violations: violations)
        let kept = keepsTrace && plan.count == 1 ? simulation.trace : nil
        progress.withLock { state in
            state.report.add(simulation.statistics, simulation.coverage, scenario.flavour, settings)
            if let kept { state.report.trace = kept }
            if let failure {
                state.report.failures.append(failure)
                if stopsAtFailure { state.isStopped = true }
            } else {
                state.report.passed += 1
            }
            show(&state)
        }
    }

    /// A line that is written over: only on a terminal.
    private func show(_ state: inout Progress) {
        guard isOnTerminal, Date().timeIntervalSince(state.lastLine) > 0.2 else { return }
        state.lastLine = Date()
        let done = state.report.passed + state.report.failures.count
        let line = "\r\u{1b}[K\(done) of \(plan.count) runs, \(state.report.failures.count) failed"
        FileHandle.standardError.write(Data(line.utf8))
    }
}
