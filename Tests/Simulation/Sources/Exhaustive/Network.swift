import Traces

/// A network that is explored: what can happen in it, and what comes of it.
protocol Network: AnyObject {
    /// A whole state: everything that decides what can happen next.
    associatedtype World
    /// One thing that may happen next; a schedule is written as a list of their descriptions.
    associatedtype Choice: CustomStringConvertible

    var options: ExhaustiveOptions { get }
    /// Where everything begins.
    var world: World { get }
    func choices(_ world: World) -> [Choice]
    /// Whether nothing is under way that must go on: only new messages, changes, and what need not come.
    func isSettled(_ choices: [Choice], _ world: World) -> Bool
    func perform(_ choice: Choice, _ world: inout World) -> Happening
    /// Writes a state, each thing in one spelling only.
    func encode(_ world: World, into bytes: inout [UInt8])
    /// What is wrong in a settled state: liveness.
    func problems(of world: World) -> [String]
    /// By member, a number for all that its application has seen and done.
    func histories(_ world: World) -> [Int]
    /// A trace of everything from the very beginning to the end of a path.
    func trace(path: [(choice: Choice, happening: Happening)], isComplete: Bool) -> Trace
    var memberStates: [Int] { get }
    var executedEvents: Int { get }
}

/// What a choice brought about: for the trace, and for whoever looks for what must not happen.
struct Happening {
    /// −1 for the network.
    let member: Int
    let record: [EventKind]
    let problems: [String]
    /// What else happened at the same moment, at which members.
    var others: [(member: Int, kind: EventKind)] = []

    static func + (first: Happening, second: Happening) -> Happening {
        Happening(
            member: -1, record: first.record + second.record, problems: first.problems + second.problems,
            others: first.others + second.others)
    }
}

/// What is known of a member in a settled state.
struct SettledMember {
    let number: Int
    let id: UInt64
    let phase: Phase
    let isFlushing: Bool
    let view: ViewRecord?
}

/// Each component is in one secure view, of exactly its members, and no flush is under way.
func livenessProblems(_ members: [SettledMember]) -> [String] {
    let names = members.map { Automaton.name(of: $0.number) }.joined(separator: ", ")
    guard members.allSatisfy({ $0.phase == .S }) else {
        let phases = members.map { "\(Automaton.name(of: $0.number)) in \($0.phase)" }
        return ["liveness: nothing happens any more, and \(phases.joined(separator: ", "))"]
    }
    guard members.allSatisfy({ $0.view?.name == members[0].view?.name }) else {
        return ["liveness: \(names) are connected and in different secure views"]
    }
    guard Set(members[0].view?.members ?? []) == Set(members.map { $0.id }) else {
        return ["liveness: the secure view of \(names) has other members"]
    }
    return members.contains { $0.isFlushing } ? ["liveness: the flush of \(names) never ends"] : []
}
