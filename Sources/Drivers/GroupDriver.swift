internal import CPlatform
public import Flush
public import Primitives
public import SecureGroup

/// A membership with its transport: the event loop's side of a group. Nothing blocks but `wait`.
public final class GroupDriver {
    private enum Phase {
        case running
        /// Cut off from the group; it connects again at this time.
        case rejoining(at: UInt64)
        /// Leaving: what was accepted is still being sent.
        case leaving
        case over(GroupEnd)
    }

    /// Pauses before joining again, in milliseconds: doubled each time, until a view is installed.
    private static let firstPause: UInt64 = 100
    private static let longestPause: UInt64 = 10_000

    private let source: TransportSource
    /// The group's name.
    public let group: String
    let identity: Identity
    var options: GroupDriverOptions
    private let entropy: Entropy
    private let epoll: Descriptor
    /// Ends a wait from outside.
    public let waker: Waker
    private var trust: TrustStore
    private var transport: Transport
    var engine: GroupEngine
    var ledger = GroupLedger()
    private var phase = Phase.running
    private var pause = GroupDriver.firstPause
    private var watched: UInt32 = 0
    private var outgoing = OutgoingMessages()
    private(set) var events = EventQueue<GroupDriverEvent>()
    /// Whether the transport may hold events that were read and not taken.
    private var hasBacklog = false
    /// Whether a call other than `process` has queued an event: nothing else would tell a loop to look for it.
    private var hasUntold = false

    /// Connects and asks to join.
    public static func join(
        _ source: TransportSource, group: String, identity: Identity, trust: TrustStore, options: GroupDriverOptions
    ) throws(GroupDriverError) -> GroupDriver {
        guard let waker = Waker() else { throw .system(errno: conclave_errno()) }
        guard let epoll = Descriptor(taking: epoll_create1(Int32(EPOLL_CLOEXEC))) else {
            throw .system(errno: conclave_errno())
        }
        let entropy = Entropy.system()
        do throws(TransportError) {
            let transport = try open(source, group, options)
            let engine = try engine(group, identity, trust, options, entropy)
            return GroupDriver(
                source, group, identity, trust, options, entropy, epoll, waker, transport, engine)
        } catch {
            throw .transport(error)
        }
    }

    private init(
        _ source: TransportSource, _ group: String, _ identity: Identity, _ trust: TrustStore,
        _ options: GroupDriverOptions, _ entropy: Entropy, _ epoll: consuming Descriptor, _ waker: Waker,
        _ transport: Transport, _ engine: consuming GroupEngine
    ) {
        self.source = source
        self.group = group
        self.identity = identity
        self.trust = trust
        self.options = options
        self.entropy = entropy
        self.epoll = epoll
        self.waker = waker
        self.transport = transport
        self.engine = engine
        watch()
    }

    private static func open(
        _ source: TransportSource, _ group: String, _ options: GroupDriverOptions
    ) throws(TransportError) -> Transport {
        try Transport.open(source, group: [UInt8](group.utf8), queueLimit: options.sendQueueBytes)
    }

    /// A membership that has sent nothing yet, with an incarnation of its own.
    private static func engine(
        _ group: String, _ identity: Identity, _ trust: TrustStore, _ options: GroupDriverOptions, _ entropy: Entropy
    ) throws(TransportError) -> GroupEngine {
        let id: UInt64
        do throws(PrimitivesError) { id = try entropy.nonzeroUInt64() } catch { throw .system(errno: EIO) }
        var engine = GroupEngine(
            group: group, suite: options.suite, algorithm: options.algorithm, identity: identity, id: id, trust: trust,
            answersFlushRequests: options.answersFlushRequests, flushLimits: options.flushLimits,
            secureLimits: options.secureLimits, entropy: entropy)
        engine.threads = options.threads
        return engine
    }

    // MARK: - Queries

    /// Readable whenever `process` has something to do.
    public var descriptor: Int32 { epoll.number }

    /// When `process` must be called at the latest; nil: not before the descriptor is readable.
    public var deadline: UInt64? {
        if hasUntold { return 0 }
        switch phase {
        case .over: return nil
        case .rejoining(let time): return time
        case .running, .leaving:
            if hasBacklog, !isCongested { return 0 }
            guard let transportDeadline = transport.deadline else { return engine.deadline }
            return min(transportDeadline, engine.deadline ?? transportDeadline)
        }
    }

    /// This member's id.
    public var id: UInt64 { engine.id }

    /// This member's name.
    public var name: String { identity.name }

