public import Primitives

/// Bounds that the Flush layer keeps. Times are in milliseconds; 0 means never.
public struct FlushLimits: Equatable, Sendable {
    /// After this long, whoever has not acknowledged is proposed for exclusion (decision 14).
    public var flushTimeout: UInt64
    /// After this long without a view, a newcomer is told that nobody has admitted it.
    public var admissionTimeout: UInt64
    /// When what is still waited for is first asked again by repeating one's own messages; then ever more rarely.
    public var repeatInterval: UInt64
    /// How many bytes may wait behind a safe message that somebody has not confirmed, before a flush finds out who.
    public var waitingLimit: Int

    public init(
        flushTimeout: UInt64 = 30_000, admissionTimeout: UInt64 = 10_000, repeatInterval: UInt64 = 1_000,
        waitingLimit: Int = 64 << 20
    ) {
        self.flushTimeout = flushTimeout
        self.admissionTimeout = admissionTimeout
        self.repeatInterval = repeatInterval
        self.waitingLimit = waitingLimit
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
        var sent: SentAcknowledgement? = nil
        /// Connections that did their part in an earlier configuration and must do it again in this one: the time of
        /// the others is not theirs.
        var spared = PlaceIndex()
    }

    /// The acknowledgement that was sent last in this configuration, to be repeated, or sent anew when it differs.
    struct SentAcknowledgement: Equatable {
        let view: ViewIdentifier?
        let secureView: ViewIdentifier?
        let highestCounter: UInt64
        let heard: UInt16
        /// Places of those accepted.
        let accepted: PlaceSet
    }

    /// The VS view this member is in.
    struct Installed: Equatable {
        let view: FlushView
        /// When it was installed.
        let since: UInt64
        private let connections: PlaceIndex
        private let ids: PlaceIndex
        /// Places in the view of members that still move together with this one.
        private(set) var staying: PlaceSet
        /// Places in the view of members whose key this member accepts.
        var trusted = PlaceSet()
        /// Places in the view of members that have introduced themselves in the present configuration.
        var introduced = PlaceSet()
        var hasSignalled = false
        /// Whether nobody has come into the configuration since: who is left has got the same messages in this view.
        var isUndisturbed = true
        var queue = DeliveryQueue()
        /// The configuration in which the last safe message came after the signal.
        var lastLateSafeMessage: UInt64? = nil

        init(view: FlushView, since: UInt64) {
            self.view = view
            self.since = since
            connections = PlaceIndex(view.members.map { $0.connection })
            ids = PlaceIndex(view.members.map { $0.id })
            staying = PlaceSet(below: view.members.count)
        }

        func place(at connection: UInt64) -> Int? { connections.place(of: connection) }
        func place(of id: UInt64) -> Int? { ids.place(of: id) }
        func member(at connection: UInt64) -> Member? { place(at: connection).map { view.members[$0] } }
        func member(_ id: UInt64) -> Member? { place(of: id).map { view.members[$0] } }
        var hasLost: Bool { staying != PlaceSet(below: view.members.count) }
        mutating func lose(_ place: Int) { staying.remove(place) }
    }

    let group: [UInt8]
    let suite: UInt16
    let algorithm: UInt8
    let identity: Identity
    let id: UInt64
    let limits: FlushLimits
    let entropy: Entropy
    private(set) var trust: TrustStore
    var state = State.detached
    var connection: UInt64 = 0
    var configuration = Configuration(id: 0, members: [])
    var installed: Installed? = nil
    var lineage = [UInt8](repeating: 0, count: FlushWire.hashSize)
    var highestCounter: UInt64 = 0
    /// Places in the configuration of those whose key this member accepts.
    var trusted = PlaceSet()
    /// Places in the configuration of connections that are in the view.
    var insiders = PlaceSet()
    /// Incarnations of those accepted whom the view went on without for their silence.
    var silent: [UInt64] = []
    /// When those who were silent as the view came are asked once more, and those who have not introduced themselves;
    /// nil when there are none.
    var nextReconsideration: UInt64? = nil
    /// How often they were asked in vain since the configuration or the trust changed.
    var reconsiderations: UInt64 = 0
    var key: FlushKey? = nil
    /// The key before it: what was sent under it may still be under way.
    var formerKey: FlushKey? = nil
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
        if let time = nextReconsideration, state == .steady { consider(time) }
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

