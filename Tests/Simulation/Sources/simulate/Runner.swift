import Dispatch
import Foundation
import Oracles
import SecureGroup
import SimulatedNetwork
import Synchronization
import Traces

/// Which runs to make.
struct RunPlan: Sendable {
    let seeds: SeedRange
    let members: Int?
    let events: Int?
    let flavour: Flavour?
    let algorithms: [RobustAlgorithm]
    let suite: String
    var agreement = "gdh"
    let realShare: Int
    /// Whether it is left open that every component ends in one secure view.
    var isSafetyOnly = false

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
        guard let settings = Self.settings(name, algorithm, agreement: agreement) else {
            throw RunFailure.noSuite(name)
        }
        return (scenario, settings)
    }

    /// The settings of a suite and an algorithm, by their names.
    static func settings(_ suite: String, _ algorithm: RobustAlgorithm, agreement: String = "gdh") -> Settings? {
        Suites.agreement(agreement).flatMap { Suites.suite(suite, $0) }.map {
            Settings(suite: $0, suiteName: suite, algorithm: algorithm)
        }
    }

    func replay(_ scenario: Scenario, _ settings: Settings) -> String {
        var command = "scripts/simulate --seed \(scenario.seed) --algorithm \(settings.algorithmName)"
        if let members { command += " --members \(members)" }
        if let events { command += " --events \(events)" }
        if let flavour { command += " --flavour \(flavour.rawValue)" }
        if suite != "simulation" { command += " --suite \(suite)" }
        if agreement != "gdh" { command += " --agreement \(agreement)" }
        if realShare != 2 { command += " --real-share \(realShare)" }
        if isSafetyOnly { command += " --safety-only" }
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
    /// The file that shows it.
    var page: String?
}

/// Makes the runs of a plan on several threads.
final class Runner: Sendable {
    private struct Progress {
        var next = 0
        var isStopped = false
        var error: (any Error)? = nil
        var report: Report
        var pages = 0
        var lastLine = Date.distantPast
    }

    private let plan: RunPlan
    private let jobs: Int
    private let stopsAtFailure: Bool
    private let progress: Mutex<Progress>
    private let start = Date()
    private let isOnTerminal = isatty(2) == 1

    init(plan: RunPlan, jobs: Int, stopsAtFailure: Bool) {
        self.plan = plan
        self.jobs = min(jobs, max(plan.count, 1))
        self.stopsAtFailure = stopsAtFailure
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
    static func violations(of simulation: Simulation, isSafetyOnly: Bool = false) -> [Violation] {
        (isSafetyOnly ? [] : simulation.livenessViolations()) + Oracle.judge(simulation.trace)
            + simulation.keyViolations()
    }

    private func one(_ index: Int) throws {
        var (scenario, settings) = try plan.run(index)
        if plan.count > 1 { settings.recording = .machines }
        let replay = plan.replay(scenario, settings)
        let simulation = try Simulation(scenario, settings, replay: replay)
        try simulation.run()
        let violations = Self.violations(of: simulation, isSafetyOnly: plan.isSafetyOnly)
        var failure: Failure? = nil
        if !violations.isEmpty {
            var found = Failure(seed: scenario.seed, replay: replay, violations: violations)
            found.page = try drawFailure(scenario, settings, found, simulation)
            failure = found
        }
        let kept = plan.count == 1 ? simulation.trace : nil
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

    /// How many failing runs are drawn at most, and how many events a page has at most.
    private static let pageLimit = 5
    private static let eventLimit = 100_000

    /// Writes the page of a run that failed, made again with all that a page shows; tells where it is.
    private func drawFailure(
        _ scenario: Scenario, _ settings: Settings, _ failure: Failure, _ judged: Simulation
    ) throws -> String? {
        let isWanted = progress.withLock { state in
            state.pages += 1
            return state.pages <= Self.pageLimit
        }
        guard isWanted, judged.trace.events.count <= Self.eventLimit else { return nil }
        var again = settings
        again.recording = .everything
        let simulation = try Simulation(scenario, again, replay: failure.replay)
        try simulation.run()
        let folder = "build/simulation/failures"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let file = "\(folder)/seed-\(scenario.seed)-\(settings.algorithmName).html"
        try draw(simulation.trace, [failure], file)
        return file
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
