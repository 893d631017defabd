import Flush
import KeyAgreement
import Observation
import Primitives
import Traces

@testable import SecureGroup

/// An event of one member's robust machine. Messages and views stand by their place in the catalogue.
enum LocalEvent: Hashable {
    case flushRequest
    case signal
    /// A VS view, and who of it came along with this member (bits of member numbers).
    case view(Int, together: UInt8)
    case message(Int)
    /// The application answers the flush request.
    case answer
    /// The application sends.
    case send(Service)
}

/// A message of the Flush layer.
struct CatalogueMessage: Hashable {
    let sender: Int
    let service: Service
    /// A member's number; nil for all.
    let destination: Int?
    let payload: [UInt8]
    let event: RobustEvent
    let what: String
    /// The number of the application's message that it is.
    let carries: UInt64?
}

/// All views and messages that ever occur in an exploration, each once: states name them by their places.
final class Catalogue {
    private(set) var messages: [CatalogueMessage] = []
    private var places: [CatalogueMessage: Int] = [:]
    private(set) var views: [FlushView] = []
    private var viewPlaces: [StateName: Int] = [:]

    func place(of message: CatalogueMessage) -> Int {
        if let place = places[message] { return place }
        places[message] = messages.count
        messages.append(message)
        return messages.count - 1
    }

    func place(of view: FlushView) -> Int {
        let name = StateName(view.id.hash + view.transcript)
        if let place = viewPlaces[name] { return place }
        viewPlaces[name] = views.count
        views.append(view)
        return views.count - 1
    }
}

/// What an event leads to, in one state of one member.
struct LocalStep {
    let target: Int
    let event: RobustEvent
    let outcome: RobustOutcome
    /// Messages handed to Flush, in order.
    let sends: [Int]
    let acknowledges: Bool
    /// What goes into the trace, in order.
    let record: [EventKind]
    /// What must not happen while nobody tampers.
    let problems: [String]
}

/// One member as the automaton that it is: see `StateStore`.
final class Automaton {
    /// A machine that stands in one state, until an event moves it on.
    final class Live {
        var machine: SecureGroup
        let entropy: Entropy
        init(_ machine: consuming SecureGroup, _ entropy: Entropy) {
            self.machine = machine
            self.entropy = entropy
        }
    }

    /// What the exploration asks about a state.
    struct Facts {
        let phase: Phase
        /// Whether the application may send, and may answer a flush request.
        let canSend: Bool
        let canAnswer: Bool
        /// The secure view.
        let view: ViewRecord?
    }

    typealias Store = StateStore<LocalEvent, Facts, LocalStep, Live>
    typealias State = Store.State

    let number: Int
    let id: UInt64
    let identity: Identity
    private var store: Store
    private let options: ExhaustiveOptions
    private let catalogue: Catalogue
    private let table: StateEventTable
    /// How many events the real machine has taken.
    private(set) var executedEvents = 0

    init(number: Int, options: ExhaustiveOptions, catalogue: Catalogue, table: StateEventTable) throws {
        self.number = number
        id = 101 + UInt64(number)
        self.options = options
        self.catalogue = catalogue
        self.table = table
        store = Store(options)
        identity = try Identity.simulated(name: Self.name(of: number), seed: id)
        _ = place(make(), parent: -1, event: nil, history: [])
    }

    var states: [State] { store.states }

    static func name(of number: Int) -> String { ["amy", "bob", "cat", "dan"][number] }

    private func make() -> Live {
        let entropy = Entropy.seeded(id &* 77)
        return Live(
            SecureGroup(
                group: "kitchen", suite: options.suite, algorithm: options.robust, identity: identity, id: id,
                limits: SecureGroupLimits(agreementTimeout: 0), entropy: entropy), entropy)
    }

    /// What an event does in a state.
    func step(from state: Int, _ event: LocalEvent) -> LocalStep {
        if let known = store[state, event] { return known }
        let machine = take(state)
        let before = states[state].phase
        let step = execute(event, machine, in: state)
        table.note(before, step.event, states[step.target].phase, step.outcome, algorithm: options.algorithm)
        store[state, event] = step
        return step
    }

