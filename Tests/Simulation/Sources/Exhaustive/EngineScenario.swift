import Flush
import Primitives
import Traces

/// A network of whole engines over a transport that keeps extended virtual synchrony.
///
/// **What is a choice**: whose message the transport orders next, when the network changes, when a driver settles, when
/// applications answer and send. **What is none**: when a receiver takes what is ordered; it does so at once. That
/// loses nothing: take any run, and let everything that a member did before it took a message happen before that
/// message was ordered. It depends on nothing that was ordered later, and what it sent waits for its place in the order
/// as long as before. Each member's own history, and the order, are the same in both runs; the oracles see no more. A
/// configuration is ordered and taken like a message.
///
/// What is not ordered when the network changes is ordered afterwards, in the sender's new configuration; and, as
/// another choice, the next message of one member is ordered in time for its own part alone, and the others never get
/// it.
///
/// **Time** stands still while anything else can happen. Where nothing can and somebody has a deadline, the clock moves
/// there: what is repeated after a while may still lead on.
final class EngineScenario: Network {
    struct World {
        var states: [Int]
        var component: [Members]
        /// By member: what it has sent and the transport has not ordered.
        var outbox: [[UInt16]]
        var hasSent: Members = 0
        var changesLeft: Int
        var sendsLeft: Int
        var configurations: UInt64 = 0
        /// Milliseconds, and how often the clock may still be moved before the network changes again.
        var now: UInt64 = 0
        var passesLeft = EngineScenario.passes
    }

    /// How often the clock is moved to the next deadline where nothing else can happen: what was repeated so often
    /// without effect has none.
    static let passes = 4

    enum Choice: CustomStringConvertible {
        case order(Int)
        case settle(Int)
        case answer(Int)
        case send(Int, Service)
        /// Who is connected from now on, and whose message its own part still gets before that.
        case change([Members], last: Int?)
        /// Time passes until the next deadline.
        case pass

        var description: String {
            func letter(_ member: Int) -> String { String(Automaton.name(of: member).first ?? "?") }
            switch self {
            case .order(let member): return letter(member)
            case .settle(let member): return "i\(letter(member))"
            case .answer(let member): return "o\(letter(member))"
            case .send(let member, let service): return "\(service == .fifo ? "f" : "g")\(letter(member))"
            case .change(let parts, let last):
                let names = parts.map { $0.list.map(letter).joined() }.joined(separator: "-")
                return "n" + names + (last.map { ":" + letter($0) } ?? "")
            case .pass: return "t"
            }
        }
    }

    let options: ExhaustiveOptions
    private(set) var world: World
    private let automata: [EngineAutomaton]
    private let catalogue = TransportCatalogue()
    private var prologue: [Happening] = []

    init(_ options: ExhaustiveOptions, table: StateEventTable) throws {
        self.options = options
        let count = options.members
        let identities = try (0..<count).map {
            try Identity.simulated(name: Automaton.name(of: $0), seed: 101 + UInt64($0))
        }
        let catalogue = catalogue
        automata = try (0..<count).map {
            try EngineAutomaton(
                number: $0, identities: identities, options: options, catalogue: catalogue, table: table)
        }
        world = World(
            states: Array(repeating: 0, count: count), component: Array(repeating: 0, count: count),
            outbox: Array(repeating: [], count: count), changesLeft: 0, sendsLeft: 0)
        let everybody = Members((1 << count) - 1)
        let last = Members.one(count - 1)
        switch options.start {
        case .joining, .secure: change(to: [everybody], &world)
        case .newcomer: change(to: [everybody & ~last], &world)
        case .apart: change(to: [everybody & ~last, last], &world)
        }
        if options.start != .joining {
            while let next = choices(world).first { prologue.append(perform(next, &world)) }
        }
        world.passesLeft = Self.passes
        world.changesLeft = options.changes
        world.sendsLeft = options.sends
    }

    // MARK: - Choices

    func choices(_ world: World) -> [Choice] {
        var choices: [Choice] = []
        let members = world.component.indices.filter { world.component[$0] != 0 }
        for member in members {
            if !world.outbox[member].isEmpty { choices.append(.order(member)) }
            let step = automata[member].step(from: world.states[member], .settle, now: world.now)
            if step.target != world.states[member] || !step.sends.isEmpty { choices.append(.settle(member)) }
            if state(member, world).canAnswer { choices.append(.answer(member)) }
        }
        if choices.isEmpty, world.passesLeft > 0, nextDeadline(world) != nil { choices.append(.pass) }
        for member in members where world.sendsLeft > 0 && !world.hasSent.contains(member) {
            guard state(member, world).canSend else { continue }
            choices += [.send(member, .fifo), .send(member, .safe)]
        }
        guard world.changesLeft > 0 else { return choices }
        for parts in partitions(world) {
            choices.append(.change(parts, last: nil))
            for member in members where !world.outbox[member].isEmpty {
                let part = parts.first { $0.contains(member) } ?? 0
                // Where nobody is cut off from it, this is the same as ordering it first.
                if world.component[member] & ~part != 0 { choices.append(.change(parts, last: member)) }
            }
        }
        return choices
    }

    /// When the first of those who are connected wants to be called.
    private func nextDeadline(_ world: World) -> UInt64? {
        world.component.indices.filter { world.component[$0] != 0 }.compactMap { state($0, world).deadline }.min()
    }

