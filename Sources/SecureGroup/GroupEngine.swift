public import Flush
public import KeyAgreement
public import Primitives

/// One membership without its transport: the Flush machine and the secure group, each other's neighbours (figure 4 of
/// the paper). Transport events and the application's calls go in; messages for the transport and events for the
/// application come out. Nothing is read, written or called back, so that a whole network of engines runs in one
/// process.
public struct GroupEngine: ~Copyable {
    private var flush: FlushMachine
    private var secure: SecureGroup
    private let answersFlushRequests: Bool
    private var currentView: SecureView? = nil
    /// Set when the membership has ended in `rejoin` or `replaced`: nothing happens any more.
    private var isOver = false
    private var meter = GroupMeter()
    #if SIMULATION
        var observe: EngineObserver? = nil
    #endif

    /// - Parameters:
    ///   - algorithm: the same at all members; a hello that names the other one is refused.
    ///   - id: the incarnation, random and not zero.
    ///   - answersFlushRequests: whether flush requests are acknowledged without asking the application.
    public init(
        group: String, suite: Suite, algorithm: RobustAlgorithm = .optimized, identity: Identity, id: UInt64,
        trust: TrustStore, answersFlushRequests: Bool, flushLimits: FlushLimits, secureLimits: SecureGroupLimits,
        entropy: Entropy
    ) {
        flush = FlushMachine(
            group: group, suite: suite.number, algorithm: algorithm.rawValue, identity: identity, id: id, trust: trust,
            limits: flushLimits, entropy: entropy)
        secure = SecureGroup(
            group: group, suite: suite, algorithm: algorithm, identity: identity, id: id, limits: secureLimits,
            entropy: entropy)
        self.answersFlushRequests = answersFlushRequests
    }

    // MARK: - Queries

    /// This member's id.
    public var id: UInt64 { secure.id }

    /// On how many threads, 1 to 64, many powers at once may be computed; 1 at first.
    public var threads: Int {
        get { secure.threads }
        set { secure.threads = newValue }
    }

    /// When `tick` must be called at the latest.
    public var deadline: UInt64? {
        guard let first = flush.deadline else { return secure.deadline }
        return secure.deadline.map { min($0, first) } ?? first
    }

    /// The secure view that was installed last.
    public var view: SecureView? { currentView }

    /// Whom the group waits for just now: in a flush or admission, else in the agreement.
    public var waitingFor: [Member] {
        let flushing = flush.waitingFor
        guard flushing.isEmpty else { return flushing }
        return secure.waitingFor.compactMap { id in flush.view?.members.first { $0.id == id } }
    }

    /// What this incarnation has done.
    public var counters: GroupCounters {
        var counters = meter.counters
        counters.secure = secure.counters
        return counters
    }

    /// What is noted for somebody to read; nil: nothing.
    public var noteLevel: NoteLevel? {
        get { meter.level }
        set { meter.level = newValue }
    }

    /// What was noted since the last time, in order, and how many more found no room.
    public mutating func takeNotes() -> (notes: [GroupNote], lost: Int) { meter.takeNotes() }

    // MARK: - Transport events

    /// The transport gave this member a connection.
    public mutating func attached(connection: UInt64, now: UInt64) {
        meter.note(.attached(connection: connection))
        flush.attached(connection: connection, now: now)
    }

    /// The transport's configuration changed.
    public mutating func configurationChanged(
        id: UInt64, members: [UInt64], transitional: [UInt64], now: UInt64
    ) -> [GroupAction] {
        meter.note(.configuration(members: members.count, transitional: transitional.count))
        return perform(
            flush.configurationChanged(id: id, members: members, transitional: transitional, now: now), now: now)
    }

    /// The transport delivered a message.
    public mutating func received(_ bytes: [UInt8], from connection: UInt64, now: UInt64) -> [GroupAction] {
        received(bytes[...], from: connection, now: now)
    }

    /// The same, for bytes that lie among others: a payload is read where it came.
    public mutating func received(_ bytes: ArraySlice<UInt8>, from connection: UInt64, now: UInt64) -> [GroupAction] {
        perform(flush.received(bytes, from: connection, now: now), now: now)
    }

    /// The transport has nothing more to deliver for now.
    public mutating func settle(now: UInt64) -> [GroupAction] { perform(flush.settle(now: now), now: now) }

    /// Time has passed.
    public mutating func tick(now: UInt64) -> [GroupAction] {
        let actions = perform(flush.tick(now: now), now: now)
        #if SIMULATION
            observe?(.tick, secure)
        #endif
        return actions + perform(secure.tick(now: now), now: now)
    }

    // MARK: - Calls of the application

    /// Sends to all members of the secure view, or to one.
    public mutating func send(
        _ payload: [UInt8], service: Service, to destination: UInt64?, now: UInt64
    ) throws(SecureGroupError) -> [GroupAction] {
        guard !isOver else { throw .ended }
        #if SIMULATION
            observe?(.userMessage(payload: payload, service: service, destination: destination), secure)
        #endif
        let actions = try secure.userMessage(payload, service: service, to: destination)
        meter.counters.sent.note(payload.count)
        return perform(actions, now: now)
    }

    /// Acknowledges a flush request.
    public mutating func acknowledgeFlush(now: UInt64) throws(SecureGroupError) -> [GroupAction] {
        guard !isOver else { throw .ended }
        #if SIMULATION
            observe?(.secureFlushOk, secure)
        #endif
        return perform(try secure.secureFlushOk(now: now), now: now)
    }

    /// Asks for a new view with the same members and a new key.
    public mutating func refresh(now: UInt64) -> [GroupAction] { perform(flush.requestFlush(now: now), now: now) }