    /// Whom the group waits for just now.
    public var waitingFor: [Member] {
        if case .over = phase { return [] }
        return engine.waitingFor
    }

    /// What the agreements have cost.
    public var counters: GroupCounters { ledger.total(engine.counters) }

    /// Bytes that wait to be sent.
    var queuedBytes: Int { outgoing.byteCount + transport.queuedBytes }

    private var isCongested: Bool { events.byteCount >= options.eventQueueBytes }

    // MARK: - The event loop's side

    /// Does what is to be done, without blocking.
    public func process(now: UInt64) {
        // Whoever processes fetches events next.
        defer { hasUntold = false }
        switch phase {
        case .over: return
        case .rejoining(let time):
            guard now >= time else { return }
            connectAgain(now: now)
        case .running, .leaving: break
        }
        transport.process(now: now)
        takeTransportEvents(now: now)
        if isActive { carryOut(engine.settle(now: now), now: now) }
        if isActive, let deadline = engine.deadline, now >= deadline { carryOut(engine.tick(now: now), now: now) }
        sendWaiting()
        watch()
    }

    /// The next event, or nil.
    public func nextEvent() -> GroupDriverEvent? {
        let event = events.removeFirst()
        if events.isEmpty { hasUntold = false }
        // The transport was left alone while too much waited here: look at it again.
        if event != nil, hasBacklog || transport.isReadingPaused, !isCongested { watch() }
        return event
    }

    /// Processes and waits until there is an event; nil after the timeout (milliseconds; nil: without end) or when
    /// woken.
    public func wait(timeout: UInt64?) -> GroupWaitOutcome {
        let start = conclave_monotonic_milliseconds()
        while true {
            let now = conclave_monotonic_milliseconds()
            process(now: now)
            if let event = nextEvent() { return .event(event) }
            if waker.takeBack() { return .woken }
            if case .over(let reason) = phase { return .over(reason) }
            var pause = timeout.map { $0 > now - start ? $0 - (now - start) : 0 }
            if pause == 0 { return .timedOut }
            if let deadline {
                let until = deadline > now ? deadline - now : 0
                pause = min(pause ?? until, until)
            }
            waker.wait(orReadable: epoll.number, milliseconds: pause)
        }
    }

    private var isActive: Bool {
        switch phase {
        case .running, .leaving: return true
        case .rejoining, .over: return false
        }
    }

    private func takeTransportEvents(now: UInt64) {
        hasBacklog = true
        while isActive, !isCongested {
            guard let event = transport.nextEvent() else {
                hasBacklog = false
                return
            }
            switch event {
            case .attached(let connection): engine.attached(connection: connection, now: now)
            case .configuration(let id, let members, let transitional):
                carryOut(
                    engine.configurationChanged(id: id, members: members, transitional: transitional, now: now),
                    now: now)
            case .message(let sender, let bytes):
                ledger.received.note(bytes.count)
                carryOut(engine.received(bytes, from: sender, now: now), now: now)
            case .lost(let error): finish(error, now: now)
            }
        }
    }

    private func finish(_ error: TransportError, now: UInt64) {
        switch (phase, error) {
        case (.leaving, .detached): end(.asked)
        case (.running, .lost) where transport.isRestored: rejoin(because: .disconnected, now: now)
        default: end(.transport(error))
        }
    }

    private func end(_ reason: GroupEnd) {
        phase = .over(reason)
        outgoing = OutgoingMessages()
        // A connection that is kept and not read would hold up the others.
        unwatch()
        transport.close()
        tell(.left(reason), bytes: 0)
    }

    private func tell(_ event: GroupDriverEvent, bytes: Int) {
        events.append(event, bytes: bytes)
        hasUntold = true
    }

    private func carryOut(_ actions: [GroupAction], now: UInt64) {
        for action in actions where isActive {
            switch action {
            case .multicast(let bytes): outgoing.append(bytes[...], to: nil)
            case .unicast(let connection, let bytes): outgoing.append(bytes[...], to: connection)
            case .event(let event):
                if case .view = event { pause = Self.firstPause }
                tell(.group(event), bytes: event.byteCount)
            case .rejoin(let problem): rejoin(because: problem, now: now)
            case .replaced: end(.replaced)
            }
        }
    }

    // MARK: - Sending

