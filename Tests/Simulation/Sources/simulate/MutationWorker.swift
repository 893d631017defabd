import ArgumentParser
import Foundation
import Primitives
import Traces

/// Carries out cases with a mutation on, in a process of its own: a mutation may make it trap, or never end.
struct MutationWorker: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mutation-worker", abstract: "What \"mutations\" starts for each mutation.", shouldDisplay: false)

    @Option(help: "The mutation; none for the library as it is.")
    var mutation: String?

    @Flag(help: "Stop at the first case that is caught by a check that is there for it.")
    var untilFailure = false

    @Argument(help: "The cases.")
    var cases: [String] = []

    func run() throws {
        let known = mutation.flatMap { Mutation(name: $0) }
        if let mutation, known == nil { throw ValidationError("no mutation is called \(mutation)") }
        Mutation.active = known
        let chosen = cases.compactMap { MutationCase($0) }
        guard chosen.count == cases.count else { throw ValidationError("not a case") }
        for example in chosen {
            print("begin\t\(example.text)")
            fflush(nil)
            let violations = try example.run()
            for violation in violations { print("violation\t\(violation.property)\t\(violation.sentence)") }
            fflush(nil)
            let isCaught = violations.contains { known?.isExpected($0.property) ?? true }
            if untilFailure, isCaught { return }
        }
    }
}

/// A worker as its parent sees it.
struct WorkerResult {
    /// What was found, in order: a case, a check and a sentence.
    var found: [(example: MutationCase, check: String, sentence: String)] = []
    /// How many cases were begun.
    var count = 0

    /// Starts a worker and waits for it.
    ///
    /// - Parameter limit: after so many seconds it is taken for one that hangs.
    static func run(
        mutation: Mutation?, cases: [MutationCase], untilFailure: Bool = false, limit: Double
    ) throws -> WorkerResult {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        process.arguments =
            ["mutation-worker"] + (untilFailure ? ["--until-failure"] : [])
            + (mutation.map { ["--mutation", $0.name] } ?? [])
            + cases.map { $0.text }
        // A trap is an answer here; nobody wants to read its backtrace.
        process.environment = ProcessInfo.processInfo.environment.merging(["SWIFT_BACKTRACE": "enable=no"]) { $1 }
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = FileHandle.nullDevice
        try process.run()
        let identifier = process.processIdentifier
        let timer = DispatchSource.makeTimerSource()
        timer.schedule(deadline: .now() + limit)
        timer.setEventHandler { kill(identifier, SIGKILL) }
        timer.resume()
        let output = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        timer.cancel()
        var result = WorkerResult()
        var current: MutationCase? = nil
        for line in String(decoding: output, as: UTF8.self).split(separator: "\n") {
            let fields = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
            if fields.count == 2, fields[0] == "begin" {
                current = MutationCase(fields[1])
                result.count += 1
            } else if fields.count >= 3, fields[0] == "violation", let current {
                result.found.append((current, fields[1], fields[2]))
            }
        }
        if process.terminationReason == .uncaughtSignal, let current {
            let isStopped = process.terminationStatus == SIGKILL
            result.found.append((current, isStopped ? "hangs" : "crash", "signal \(process.terminationStatus)"))
        } else if process.terminationStatus != 0 {
            throw ValidationError("a worker ended with status \(process.terminationStatus)")
        }
        return result
    }
}
