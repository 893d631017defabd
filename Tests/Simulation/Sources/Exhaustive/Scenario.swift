import Flush
import Observation
import Traces

/// A network at its beginning, and how it came there.
final class Scenario: Network {
    let options: ExhaustiveOptions
    let machinery: Machinery
    private(set) var world: World
    private var prologue: [(choice: Choice, happening: Happening)] = []
    private var firstComponents: [Members]

    init(_ options: ExhaustiveOptions, table: StateEventTable) throws {
        self.options = options
        let catalogue = Catalogue()
        let automata = try (0..<options.members).map {
            try Automaton(number: $0, options: options, catalogue: catalogue, table: table)
        }
        machinery = Machinery(automata: automata, catalogue: catalogue)
        world = World(
            members: options.members, states: Array(repeating: 0, count: options.members), changes: 0, sends: 0)
        let everybody = Members((1 << options.members) - 1)
        let last = Members.one(options.members - 1)
        switch options.start {
        case .joining, .secure: world.connect(everybody)
        case .newcomer: world.connect(everybody & ~last)
        case .apart:
            world.connect(everybody & ~last)
            world.connect(last)
        }
        firstComponents = world.components
        if options.start != .joining { settle() }
        world.changesLeft = options.changes
        world.sendsLeft = options.sends
    }

    /// Lets everything happen that must, always the first of it.
    private func settle() {
        options.allowsOptional = false
        defer { options.allowsOptional = true }
        while true {
            var choices: [Choice] = []
            world.choices(machinery, options: options, into: &choices)
            guard let first = choices.first else { return }
            prologue.append((first, perform(first, &world)))
        }
    }

    // MARK: - Network

    func choices(_ world: World) -> [Choice] {
        var choices: [Choice] = []
        world.choices(machinery, options: options, into: &choices)
        return choices
    }

    func isSettled(_ choices: [Choice], _ world: World) -> Bool { World.isSettled(choices, in: world) }

    func perform(_ choice: Choice, _ world: inout World) -> Happening {
        if let (member, step) = world.perform(choice, machinery) {
            return Happening(member: member, record: step.record, problems: step.problems)
        }
        guard case .change(let parts, _) = choice else { return Happening(member: -1, record: [], problems: []) }
        return Happening(member: -1, record: [.components(parts.map { $0.list })], problems: [])
    }

    func encode(_ world: World, into bytes: inout [UInt8]) { world.encode(into: &bytes) }

    func problems(of world: World) -> [String] {
        world.components.flatMap { part in
            livenessProblems(
                part.list.map { member in
                    let state = machinery.automata[member].states[world.states[member]]
                    return SettledMember(
                        number: member, id: machinery.automata[member].id, phase: state.phase,
                        isFlushing: world.streams[world.stream[member]]?.isClosing ?? true, view: state.view)
                })
        }
    }

    func histories(_ world: World) -> [Int] {
        zip(machinery.automata, world.states).map { $0.states[$1].historyNumber }
    }

    var memberStates: [Int] { machinery.automata.map { $0.states.count } }
    var executedEvents: Int { machinery.automata.reduce(0) { $0 + $1.executedEvents } }

    func trace(path: [(choice: Choice, happening: Happening)], isComplete: Bool) -> Trace {
        let members = machinery.automata.map { Membership(id: $0.id, name: Automaton.name(of: $0.number)) }
        let first = Happening(member: -1, record: [.components(firstComponents.map { $0.list })], problems: [])
        return options.trace(
            of: members, [first] + prologue.map { $0.happening } + path.map { $0.happening }, isComplete: isComplete)
    }
}

extension ExhaustiveOptions {
    /// A trace of these happenings.
    func trace(of memberships: [Membership], _ happenings: [Happening], isComplete: Bool) -> Trace {
        let names = "level \(level), \(members) members, \(changes) changes, start \(start.rawValue)"
        var trace = Trace(title: "exhaustive: \(names)", algorithm: algorithm)
        trace.members = memberships
        trace.isComplete = isComplete
        for member in memberships.indices { trace.events.append(Event(time: 0, member: member, .connected)) }
        for (time, happening) in happenings.enumerated() {
            for kind in happening.record {
                trace.events.append(Event(time: UInt64(time), member: happening.member, kind))
            }
            for (member, kind) in happening.others {
                trace.events.append(Event(time: UInt64(time), member: member, kind))
            }
        }
        return trace
    }
}