    /// Hands what waits to the transport, in order, as far as it takes it.
    private func sendWaiting() {
        while isActive, let message = outgoing.first {
            let outcome =
                message.connection.map { transport.unicast(message.bytes, to: $0) }
                ?? transport.multicast(message.bytes)
            switch outcome {
            case .queued:
                ledger.sent.note(message.bytes.count)
                outgoing.removeFirst()
            case .noDestination: outgoing.removeFirst()
            case .tooLarge:
                outgoing.removeFirst()
                let (size, limit) = (message.bytes.count, transport.payloadLimit)
                tell(.group(.problem(.messageExceedsTransport(size: size, limit: limit), about: nil)), bytes: 64)
            case .queueFull, .notAttached:
                transport.writeQueued()
                guard transport.canSend(byteCount: message.bytes.count) else { return }
            }
        }
        guard isActive else { return }
        if case .leaving = phase, outgoing.isEmpty { transport.detach() }
        transport.writeQueued()
    }

    /// Sends a message to all members of the secure view, or to one.
    public func send(
        _ payload: [UInt8], service: Service, to destination: UInt64?, now: UInt64
    ) throws(GroupDriverError) {
        try requireRunning()
        guard queuedBytes < options.sendQueueBytes else { throw .queueFull }
        let actions: [GroupAction]
        do throws(SecureGroupError) {
            actions = try engine.send(payload, service: service, to: destination, now: now)
        } catch {
            throw .secureGroup(error)
        }
        finishCall(actions, now: now)
    }

    /// Acknowledges a flush request.
    public func acknowledgeFlush(now: UInt64) throws(GroupDriverError) {
        try requireRunning()
        let actions: [GroupAction]
        do throws(SecureGroupError) {
            actions = try engine.acknowledgeFlush(now: now)
        } catch {
            throw .secureGroup(error)
        }
        finishCall(actions, now: now)
    }

    /// Asks for a new view with the same members and a new key.
    public func refresh(now: UInt64) throws(GroupDriverError) {
        try requireRunning()
        finishCall(engine.refresh(now: now), now: now)
    }

    /// Replaces the accepted keys.
    public func setTrust(_ trust: TrustStore, now: UInt64) throws(GroupDriverError) {
        if case .over(let reason) = phase { throw .over(reason) }
        self.trust = trust
        if isActive { finishCall(engine.setTrust(trust, now: now), now: now) }
    }

    /// Leaves: what was accepted is sent, then the end is told.
    public func leave() throws(GroupDriverError) {
        switch phase {
        case .leaving: throw .over(.asked)
        case .over(let reason): throw .over(reason)
        case .rejoining:
            end(.asked)
        case .running:
            phase = .leaving
            sendWaiting()
            watch()
        }
    }

    private func requireRunning() throws(GroupDriverError) {
        switch phase {
        case .running: return
        case .rejoining: throw .secureGroup(.noSecureView)
        case .leaving: throw .over(.asked)
        case .over(let reason): throw .over(reason)
        }
    }

    private func finishCall(_ actions: [GroupAction], now: UInt64) {
        carryOut(actions, now: now)
        sendWaiting()
        watch()
    }

    // MARK: - Connecting again

    private func rejoin(because problem: GroupProblem, now: UInt64) {
        tell(.group(.problem(problem, about: nil)), bytes: 64)
        outgoing = OutgoingMessages()
        unwatch()
        transport.close()
        if case .leaving = phase { return end(.asked) }
        pauseBeforeRejoining(now: now)
    }

    private func pauseBeforeRejoining(now: UInt64) {
        phase = .rejoining(at: now &+ pause)
        pause = min(pause &* 2, Self.longestPause)
    }

    private func connectAgain(now: UInt64) {
        do throws(TransportError) {
            transport = try Self.open(source, group, options)
            let level = noteLevel
            ledger.close(&engine)
            engine = try Self.engine(group, identity, trust, options, entropy)
            noteLevel = level
            phase = .running
            watched = 0
            watch()
        } catch {
            guard case .noDaemon = error, transport.isRestored else { return end(.transport(error)) }
            pauseBeforeRejoining(now: now)
        }
    }

    // MARK: - Watching

    /// Keeps epoll's interest equal to the transport's.
    private func watch() {
        guard isActive else { return unwatch() }
        transport.isReadingPaused = isCongested
        let wanted = transport.wantedEvents
        guard wanted != watched else { return }
        let operation = watched == 0 ? EPOLL_CTL_ADD : wanted == 0 ? EPOLL_CTL_DEL : EPOLL_CTL_MOD
        if conclave_epoll_set(epoll.number, Int32(operation), transport.descriptor, wanted, 0) == 0 {
            watched = wanted
        }
    }

    private func unwatch() {
        guard watched != 0 else { return }
        _ = conclave_epoll_set(epoll.number, Int32(EPOLL_CTL_DEL), transport.descriptor, 0, 0)
        watched = 0
    }
}
