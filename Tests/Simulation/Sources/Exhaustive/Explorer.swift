import Flush
import Observation
import Oracles
import Traces

/// What an exploration found.
public struct ExhaustiveResult: Sendable {
    public var states = 0
    public var transitions = 0
    /// Ways from the beginning to an end at which nothing can happen any more; not exact beyond 2^128 − 1.
    public var schedules: UInt128 = 0
    /// Distinct states in which nothing is under way, all of which the oracles judged.
    public var settled = 0
    public var ends = 0
    public var judged = 0
    /// States of each member, and events that the real machines took to make them.
    public var memberStates: [Int] = []
    public var executedEvents = 0
    public var seconds: Double = 0
    public var isComplete = true
    public var longest = 0
    public var problems: [ExhaustiveProblem] = []
}

/// Something that does not hold, with the first schedule that shows it.
public struct ExhaustiveProblem: Sendable {
    public let what: String
    public let schedule: String
    public let dialogue: [String]
    public internal(set) var count = 1
}

/// Walks through every state of a network, depth first; a state that was there before is not walked through again.
///
/// **Why one way to a state is enough.** A state contains what each member's application has seen and done, and all
/// that members and network will ever act on. What follows depends on the second alone. What the oracles judge, the
/// properties of §3.1 of secure views and their keys, depends on the first alone: on each member's own history, and on
/// who sent what before whom, which follows from the histories, since a message is numbered by what it says. So every
/// way to a settled state gets the same verdict. The lemmas on the machines' states are about single steps, each of
/// which is judged when it is first taken; what the oracles say of the Flush floor is a check of `World`, and is made
/// on one way to each state.
///
/// **Schedules** are counted without walking them: the number from a state is the sum over what may happen next. The
/// graph has no cycle, which is checked, not assumed.
final class Explorer<Cases: Network> {
    private struct Frame {
        let world: Cases.World
        let node: Int
        let choices: [Cases.Choice]
        var next = 0
        var schedules: UInt128 = 0
    }

    private let options: ExhaustiveOptions
    private let network: Cases
    private var nodes: [StateName: Int] = [:]
    /// By node: how many schedules begin there; nil while it is being walked.
    private var schedules: [UInt128?] = []
    private var stack: [Frame] = []
    private var path: [(choice: Cases.Choice, happening: Happening)] = []
    private var verdicts: Set<[Int]> = []
    private var result = ExhaustiveResult()
    private let progress: (ExhaustiveResult) -> Void

    init(_ network: Cases, progress: @escaping (ExhaustiveResult) -> Void) {
        self.network = network
        options = network.options
        self.progress = progress
    }

    func run() -> ExhaustiveResult {
        let clock = ContinuousClock()
        let begin = clock.now
        func elapsed() -> Double {
            let (seconds, fraction) = (clock.now - begin).components
            return Double(seconds) + Double(fraction) * 1e-18
        }
        push(network.world)
        while !stack.isEmpty {
            step()
            guard result.transitions & 1_023 == 0 else { continue }
            result.seconds = elapsed()
            if result.transitions & 65_535 == 0 { progress(result) }
            if result.seconds > options.seconds || result.problems.count >= 10 {
                result.isComplete = false
                break
            }
        }
        result.seconds = elapsed()
        result.schedules = schedules.first.flatMap { $0 } ?? 0
        result.states = nodes.count
        result.memberStates = network.memberStates
        result.executedEvents = network.executedEvents
        return result
    }

    private func name(_ world: Cases.World) -> StateName {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(256)
        network.encode(world, into: &bytes)
        return StateName(bytes)
    }

    /// Begins to walk through a state.
    private func push(_ world: Cases.World) {
        let choices = network.choices(world)
        let node = schedules.count
        nodes[name(world)] = node
        schedules.append(nil)
        result.states = node + 1
        result.longest = max(result.longest, path.count)
        if network.isSettled(choices, world) { judge(world, isEnd: choices.isEmpty) }
        stack.append(Frame(world: world, node: node, choices: choices, schedules: choices.isEmpty ? 1 : 0))
    }

    private func step() {
        let last = stack.count - 1
        let frame = stack[last]
        guard frame.next < frame.choices.count else {
            schedules[frame.node] = frame.schedules
            stack.removeLast()
            if !path.isEmpty { path.removeLast() }
            if !stack.isEmpty { add(frame.schedules) }
            return
        }
        stack[last].next += 1
        let choice = frame.choices[frame.next]
        var world = frame.world
        let happening = network.perform(choice, &world)
        result.transitions += 1
        path.append((choice, happening))
        for problem in happening.problems { report(problem) }
        if let known = options.isPruning ? nodes[name(world)] : nil {
            if let count = schedules[known] { add(count) } else { report("a cycle: the same state again") }
            path.removeLast()
        } else {
            push(world)
        }
    }

    private func add(_ count: UInt128) {
        let (sum, isTooMuch) = stack[stack.count - 1].schedules.addingReportingOverflow(count)
        stack[stack.count - 1].schedules = isTooMuch ? .max : sum
    }
}

// MARK: - Verdicts

extension Explorer {
    /// Nothing is under way: everything that must hold in the end holds.
    private func judge(_ world: Cases.World, isEnd: Bool) {
        result.settled += 1
        if isEnd { result.ends += 1 }
        for problem in network.problems(of: world) { report(problem) }
        let histories = network.histories(world)
        guard verdicts.insert(histories).inserted else { return }
        result.judged += 1
        let trace = trace(isComplete: true)
        for violation in Oracle.judge(trace) where !Self.isAllowed(violation) {
            report("\(violation.property): \(violation.sentence)")
        }
    }

    /// Where nobody is lost the world may leave the signal out, as the paper's states M and CM let it be left out; the
    /// secure views must have theirs all the same.
    private static func isAllowed(_ violation: Violation) -> Bool {
        violation.property.hasPrefix("13 ") && violation.sentence.contains("left VS view")
    }

    private func report(_ what: String) {
        // One kind of problem is told once, with its first schedule.
        if let known = result.problems.firstIndex(where: { Self.kind($0.what) == Self.kind(what) }) {
            result.problems[known].count += 1
            return
        }
        guard result.problems.count < 10 else { return }
        result.problems.append(
            ExhaustiveProblem(
                what: what, schedule: path.map { "\($0.choice)" }.joined(separator: " "),
                dialogue: Dialogue.lines(trace(isComplete: false))))
    }

    /// A sentence without the names and numbers in it.
    private static func kind(_ what: String) -> String {
        String(what.filter { !$0.isNumber }.prefix { $0 != "(" }.prefix(48))
    }

    /// The present way, from the very beginning.
    private func trace(isComplete: Bool) -> Trace {
        network.trace(path: path, isComplete: isComplete)
    }
}