    /// flush_ok_msg from above: nothing more will be sent in this view. A request may come in one step with the end of
    /// this member, which a newer incarnation replaces: then nobody waits for the answer.
    public mutating func acknowledge(now: UInt64) throws(FlushError) -> [FlushAction] {
        if case .over = state { return [.ignore(.notAwaited)] }
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
            view: installed.view.id, service: service, destination: destination ?? 0, payload: payload[...])
        guard let destination else { return [.multicast(message.written())] }
        guard let member = installed.member(destination) else { throw .unknownMember }
        return [.unicast(connection: member.connection, bytes: message.written())]
    }

    /// Asks for a new view even though nobody came or went (a refresh).
    public mutating func requestFlush(now: UInt64) -> [FlushAction] { startFlush(now: now) }

    /// Replaces the accepted keys. Who is no longer accepted is left out of the next view, which is asked for at once;
    /// who is accepted now and waits is let in.
    public mutating func setTrust(_ trust: TrustStore, now: UInt64) -> [FlushAction] {
        self.trust = trust
        silent = []
        reconsiderations = 0
        relateConfiguration()
        relateView()
        return startFlushIfSomebodyWaits(now: now) + settle(now: now)
    }

    /// A secure view was installed above: from now on its members authenticate control messages to each other by codes
    /// under `key`.
    public mutating func secureViewInstalled(members: [UInt64], key: consuming SecretBytes) {
        formerKey = self.key
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

    /// Starts a flush when a member of the view is accepted no longer, when a connection outside is accepted that was
    /// not before, or one that this view can become one with, and when one asks that waits to be told.
    mutating func startFlushIfSomebodyWaits(now: UInt64) -> [FlushAction] {
        guard case .steady = state, let installed else { return [] }
        guard installed.staying.isSubset(of: installed.trusted) else { return startFlush(now: now) }
        guard let own = configuration.place(of: connection) else { return [] }
        let companions = configuration.companions(of: own)
        let statement = configuration.peers[own].statement
        var outside = trusted.subtracting(companions)
        outside.subtract(insiders)
        outside.subtract(configuration.outdated(by: companions))
        // Of two who did not accept each other, neither can know that the other does now, unless it says so.
        var news = outside.subtracting(statement?.acceptance.accepted ?? PlaceSet())
        news.formIntersection(PlaceSet(below: statement?.heard ?? 0))
        guard news.isEmpty else { return startFlush(now: now) }
        // Who is accepted no longer, but was when this was last said, is to hear of it if it matters.
        var accepted = statement?.acceptance.accepted ?? PlaceSet()
        accepted.formUnion(trusted)
        var reachable = accepted.subtracting(companions)
        reachable.subtract(insiders)
        reachable.subtract(configuration.outdated(by: companions))
        let canMeet = reachable.places.contains { place in
            let others = configuration.companions(of: place)
            return !isSilent(others) && configuration.canMeet(companions, others, own: (own, accepted))
        }
        return canMeet || configuration.isAsked(own, by: outside) ? startFlush(now: now) : []
    }

    /// Whether the view went on without some of these for their silence, and they have not said anything since.
    private func isSilent(_ others: PlaceSet) -> Bool {
        !silent.isEmpty
            && others.subtracting(configuration.acknowledged).places.contains { place in
                silent.contains(configuration.peers[place].id)
            }
    }

    // MARK: - Who is who

    /// Notes of a peer that has just introduced itself whether it is accepted, and in the view.
    mutating func relate(_ place: Int) {
        let introduction = configuration.peers[place].introduction
        if isAccepted(introduction.member.publicKey) { trusted.insert(place) }
        guard let member = installed?.place(at: introduction.member.connection) else { return }
        insiders.insert(place)
        installed?.introduced.insert(member)
    }

    /// The same for all peers: after the configuration, the view or the trust has changed.
    mutating func relateConfiguration() {
        trusted = PlaceSet()
        insiders = PlaceSet()
        installed?.introduced = PlaceSet()
        for place in configuration.peers.indices { relate(place) }
    }

    /// Notes whom of the view this member accepts.
    mutating func relateView() {
        var trusted = PlaceSet()
        for (place, member) in (installed?.view.members ?? []).enumerated() where isAccepted(member.publicKey) {
            trusted.insert(place)
        }
        installed?.trusted = trusted
    }

    func isAccepted(_ publicKey: [UInt8]) -> Bool {
        publicKey == identity.publicKey || trust.contains(publicKey) || isBroken(.admissionIsSkipped)
    }

    func member(at connection: UInt64) -> Member? {
        configuration.peer(connection)?.member ?? installed?.member(at: connection)
    }
}
