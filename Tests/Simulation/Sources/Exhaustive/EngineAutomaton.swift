import Flush
import KeyAgreement
import Observation
import Primitives
import Traces

@testable import SecureGroup

/// An event of one whole engine.
enum EngineEvent: Hashable {
    /// The transport's configuration, and who came into it together with this member.
    case configuration(UInt64, Members, together: Members)
    /// A message, by its place among all messages of the exploration.
    case message(Int)
    /// The transport has nothing more for now.
    case settle
    case answer
    case send(Service)
    /// Its deadline has come.
    case tick
}

/// An event, and the milliseconds on the network's clock when it happens.
struct TimedEvent: Hashable {
    let event: EngineEvent
    let now: UInt64
}

/// A message of the transport.
struct TransportMessage: Hashable {
    let sender: Int
    let destination: Int?
    let bytes: [UInt8]
}

/// All messages that ever occur in an exploration, each once.
final class TransportCatalogue {
    private(set) var messages: [TransportMessage] = []
    private var places: [TransportMessage: Int] = [:]

    func place(of message: TransportMessage) -> Int {
        if let place = places[message] { return place }
        places[message] = messages.count
        messages.append(message)
        return messages.count - 1
    }
}

/// What an event leads to, in one state of one engine.
struct EngineStep {
    let target: Int
    let sends: [Int]
    let record: [EventKind]
    let problems: [String]
}

/// One member with its Flush machine, as the automaton that it is: like `Automaton`, one floor lower. What was sent is
/// repeated when the clock moves; nobody is excluded, told that nobody admits it, or asked to agree once more.
final class EngineAutomaton {
    final class Live {
        var engine: GroupEngine
        let entropy: Entropy
        var record: [EventKind] = []
        var recorder: EngineRecorder?
        init(_ engine: consuming GroupEngine, _ entropy: Entropy) {
            self.engine = engine
            self.entropy = entropy
        }
    }

    /// What the exploration asks about a state.
    struct Facts {
        let phase: Phase
        let canSend: Bool
        let canAnswer: Bool
        let isFlushing: Bool
        let deadline: UInt64?
        let view: ViewRecord?
    }

    typealias Store = StateStore<TimedEvent, Facts, EngineStep, Live>
    typealias State = Store.State

    let number: Int
    let id: UInt64
    private let identity: Identity
    private let trust: TrustStore
    private(set) var executedEvents = 0
    private var store: Store
    private let options: ExhaustiveOptions
    private let catalogue: TransportCatalogue
    private let table: StateEventTable

    init(
        number: Int, identities: [Identity], options: ExhaustiveOptions, catalogue: TransportCatalogue,
        table: StateEventTable
    ) throws {
        self.number = number
        id = 101 + UInt64(number)
        self.options = options
        self.catalogue = catalogue
        self.table = table
        store = Store(options)
        identity = identities[number]
        var trust = TrustStore()
        for other in identities { try trust.add(other.publicKey, label: other.name) }
        self.trust = trust
        _ = place(make(), parent: -1, event: nil, history: [])
    }

    var states: [State] { store.states }

    static func connection(of member: Int) -> UInt64 { 11 + UInt64(member) }

    private func make() -> Live {
        let entropy = Entropy.seeded(id &* 77)
        let live = Live(
            GroupEngine(
                group: "kitchen", suite: options.suite, algorithm: options.robust, identity: identity, id: id,
                trust: trust,
                answersFlushRequests: false,
                flushLimits: FlushLimits(flushTimeout: 0, admissionTimeout: 0),
                secureLimits: SecureGroupLimits(agreementTimeout: 0), entropy: entropy), entropy)
        let recorder = EngineRecorder(id: id) { [unowned live] in live.record.append($0) }
        recorder.attach(to: &live.engine)
        live.recorder = recorder
        live.engine.attached(connection: Self.connection(of: number), now: 0)
        return live
    }

