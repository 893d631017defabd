import ArgumentParser
import Foundation
import Pages
import SecureGroup
import SimulatedNetwork
import Traces

struct Run: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Runs seeds (the default).")

    @OptionGroup var options: SeedOptions
    @Option(help: "How many members; drawn from the seed otherwise.")
    var members: Int?
    @Option(help: "How many events; drawn from the seed otherwise.")
    var events: Int?
    @Option(help: "calm, cascade, storm, merges, hostile, slow or trust; drawn from the seed otherwise.")
    var flavour: Flavour?
    @Option(help: "optimized, basic or both.")
    var algorithm = Algorithm.optimized
    @Option(help: "One of \(Suites.names.joined(separator: ", ")).")
    var suite = "simulation"
    @Option(help: "One of \(Suites.agreements.joined(separator: ", ")).")
    var agreement = "gdh"
    @Option(help: "Of a hundred seeds, so many run real signatures and a real group of numbers.")
    var realShare = 2
    @Flag(help: "Judge what must never happen alone, not that every component ends in one secure view.")
    var safetyOnly = false
    @Flag(help: "Every state must receive every event that it can receive, in these seeds together.")
    var complete = false
    @Flag(help: "Stop at the first seed that fails.")
    var untilFailure = false
    @Option(help: "Write the summary, as JSON, to this file.")
    var json: String?
    @Option(help: "Draw a single seed on a page, in this file. (A run that fails is drawn in any case.)")
    var html: String?
    @Option(help: "Write the trace of a single seed, as JSON, to this file.")
    var trace: String?

    func validate() throws {
        guard Suites.suite(suite) != nil else { throw ValidationError("no suite is called \(suite)") }
        guard Suites.agreement(agreement) != nil else {
            throw ValidationError("no agreement is called \(agreement)")
        }
        guard (0...100).contains(realShare) else { throw ValidationError("--real-share is a percentage") }
        if html != nil || trace != nil || options.verbose, options.seeds != nil || algorithm.each.count > 1 {
            throw ValidationError("--html, --trace and --verbose are for one seed and one algorithm")
        }
        if let members, !(1...200).contains(members) { throw ValidationError("--members is 1 to 200") }
        if let events, !(0...10_000).contains(events) { throw ValidationError("--events is 0 to 10000") }
    }

    func run() throws {
        options.activateMutation()
        let plan = RunPlan(
            seeds: options.range, members: members, events: events,
            flavour: flavour, algorithms: algorithm.each, suite: suite,
            agreement: agreement, realShare: realShare,
            isSafetyOnly: safetyOnly)
        let runner = Runner(plan: plan, jobs: options.jobs, stopsAtFailure: untilFailure)
        let report = try runner.run()
        if let kept = report.trace {
            if options.verbose { TraceText(kept).print() }
            if let html { try draw(kept, report.failures, html) }
            if let trace { try JSONEncoder().encode(kept).write(to: URL(fileURLWithPath: trace)) }
        }
        print(report.text)
        if let json { try report.json().write(to: URL(fileURLWithPath: json)) }
        let missing = complete ? report.missing : []
        for cell in missing { print("never happened: \(cell)") }
        let failed = report.failures.count + report.contradictions.count + missing.count
        print("\(report.passed) passed, \(failed) failed")
        if failed > 0 { throw ExitCode(1) }
    }
}

/// Draws a trace, with what does not hold of it.
func draw(_ trace: Trace, _ failures: [Failure], _ file: String) throws {
    let page = Page.html(trace, violations: failures.flatMap { $0.violations })
    try Data(page.utf8).write(to: URL(fileURLWithPath: file))
}

struct SeedRange: ExpressibleByArgument, Sendable {
    var first: UInt64
    var last: UInt64

    init(first: UInt64, last: UInt64) {
        self.first = first
        self.last = last
    }

    init?(argument: String) {
        let parts = argument.components(separatedBy: "..")
        guard parts.count == 2, let first = UInt64(parts[0]), let last = UInt64(parts[1]), first <= last else {
            return nil
        }
        self.init(first: first, last: last)
    }
}

enum Algorithm: String, ExpressibleByArgument {
    case optimized, basic, both

    var each: [RobustAlgorithm] {
        switch self {
        case .optimized: [.optimized]
        case .basic: [.basic]
        case .both: [.optimized, .basic]
        }
    }
}

extension Flavour: ExpressibleByArgument {}
