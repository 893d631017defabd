import Flush
import Observation
import Traces

/// A network at its beginning, and how it came there.
final class Scenario {
    let options: ExhaustiveOptions
    let machinery: Machinery
    private(set) var world: World
    private var prologue: [(choice: Choice, happening: World.Happening?)] = []
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
            prologue.append((first, world.perform(first, machinery)))
        }
    }

    /// A trace of everything so far.
    func trace(path: [(choice: Choice, happening: World.Happening?)], isComplete: Bool) -> Trace {
        let names = "\(options.members) members, \(options.changes) changes, start \(options.start.rawValue)"
        var trace = Trace(title: "exhaustive: \(names)", algorithm: options.algorithm)
        trace.members = machinery.automata.map { Membership(id: $0.id, name: Automaton.name(of: $0.number)) }
        trace.isComplete = isComplete
        var time: UInt64 = 0
        func add(_ member: Int, _ kind: EventKind) { trace.events.append(Event(time: time, member: member, kind)) }
        add(-1, .components(firstComponents.map { $0.list }))
        for member in machinery.automata { add(member.number, .connected) }
        for (choice, happening) in prologue + path {
            time += 1
            if case .change(let parts, _) = choice { add(-1, .components(parts.map { $0.list })) }
            guard let happening else { continue }
            for kind in happening.step.record { add(happening.member, kind) }
        }
        return trace
    }
}
