import ArgumentParser
import Foundation
import Oracles
import Traces

struct Judge: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Judges what real members recorded.",
        discussion: """
            Each FILE is what one member recorded (conclave join --record FILE, or the members of Tests/Cluster), as JSON \
            lines. The recordings are put together by time and judged by the oracles that judge simulations. A line for \
            each check: whether it holds, or what the recordings lack for it. The exit status is 1 when something does not \
            hold.
            """)

    @Argument(help: "Recordings of members of one group, or one trace.", completion: .file())
    var files: [String]
    @Flag(help: "Somebody sent what is no message of the group, so that members may tell of trouble.")
    var disturbed = false

    func validate() throws {
        if files.isEmpty { throw ValidationError("which files?") }
    }

    func run() throws {
        let trace = try Trace.reading(files)
        let violations = Oracle.judge(trace)
        var passed = 0
        var failed = 0
        for (property, obstacle) in Oracle.applicable(to: trace) {
            let found = violations.filter { $0.property == property }
            if let obstacle {
                print("  not judged  \(property): \(obstacle)")
            } else if disturbed, property == Oracle.undisturbed {
                print("  not judged  \(property): somebody disturbed the members")
            } else if found.isEmpty {
                print("  holds       \(property)")
                passed += 1
            } else {
                print("  BROKEN      \(property)")
                for violation in found { print("              \(violation.sentence)") }
                failed += 1
            }
        }
        print("\(trace.members.count) memberships, \(trace.events.count) events")
        print("\(passed) passed, \(failed) failed")
        if failed > 0 { throw ExitCode(1) }
    }
}

extension Trace {
    /// One whole trace, or the recordings of several members put together.
    static func reading(_ files: [String]) throws -> Trace {
        let traces = try files.map { file in
            let text = try String(contentsOfFile: file, encoding: .utf8)
            do {
                return try Trace(jsonLines: text, toleratesCutEnd: true)
            } catch {
                throw ValidationError("\(file): \(error)")
            }
        }
        if traces.count == 1, traces[0].hasOneClock { return traces[0] }
        return try Trace.merging(traces)
    }
}
