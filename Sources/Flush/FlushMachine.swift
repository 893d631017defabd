public import Primitives

/// Times that the Flush layer keeps, in milliseconds; 0 means never.
public struct FlushLimits: Equatable, Sendable {
    /// After this long, whoever has not acknowledged is proposed for exclusion (decision 14).
    public var flushTimeout: UInt64
    /// After this long without a view, a newcomer is told that nobody has admitted it.
    public var admissionTimeout: UInt64
    /// When what is still waited for is first asked again by repeating one's own messages; then ever more rarely.
    public var repeatInterval: UInt64

    public init(flushTimeout: UInt64 = 30_000, admissionTimeout: UInt64 = 10_000, repeatInterval: UInt64 = 1_000) {
        self.flushTimeout = flushTimeout
        self.admissionTimeout = admissionTimeout
        self.repeatInterval = repeatInterval
    }
}

/// Admission, and virtual synchrony on top of extended virtual synchrony (the Flush library of §6.3; decisions 12 to
/// 15).
///
/// The transport delivers configurations and, in one total order for all who move together, messages. From these the
/// machine makes VS views: a flush request, an acknowledgement that follows everything sent in the old view, and a view
/// that all its members install at the same place in the total order, when the last acknowledgement it needs is
/// delivered.
///
/// ```
///  attached
///     │ configuration
///     ▼                view (message)                 lost member, hello, acknowledgement,
///  joining ───────────────────────────► steady ◄─┐    requestFlush, setTrust
///     ▲                                   │      │ view (message)
///     │                                   ▼      │
///     │                               requested ──────► acknowledged
///     │                                      acknowledge
///  (newcomers acknowledge implicitly)
///
///  any state: an exclusion of this member, or a newer incarnation of its key ──► over
/// ```
///
/// Who is in a view is computed by `ViewComposition` from hellos and acknowledgements alone, the same at every member.
public struct FlushMachine: ~Copyable {
    enum State: Equatable {
        /// The transport has not given a connection yet.
        case detached
        /// In no view: a newcomer, which acknowledges without being asked.
        case joining(Waiting)
        /// In a view, nothing asked.
        case steady
        /// Asked the layer above; it has not answered.
        case requested(Waiting)
        /// The layer above has answered; waiting for the others.
        case acknowledged(Waiting)
        /// Excluded or replaced: nothing happens any more.
        case over
    }

    /// Since when something is awaited, and what was sent about it.
    struct Waiting: Equatable {
        var since: UInt64
        var nextRepeat: UInt64
        /// How often it was repeated; each time the pause doubles, up to sixteen times the interval.
        var repeats: UInt64 = 0
        var sent: FlushAcknowledgement? = nil
        /// Connections that did their part in an earlier configuration and must do it again in this one: the time of
        /// the others is not theirs.
        var spared: [UInt64] = []
    }

    /// The VS view this member is in.
    struct Installed: Equatable {
        let view: FlushView
        /// Members that no longer move together with this one.
        var gone: [UInt64] = []
        var hasSignalled = false
        var queue = DeliveryQueue()

        func member(at connection: UInt64) -> Member? { view.members.first { $0.connection == connection } }
        var staying: [Member] { view.members.filter { !gone.contains($0.id) } }
    }

    /// Somebody accepted who nevertheless did not come into the view: no reason to flush again until that changes.
    struct Considered: Equatable {
        let id: UInt64
        let acceptedUs: Bool
    }

    let group: [UInt8]
    let suite: UInt16
    let algorithm: UInt8
    let identity: Identity
    let id: UInt64
    let limits: FlushLimits
    let entropy: Entropy
    var trust: TrustStore
    var state = State.detached
    var connection: UInt64 = 0
    var configuration = Configuration(id: 0, members: [])
    var installed: Installed? = nil
    var lineage = [UInt8](repeating: 0, count: FlushWire.hashSize)
    var highestCounter: UInt64 = 0
    var considered: [Considered] = []
    var key: FlushKey? = nil
    /// The VS view with which the last secure view was installed above.
    var secureView: ViewIdentifier? = nil
    /// The hello of this configuration, kept to be repeated.
    var ownHello: [UInt8] = []
    /// Until when a newcomer waits for the hellos of all who are connected.
    var hearingUntil: UInt64? = nil
    /// When the newcomer is told that nobody has admitted it; nil once told or admitted.
    var admissionDeadline: UInt64? = nil
    /// When unstable safe messages are acknowledged once more.
    var nextStabilityRepeat: UInt64? = nil
    /// Since when nothing has become stable, as `tick` has seen it; nil while nothing waits.
    var unstableSince: UInt64? = nil

    /// A machine for one membership; `id` is its incarnation, random and not zero. `suite` and `algorithm` are numbers
    /// of the layer above, which all members must have in common.
    public init(
        group: String, suite: UInt16, algorithm: UInt8, identity: Identity, id: UInt64, trust: TrustStore,
        limits: FlushLimits, entropy: Entropy
    ) {
        self.group = [UInt8](group.utf8)
        self.suite = suite
        self.algorithm = algorithm
        self.identity = identity
        self.id = id
        self.trust = trust
        self.limits = limits
        self.entropy = entropy
    }

    // MARK: - Queries

    /// The view this member is in.
    public var view: FlushView? { installed?.view }

