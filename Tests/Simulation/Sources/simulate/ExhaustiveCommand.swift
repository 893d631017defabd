import ArgumentParser
import Exhaustive
import Foundation
import Primitives

struct ExhaustiveCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "exhaustive",
        abstract: "Tries every order of events in small networks, and compares the machines with the paper's figures.")

    @Option(help: "1: the robust machines over a Flush layer that does all it may; 2: whole engines over a transport.")
    var level = 1
    @Option(help: "How many members: 2 or 3.") var members = 2
    @Option(help: "How many changes of the network: 0 to 2.") var changes = 1
    @Option(help: "How many messages the applications send in all.") var sends = 1
    @Option(help: "The algorithm.") var algorithm = "optimized"
    @Option(help: "Where to begin: joining, secure, newcomer or apart; all when left out.")
    var start: ExhaustiveStart?
    @Option(help: "Gives up a beginning after so many seconds; 0 is never.") var seconds = 0.0
    @Option(help: "Shows one schedule as a dialogue; needs --start.") var schedule: String?
    @Flag(help: "Walks through every state as often as a way leads there (the smallest cases only).")
    var unpruned = false
    @Flag(help: "Compares in full what is taken for the same state of a member.") var compare = false
    @Flag(help: "Prints the table of state and event.") var table = false

    @Option(help: "Breaks the library on purpose: the name of a mutation. Something has to fail then.")
    var mutation: String?
    @Option(help: "The decision that must quote the transitions beyond the figures as they are in the code.")
    var document: String?

    func validate() throws {
        guard (1...2).contains(level), (2...3).contains(members),
            ["basic", "optimized"].contains(algorithm), (0...2).contains(changes), (0...9).contains(sends)
        else {
            throw ValidationError("level 1 or 2, basic or optimized, 2 or 3 members, 0 to 2 changes, 0 to 9 messages")
        }
        if schedule != nil, start == nil { throw ValidationError("--schedule needs --start") }
    }

    mutating func run() throws {
        if let mutation {
            guard let known = Mutation(name: mutation) else { throw ValidationError("no mutation \(mutation)") }
            Mutation.active = known
        }
        if let schedule, let start {
            for line in try Exhaustive.replay(schedule, options(start)) { print(line) }
            return
        }
        let seen = StateEventTable()
        var (passed, failed, isComplete) = (0, 0, true)
        for start in ExhaustiveStart.allCases where self.start == nil || self.start == start {
            let result = try explore(start, seen)
            if result.problems.isEmpty { passed += 1 } else { failed += 1 }
            isComplete = isComplete && result.isComplete
        }
        let isWhole = level == 1 && isComplete && start == nil && changes > 0 && sends > 0
        let failures = compareFigures(seen, mustBeWhole: isWhole)
        failed += failures
        passed += 2 - failures
        if let document {
            let isQuoted = try String(contentsOfFile: document, encoding: .utf8).contains(Comparison.document)
            if isQuoted { passed += 1 } else { failed += 1 }
            if !isQuoted { print("\(document) does not contain this:\n\(Comparison.document)") }
        }
        let cells = CellCoverage(seen, algorithm: algorithm)
        print("\(algorithm): \(cells.text)")
        for contradiction in cells.contradictions { print("FAILED \(contradiction)") }
        failed += cells.contradictions.count
        print("\(passed) passed, \(failed) failed")
        if failed > 0 { throw ExitCode.failure }
    }

    private func options(_ start: ExhaustiveStart) -> ExhaustiveOptions {
        let options = ExhaustiveOptions()
        options.level = level
        options.members = members
        options.changes = changes
        options.sends = sends
        options.start = start
        options.algorithm = algorithm
        options.isPruning = !unpruned
        options.isMergingNothing = unpruned
        options.isComparingDumps = compare
        if seconds > 0 { options.seconds = seconds }
        return options
    }

    private func explore(_ start: ExhaustiveStart, _ seen: StateEventTable) throws -> ExhaustiveResult {
        let isTerminal = isatty(STDERR_FILENO) == 1
        func note(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }
        let result = try Exhaustive.explore(options(start), table: seen) { state in
            guard isTerminal else { return }
            note("\r\(start.rawValue): \(state.states) states, \(state.transitions) transitions\u{1b}[K")
        }
        if isTerminal { note("\r\u{1b}[K") }
        let time = String(format: "%.1f", result.seconds)
        print(
            """
            \(start.rawValue): \(result.states) states, \(result.transitions) transitions, \
            \(result.isComplete ? "\(result.schedules) schedules" : "NOT EXPLORED TO THE END"), \
            longest \(result.longest); \(result.settled) settled, \(result.judged) judged, \
            \(result.problems.count) kinds of problems; members' states \(result.memberStates), \
            \(result.executedEvents) events executed; \(time) s
            """)
        for problem in result.problems { show(problem, start) }
        return result
    }

    private func show(_ problem: ExhaustiveProblem, _ start: ExhaustiveStart) {
        print("VIOLATION, \(problem.count) times: \(problem.what)")
        for line in problem.dialogue { print("  \(line)") }
        print(
            """
            replay: scripts/simulate exhaustive --level \(level) --members \(members) --changes \(changes) --sends \(sends) \
            --algorithm \(algorithm) --start \(start.rawValue) --schedule '\(problem.schedule)'
            """)
    }

    /// How many of two comparisons fail: something of the figure was never taken, something else has no reason.
    private func compareFigures(_ seen: StateEventTable, mustBeWhole: Bool) -> Int {
        let comparison = Comparison(seen, algorithm: algorithm, members: members)
        if table { for line in seen.text(algorithm) { print(line) } }
        print(
            """
            \(comparison.figure): \(comparison.taken.count) transitions taken, \(comparison.missing.count) not; \
            \(comparison.beyond.count) beyond it, \(comparison.unexplained.count) without a reason
            """)
        if table { for text in comparison.taken { print("taken: \(text)") } }
        for text in comparison.missing { print("not taken: \(text)") }
        if table { for (text, reason) in comparison.beyond { print("beyond: \(text): \(reason)") } }
        for text in comparison.unexplained { print("WITHOUT A REASON: \(text)") }
        return (mustBeWhole && !comparison.missing.isEmpty ? 1 : 0) + (comparison.unexplained.isEmpty ? 0 : 1)
    }
}

extension ExhaustiveStart: ExpressibleByArgument {}