    func step(from state: Int, _ event: EngineEvent, now: UInt64) -> EngineStep {
        let event = TimedEvent(event: event, now: now)
        if let known = store[state, event] { return known }
        let live = take(state)
        live.record = []
        let (actions, error) = apply(event, to: live)
        var sends: [Int] = []
        var problems = error.map { ["\(event.event) is refused in \(states[state].phase): \($0)"] } ?? []
        for action in actions {
            switch action {
            case .multicast(let bytes): sends.append(place(bytes, to: nil))
            case .unicast(let connection, let bytes): sends.append(place(bytes, to: Int(connection) - 11))
            case .event(.problem(let problem, _)): problems.append("a problem: \(problem)")
            case .event: break
            case .rejoin(let problem): problems.append("must join again: \(problem)")
            case .replaced: problems.append("is replaced")
            }
        }
        let record = live.record
        note(record)
        let target = place(
            live, parent: state, event: event, history: states[state].history + record.filter(Self.isSeen))
        let step = EngineStep(target: target, sends: sends, record: record, problems: problems)
        store[state, event] = step
        return step
    }

    private func place(_ bytes: [UInt8], to destination: Int?) -> Int {
        catalogue.place(of: TransportMessage(sender: number, destination: destination, bytes: bytes))
    }

    private func note(_ record: [EventKind]) {
        for kind in record {
            guard case .robust(let event, let before, let after, let outcome, _) = kind else { continue }
            table.note(before, event, after, outcome, algorithm: options.algorithm)
        }
    }

    /// What the application sees or does.
    private static func isSeen(_ kind: EventKind) -> Bool {
        switch kind {
        case .flushRequest, .flushOk, .signal, .view, .sent, .delivered: true
        default: false
        }
    }

    private func take(_ state: Int) -> Live {
        if let known = store.take(state) { return known }
        let live = make()
        for event in store.path(to: state) { _ = apply(event, to: live) }
        return live
    }

    private func apply(_ timed: TimedEvent, to live: Live) -> ([GroupAction], SecureGroupError?) {
        executedEvents += 1
        let now = timed.now
        switch timed.event {
        case .configuration(let id, let members, let together):
            return (
                live.engine.configurationChanged(
                    id: id, members: members.list.map(Self.connection),
                    transitional: together.list.map(Self.connection),
                    now: now), nil
            )
        case .message(let place):
            let message = catalogue.messages[place]
            return (live.engine.received(message.bytes, from: Self.connection(of: message.sender), now: now), nil)
        case .settle: return (live.engine.settle(now: now), nil)
        case .tick: return (live.engine.tick(now: now), nil)
        case .answer:
            return call(live) { (live) throws(SecureGroupError) in try live.engine.acknowledgeFlush(now: now) }
        case .send(let service):
            let view = live.engine.view?.id
            let text = [UInt8(number), UInt8(truncatingIfNeeded: view?.counter ?? 0)] + (view?.hash.prefix(8) ?? [])
            return call(live) { (live) throws(SecureGroupError) in
                try live.engine.send(text, service: service, to: nil, now: now)
            }
        }
    }

    private func call(
        _ live: Live, _ body: (Live) throws(SecureGroupError) -> [GroupAction]
    ) -> ([GroupAction], SecureGroupError?) {
        do throws(SecureGroupError) {
            return (try body(live), nil)
        } catch {
            live.recorder?.refused(error)
            return ([], error)
        }
    }

    private func place(_ live: Live, parent: Int, event: TimedEvent?, history: [EventKind]) -> Int {
        let dump = Reflection.bytes(of: live.engine, live.entropy)
        return store.place(live, dump, parent: parent, event: event, history: history, facts: facts(of: live)).place
    }

    private func facts(of live: Live) -> Facts {
        let deadline = live.engine.deadline
        return live.engine.withMachines { flush, secure in
            var waits = false
            if case .secure(let state) = secure.state { waits = state.waitForSecFlushOk }
            return Facts(
                phase: Phase(secure), canSend: secure.canSend, canAnswer: waits, isFlushing: !flush.isSteady,
                deadline: deadline, view: secure.view.map { ViewRecord($0) })
        }
    }
}