    /// Whether `send` is possible now.
    public var canSend: Bool {
        switch state {
        case .steady, .requested: return installed != nil
        case .detached, .joining, .acknowledged, .over: return false
        }
    }

    /// When `tick` must be called at the latest.
    public var deadline: UInt64? {
        var earliest: UInt64? = nil
        func consider(_ time: UInt64) { earliest = min(earliest ?? time, time) }
        if let time = admissionDeadline { consider(time) }
        if let time = hearingUntil { consider(time) }
        if let time = nextStabilityRepeat { consider(time) }
        switch state {
        case .detached, .steady, .over: break
        case .requested: break
        case .joining(let waiting), .acknowledged(let waiting):
            consider(waiting.nextRepeat)
            if limits.flushTimeout > 0 { consider(waiting.since &+ limits.flushTimeout) }
        }
        return earliest
    }

    /// Whom the group waits for, as far as this member can see: those whose acknowledgement, or hello, is missing;
    /// itself when its own application has not answered a flush request.
    public var waitingFor: [Member] {
        switch state {
        case .detached, .steady, .over: return []
        case .joining, .acknowledged: return missing().compactMap { member(at: $0) }
        case .requested:
            return (installed?.member(at: connection).map { [$0] } ?? []) + missing().compactMap { member(at: $0) }
        }
    }

    // MARK: - Events from above

    /// The transport gave this member a connection; its first configuration follows.
    public mutating func attached(connection: UInt64, now: UInt64) {
        guard case .detached = state else { return }
        self.connection = connection
        state = .joining(Waiting(since: now, nextRepeat: now &+ limits.repeatInterval))
        hearingUntil = now &+ limits.repeatInterval
        if limits.admissionTimeout > 0 { admissionDeadline = now &+ limits.admissionTimeout }
    }

    /// flush_ok_msg from above: nothing more will be sent in this view.
    public mutating func acknowledge(now: UInt64) throws(FlushError) -> [FlushAction] {
        guard case .requested(var waiting) = state else { throw .noFlushRequest }
        waiting.nextRepeat = now &+ limits.repeatInterval
        state = .acknowledged(waiting)
        return settle(now: now)
    }

    /// Sends a message of the layer above in the present view, to all or to one member.
    public mutating func send(
        _ payload: [UInt8], service: Service, to destination: UInt64? = nil
    ) throws(FlushError) -> [FlushAction] {
        guard let installed else { throw .noView }
        guard canSend else { throw .flushPending }
        let message = DataMessage(
            view: installed.view.id, service: service, destination: destination ?? 0, payload: payload)
        guard let destination else { return [.multicast(message.written())] }
        guard let member = installed.view.members.first(where: { $0.id == destination }) else { throw .unknownMember }
        return [.unicast(connection: member.connection, bytes: message.written())]
    }

    /// Asks for a new view even though nobody came or went (a refresh).
    public mutating func requestFlush(now: UInt64) -> [FlushAction] { startFlush(now: now) }

    /// Replaces the accepted keys. Who is no longer accepted is left out of the next view, which is asked for at once;
    /// who is accepted now and waits is let in.
    public mutating func setTrust(_ trust: TrustStore, now: UInt64) -> [FlushAction] {
        self.trust = trust
        considered = []
        guard let installed else { return settle(now: now) }
        let expelled = installed.staying.contains { !isAccepted($0.publicKey) }
        return (expelled ? startFlush(now: now) : startFlushIfSomebodyWaits(now: now)) + settle(now: now)
    }

    /// A secure view was installed above: from now on its members authenticate control messages to each other by codes
    /// under `key`.
    public mutating func secureViewInstalled(members: [UInt64], key: consuming SecretBytes) {
        self.key = FlushKey(members: members, key: key)
        secureView = installed?.view.id
    }

    // MARK: - Starting a flush

    /// Asks the layer above, unless it was asked already.
    mutating func startFlush(now: UInt64) -> [FlushAction] {
        switch state {
        case .steady:
            state = .requested(Waiting(since: now, nextRepeat: now &+ limits.repeatInterval))
            return [.requestFlush]
        case .detached, .joining, .requested, .acknowledged, .over:
            return []
        }
    }

    /// Starts a flush when an accepted connection waits that the present view was not computed with.
    mutating func startFlushIfSomebodyWaits(now: UInt64) -> [FlushAction] {
        guard case .steady = state, let installed else { return [] }
        let somebody = configuration.peers.contains { peer in
            guard installed.member(at: peer.connection) == nil, isAccepted(peer.hello.publicKey) else { return false }
            // It cannot come in while a member with another key holds its name.
            if installed.staying.contains(where: { $0.name == peer.hello.name && $0.publicKey != peer.hello.publicKey })
            {
                return false
            }
            let acceptsUs = peer.accepts(connection: connection)
            return !considered.contains { $0.id == peer.id && ($0.acceptedUs || !acceptsUs) }
        }
        return somebody ? startFlush(now: now) : []
    }

    func isAccepted(_ publicKey: [UInt8]) -> Bool {
        publicKey == identity.publicKey || trust.contains(publicKey) || isBroken(.admissionIsSkipped)
    }

    func member(at connection: UInt64) -> Member? {
        configuration.peer(connection)?.member ?? installed?.member(at: connection)
    }
}