    private func partitions(_ world: World) -> [[Members]] {
        let connected = world.component.reduce(0) { $0 | $1 }
        let everybody = Members((1 << options.members) - 1)
        let present = components(world)
        var result: [[Members]] = []
        for members in connected == everybody ? [connected] : [connected, everybody] {
            for parts in EngineScenario.split(members) where parts != present && !result.contains(parts) {
                result.append(parts)
            }
        }
        return result
    }

    private static func split(_ members: Members) -> [[Members]] {
        Exhaustive.partitions(of: members.list)
    }

    private func components(_ world: World) -> [Members] {
        world.component.indices.filter {
            world.component[$0] != 0 && world.component[$0].trailingZeroBitCount == $0
        }.map { world.component[$0] }
    }

    private func state(_ member: Int, _ world: World) -> EngineAutomaton.State {
        automata[member].states[world.states[member]]
    }

    func isSettled(_ choices: [Choice], _ world: World) -> Bool {
        choices.allSatisfy { choice in
            switch choice {
            case .order, .settle, .answer, .pass: false
            case .send, .change: true
            }
        }
    }

    // MARK: - Carrying out a choice

    /// What several members made of a choice, in the order of members.
    func perform(_ choice: Choice, _ world: inout World) -> Happening {
        switch choice {
        case .order(let member): return order(member, for: world.component[member], &world)
        case .settle(let member): return take(.settle, member, &world)
        case .answer(let member): return take(.answer, member, &world)
        case .send(let member, let service):
            world.sendsLeft -= 1
            world.hasSent |= .one(member)
            return take(.send(service), member, &world)
        case .pass: return pass(&world)
        case .change(let parts, let last):
            world.changesLeft -= 1
            world.passesLeft = Self.passes
            let part = last.flatMap { last in parts.first { $0.contains(last) } } ?? 0
            let early = last.map { order($0, for: part & world.component[$0], &world) }
            let change = change(to: parts, &world)
            return early.map { $0 + change } ?? change
        }
    }

    private func order(_ member: Int, for receivers: Members, _ world: inout World) -> Happening {
        let place = Int(world.outbox[member].removeFirst())
        let destination = catalogue.messages[place].destination
        var all = Happening(member: -1, record: [], problems: [])
        for receiver in receivers.list where destination == nil || destination == receiver {
            all = all + take(.message(place), receiver, &world)
        }
        return all
    }

    /// Moves the clock to the next deadline, and calls all whose time has come.
    private func pass(_ world: inout World) -> Happening {
        world.passesLeft -= 1
        world.now = max(world.now, nextDeadline(world) ?? 0)
        var all = Happening(member: -1, record: [], problems: [])
        for member in world.component.indices where world.component[member] != 0 {
            if let deadline = state(member, world).deadline, deadline <= world.now {
                all = all + take(.tick, member, &world)
            }
        }
        return all
    }

    private func take(_ event: EngineEvent, _ member: Int, _ world: inout World) -> Happening {
        let step = automata[member].step(from: world.states[member], event, now: world.now)
        world.states[member] = step.target
        world.outbox[member] += step.sends.map { UInt16($0) }
        if step.record.contains(where: { if case .view = $0 { true } else { false } }) {
            world.hasSent &= ~.one(member)
        }
        return Happening(
            member: member, record: [], problems: step.problems, others: step.record.map { (member, $0) })
    }

    @discardableResult
    private func change(to parts: [Members], _ world: inout World) -> Happening {
        let before = world.component
        var all = Happening(member: -1, record: [.components(parts.map { $0.list })], problems: [])
        for part in parts where part.list.contains(where: { before[$0] != part }) {
            world.configurations += 1
            for member in part.list {
                world.component[member] = part
                let together = before[member] == 0 ? .one(member) : part & before[member]
                all = all + take(.configuration(world.configurations, part, together: together), member, &world)
            }
        }
        return all
    }

    // MARK: - What the explorer asks

    func encode(_ world: World, into bytes: inout [UInt8]) {
        bytes += [world.hasSent, UInt8(world.changesLeft), UInt8(world.sendsLeft), UInt8(world.configurations)]
        bytes.append(UInt8(world.passesLeft))
        bytes += (0..<8).map { UInt8(truncatingIfNeeded: world.now >> ($0 * 8)) }
        bytes += world.component
        for state in world.states { bytes += (0..<4).map { UInt8(truncatingIfNeeded: state >> ($0 * 8)) } }
        for queue in world.outbox {
            bytes.append(UInt8(queue.count))
            for item in queue { bytes += [UInt8(truncatingIfNeeded: item), UInt8(truncatingIfNeeded: item >> 8)] }
        }
    }

    func problems(of world: World) -> [String] {
        components(world).flatMap { part in
            livenessProblems(
                part.list.map { member in
                    let state = state(member, world)
                    return SettledMember(
                        number: member, id: automata[member].id, phase: state.phase, isFlushing: state.isFlushing,
                        view: state.view)
                })
        }
    }

    func histories(_ world: World) -> [Int] { zip(automata, world.states).map { $0.states[$1].historyNumber } }
    var memberStates: [Int] { automata.map { $0.states.count } }
    var executedEvents: Int { automata.reduce(0) { $0 + $1.executedEvents } }

    func trace(path: [(choice: Choice, happening: Happening)], isComplete: Bool) -> Trace {
        let members = automata.map { Membership(id: $0.id, name: Automaton.name(of: $0.number)) }
        return options.trace(of: members, prologue + path.map { $0.happening }, isComplete: isComplete)
    }
}
