import ArgumentParser
import Foundation
import Oracles
import Pages
import Traces

struct Draw: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Draws a trace that was kept, or what real members recorded.",
        discussion: """
            Each FILE is what one member recorded (conclave join --record FILE), or there is one FILE with the trace of a \
            simulation, both as JSON lines. The recordings are put together by time, judged, and drawn as one page. The \
            exit status is 1 when something does not hold.
            """)

    @Argument(help: "Recordings of members of one group, or one trace.", completion: .file())
    var files: [String]
    @Option(help: "The page to write.", completion: .file())
    var html: String

    func validate() throws {
        if files.isEmpty { throw ValidationError("which files?") }
    }

    func run() throws {
        let trace = try Trace.reading(files)
        let violations = Oracle.judge(trace)
        for violation in violations { print("\(violation.property): \(violation.sentence)") }
        let left = Oracle.applicable(to: trace).filter { $0.obstacle != nil }
        if !left.isEmpty { print("not judged: " + left.map(\.property).joined(separator: ", ")) }
        try Data(Page.html(trace, violations: violations).utf8).write(to: URL(fileURLWithPath: html))
        print("\(trace.members.count) memberships, \(trace.events.count) events: \(html)")
        let failed = Set(violations.map(\.property)).count
        print("\(Oracle.applicable(to: trace).count - left.count - failed) passed, \(failed) failed")
        if failed > 0 { throw ExitCode(1) }
    }
}