    /// A machine that stands in a state: one that still does, or a fresh one that is led there.
    private func take(_ state: Int) -> Live {
        if let machine = store.take(state) { return machine }
        let machine = make()
        for event in store.path(to: state) { _ = apply(event, to: machine) }
        return machine
    }

    private func apply(_ event: LocalEvent, to live: Live) -> Result<[SecureGroupAction], SecureGroupError> {
        executedEvents += 1
        switch event {
        case .flushRequest: return .success(live.machine.flushRequest(now: 0))
        case .signal: return .success(live.machine.transitionalSignal(now: 0))
        case .view(let place, let together):
            return .success(live.machine.membership(view(place, together: together), now: 0))
        case .message(let place):
            let message = catalogue.messages[place]
            return .success(
                live.machine.data(
                    from: 101 + UInt64(message.sender), service: message.service,
                    isPrivate: message.destination != nil, payload: message.payload, now: 0))
        case .answer: return call { () throws(SecureGroupError) in try live.machine.secureFlushOk(now: 0) }
        case .send(let service):
            let payload = text(live.machine.view?.id)
            return call { () throws(SecureGroupError) in try live.machine.userMessage(payload, service: service) }
        }
    }

    private func call(
        _ body: () throws(SecureGroupError) -> [SecureGroupAction]
    ) -> Result<[SecureGroupAction], SecureGroupError> {
        do throws(SecureGroupError) { return .success(try body()) } catch { return .failure(error) }
    }

    /// The one message that a member sends in a view: no two are alike.
    private func text(_ view: ViewIdentifier?) -> [UInt8] {
        [UInt8(number), UInt8(truncatingIfNeeded: view?.counter ?? 0)] + (view?.hash.prefix(8) ?? [])
    }

    private func view(_ place: Int, together: UInt8) -> FlushView {
        let base = catalogue.views[place]
        let set = base.members.map { $0.id }.filter { together & 1 << UInt8($0 - 101) != 0 }
        return FlushView(
            id: base.id, members: base.members, transitionalSet: set, leaveSet: [], transcript: base.transcript)
    }
}

// MARK: - Carrying out an event

extension Automaton {
    private func execute(_ event: LocalEvent, _ live: Live, in state: Int) -> LocalStep {
        let secureView = live.machine.view?.id
        let result = apply(event, to: live)
        var writer = StepWriter(automaton: self, catalogue: catalogue, state: states[state])
        switch result {
        case .success(let actions): writer.write(event, actions, text(secureView), Phase(live.machine))
        case .failure(let error): writer.write(event, refusedWith: error)
        }
        let target = place(live, parent: state, event: event, history: states[state].history + writer.history)
        return writer.step(to: target)
    }

    /// The place of the state in which a machine stands; the machine is kept there if it is the first.
    private func place(_ live: Live, parent: Int, event: LocalEvent?, history: [EventKind]) -> Int {
        var waits = false
        if case .secure(let secure) = live.machine.state { waits = secure.waitForSecFlushOk }
        let facts = Facts(
            phase: Phase(live.machine), canSend: live.machine.canSend, canAnswer: waits,
            view: live.machine.view.map { ViewRecord($0) })
        let (place, isNew) = store.place(
            live, Reflection.bytes(of: live.machine, live.entropy), parent: parent, event: event, history: history,
            facts: facts)
        if isNew { probe(live, place) }
        return place
    }

    /// What the application must not do is refused in every state, and changes nothing.
    private func probe(_ live: Live, _ place: Int) {
        let state = states[place]
        if !state.canSend { probe(.send(.fifo), .userMessage, live, state) }
        if !state.canAnswer { probe(.answer, .secureFlushOk, live, state) }
    }

    private func probe(_ event: LocalEvent, _ name: RobustEvent, _ live: Live, _ state: State) {
        let before = Reflection.bytes(of: live.machine, live.entropy)
        guard case .failure = apply(event, to: live), Reflection.bytes(of: live.machine, live.entropy) == before else {
            return options.fail("\(name.rawValue) in \(state.phase) is not refused")
        }
        table.note(state.phase, name, state.phase, .refused, algorithm: options.algorithm)
    }
}