    /// Replaces the accepted keys.
    public mutating func setTrust(_ trust: TrustStore, now: UInt64) -> [GroupAction] {
        perform(flush.setTrust(trust, now: now), now: now)
    }

    // MARK: - Carrying out what the machines ask of each other

    private mutating func perform(_ actions: [FlushAction], now: UInt64) -> [GroupAction] {
        var result: [GroupAction] = []
        for action in actions where !isOver {
            meter.watch(action, now: now)
            #if SIMULATION
                observe?(.flushed(action), secure)
            #endif
            switch action {
            case .multicast(let bytes): result.append(.multicast(bytes))
            case .unicast(let connection, let bytes):
                result.append(.unicast(connection: connection, bytes: bytes))
            case .requestFlush: result += perform(secure.flushRequest(now: now), now: now)
            case .signal: result += perform(secure.transitionalSignal(now: now), now: now)
            case .install(let view): result += perform(secure.membership(view, now: now), now: now)
            case .deliver(let sender, let service, let isPrivate, let payload):
                result += perform(
                    secure.data(from: sender, service: service, isPrivate: isPrivate, payload: payload, now: now),
                    now: now)
            case .refuse(let error, let sender): result.append(problem(.flush(error), about: sender))
            case .ignore: break
            case .reportNotAdmitted(let error): result.append(problem(.flush(error), about: nil))
            case .rejoinExcluded: result += end(.rejoin(.excluded))
            case .endReplaced: result += end(.replaced)
            }
        }
        return result
    }

    private mutating func perform(_ actions: [SecureGroupAction], now: UInt64) -> [GroupAction] {
        var result: [GroupAction] = []
        #if SIMULATION
            observe?(.answered(actions), secure)
        #endif
        for action in actions where !isOver {
            meter.watch(action, now: now)
            #if SIMULATION
                observe?(.carriedOut(action), secure)
            #endif
            switch action {
            case .send(let payload, let service, let destination):
                result += throughFlush(now: now) { (flush) throws(FlushError) in
                    try flush.send(payload, service: service, to: destination)
                }
            case .flushOk:
                result += throughFlush(now: now) { (flush) throws(FlushError) in try flush.acknowledge(now: now) }
            case .deliverFlushRequest: result += deliverFlushRequest(now: now)
            case .deliverTransitionalSignal: result.append(.event(.transitionalSignal))
            case .secureViewInstalled(_, let members): result += shareKey(members)
            case .deliverView(let view): result += deliver(view)
            case .deliverMessage(let sender, let service, let isPrivate, let payload):
                guard let member = member(sender) else { continue }
                result.append(
                    .event(.message(sender: member, service: service, isPrivate: isPrivate, payload: payload)))
            case .refused(let error, let sender): result.append(problem(.secureGroup(error), about: sender))
            case .ignored: break
            case .leaveAndRejoin(let error), .failed(let error): result += end(.rejoin(.secureGroup(error)))
            }
        }
        return result
    }

    private mutating func throughFlush(
        now: UInt64, _ call: (inout FlushMachine) throws(FlushError) -> [FlushAction]
    ) -> [GroupAction] {
        do throws(FlushError) {
            return perform(try call(&flush), now: now)
        } catch {
            #if SIMULATION
                observe?(.refusedByFlush(error), secure)
            #endif
            return [problem(.flush(error), about: nil)]
        }
    }

    private mutating func deliverFlushRequest(now: UInt64) -> [GroupAction] {
        let event = GroupAction.event(.flushRequest)
        guard answersFlushRequests else { return [event] }
        do throws(SecureGroupError) {
            return [event] + (try acknowledgeFlush(now: now))
        } catch {
            return [event, problem(.secureGroup(error), about: nil)]
        }
    }

    private mutating func shareKey(_ members: [UInt64]) -> [GroupAction] {
        do throws(SecureGroupError) {
            flush.secureViewInstalled(members: members, key: try secure.flushControlKey())
            return []
        } catch {
            return end(.rejoin(.secureGroup(error)))
        }
    }

    private mutating func deliver(_ view: SecureView) -> [GroupAction] {
        do throws(SecureGroupError) {
            let exporter = try secure.export(label: [UInt8]("conclave exporter".utf8), context: [], count: 32)
            let installed = InstalledSecureView(
                view: view, ownID: secure.id, previousMembers: currentView?.members ?? [], exporter: exporter)
            currentView = view
            return [.event(.view(installed))]
        } catch {
            return end(.rejoin(.secureGroup(error)))
        }
    }

    private mutating func end(_ action: GroupAction) -> [GroupAction] {
        isOver = true
        switch action {
        case .rejoin(let problem):
            meter.counters.note(problem)
            meter.note(.rejoining(problem))
        case .replaced: meter.note(.replaced)
        case .multicast, .unicast, .event: break
        }
        return [action]
    }

    private mutating func problem(_ problem: GroupProblem, about sender: UInt64?) -> GroupAction {
        let subject = sender.flatMap { member($0) }
        meter.counters.note(problem)
        meter.note(.refused(problem, about: subject))
        return .event(.problem(problem, about: subject))
    }

    private func member(_ id: UInt64) -> Member? {
        currentView?.members.first { $0.id == id } ?? flush.view?.members.first { $0.id == id }
    }
}

#if SIMULATION
    extension GroupEngine {
        /// Lends both machines to the simulator.
        func withMachines<R>(_ body: (borrowing FlushMachine, borrowing SecureGroup) -> R) -> R { body(flush, secure) }
    }
#endif
