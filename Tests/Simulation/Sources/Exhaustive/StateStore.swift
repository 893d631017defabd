import Traces

/// The states of one member that were found so far, what its events do there, and machines that stand in some of them.
///
/// A member is deterministic (its randomness comes from a seed of its own), so that what an event does in a state is
/// found out once, by the real machine, and looked up ever after. Whole networks are then explored without running any
/// cryptography twice.
///
/// A state is the machine's whole content together with all that its application has seen and done so far. The second
/// part is what the oracles judge: §3.1 speaks of nothing else, and so, of several ways to one state, any one tells
/// whether the properties hold.
struct StateStore<Event: Hashable, Facts, Step, Machine: AnyObject> {
    /// What is known of a state, and what the explorations want to know of it: its facts.
    @dynamicMemberLookup
    struct State {
        let facts: Facts
        /// One way to it: the state before, and the event.
        let parent: Int
        let event: Event?
        /// What the application saw and did, in order, and a number for it.
        let history: [EventKind]
        let historyNumber: Int
        let dump: [UInt8]?

        subscript<T>(dynamicMember path: KeyPath<Facts, T>) -> T { facts[keyPath: path] }
    }

    private(set) var states: [State] = []
    private var names: [StateName: Int] = [:]
    private var histories: [StateName: Int] = [:]
    private var steps: [[Event: Step]] = []
    private var live: [Int: Machine] = [:]
    private let options: ExhaustiveOptions

    init(_ options: ExhaustiveOptions) { self.options = options }

    /// What an event does in a state; nil until it has been found out.
    subscript(state: Int, event: Event) -> Step? {
        get { steps[state][event] }
        set { steps[state][event] = newValue }
    }

    /// A machine that still stands in a state; the caller moves it on.
    mutating func take(_ state: Int) -> Machine? { live.removeValue(forKey: state) }

    /// The events on the way to a state.
    func path(to state: Int) -> [Event] {
        var path: [Event] = []
        var present = state
        while let event = states[present].event {
            path.append(event)
            present = states[present].parent
        }
        return path.reversed()
    }

    /// The place of the state in which a machine stands; the machine is kept there if it is the first. `isNew` tells
    /// that nobody was there before.
    mutating func place(
        _ machine: Machine, _ dump: [UInt8], parent: Int, event: Event?, history: [EventKind], facts: Facts
    ) -> (place: Int, isNew: Bool) {
        var all = Reflection()
        all.write(history.map { "\($0)" }.joined(separator: "\n"))
        let historyNumber = histories[StateName(all.bytes)] ?? histories.count
        histories[StateName(all.bytes)] = historyNumber
        if options.isMergingNothing { all.write("\(parent) \(event.map { "\($0)" } ?? "")") }
        let name = StateName(all.bytes + dump)
        if let place = names[name] {
            if let first = states[place].dump, first != dump { options.fail("two states of a member have one name") }
            keep(machine, place)
            return (place, false)
        }
        let place = states.count
        names[name] = place
        states.append(
            State(
                facts: facts, parent: parent, event: event, history: history, historyNumber: historyNumber,
                dump: options.isComparingDumps ? dump : nil))
        steps.append([:])
        keep(machine, place)
        return (place, true)
    }

    /// Machines are kept as far as memory allows; any can be made again.
    private mutating func keep(_ machine: Machine, _ place: Int) {
        if live[place] == nil, live.count < 4_000 { live[place] = machine }
    }
}
