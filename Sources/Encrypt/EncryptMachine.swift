public import Primitives

/// The encryption of one cluster for one start of one member: an event goes in, with the time, and actions come out. It
/// works over any messaging system that says who is connected and in which order; whether that is true decides who gets
/// on with whom, never who gets a key.
///
/// ```
///                       the host view's first member is …
///              ┌──────────────────┬─────────────────────────────┐
///   start      │ another, not in  │ another, of the             │ this member
///     │        │ the view         │ installed view              │
///     ▼        ▼                  ▼                             ▼
///   idle ─► introducing ─view─► following ◄──host view──► coordinating
///              join request ─►    ▲  │ lacks the key:         challenge, refusal
///              ◄─ challenge       │  │ key request ─►         compose: fresh secret, counter + 1
///              answer ─►          └──┘ ◄─ view                push: wraps and members, in signed parts
///
///   any state: leave ─► left: leave request ─► everybody; nothing is opened or sealed any more
/// ```
///
/// A view is installed when its coordinator is that of the host view, its counter is greater than the installed one's,
/// and each of its members is authentic and admitted by this member's own policy. What is refused changes nothing.
public struct EncryptMachine: ~Copyable {
    /// What this member is to the others.
    enum State {
        /// Not started.
        case idle
        /// In no view of the host view's coordinator: asks to be let in.
        case introducing(Introducing)
        /// In a view with the host view's coordinator: installs what it pushes.
        case following(Following)
        /// Is the host view's coordinator: composes the views.
        case coordinating(Coordination)
        /// Has left.
        case left(Leaving)
    }

    /// Asking to be let in.
    struct Introducing {
        /// Whom: an address, or everybody while no host view is known.
        var coordinator: [UInt8]?
        var nextRequest: UInt64
        /// How many requests there were; each time the pause doubles, up to sixteen times the interval.
        var requests = 0
    }

    /// Waiting for the pushes of a coordinator that is in the installed view.
    struct Following {
        var coordinator: EncryptMember
        /// When to ask; nil while nothing seems to be missing.
        var askAt: UInt64?
        /// Whether it is known, not only suspected, that there is another view.
        var isDue = false
        /// How often it was asked since the last view: key requests and join requests take turns, because the
        /// coordinator may not know this member (any more).
        var asks = 0
        /// What the last push had by digest only, and is not known here.
        var missing = KeyRequest.Missing.these([])
    }

    /// Telling the others that this member has left.
    struct Leaving {
        var request: [UInt8]
        var nextRepeat: UInt64?
        var repeats = 0
    }

    /// The view this member is in.
    struct Installed {
        let view: EncryptView
        /// What its keys follow from; kept so that it can be wrapped again, and stay when a rule says so.
        let secret: SharedSecret
        /// The identifier of the key in the key store; empty in the asymmetric protocol.
        let keyIdentifier: [UInt8]
        /// When all members were last looked up in the policy; nil when it has changed since.
        var admittedAt: UInt64?
    }

    /// A member that has asked to leave while the host view still has its address.
    struct Departed {
        let member: EncryptMember
        /// Its signed request, for a coordinator that seems not to have got it.
        let request: [UInt8]
    }

    /// A record of an epoch that may still come.
    struct WaitingRecord {
        let bytes: [UInt8]
        let headers: [UInt8]
        let epoch: [UInt8]
        let end: UInt64
    }

    /// Records that wait at most, and their bytes.
    static let waitingLimit = 64
    static let waitingSizeLimit = 1 << 20

    let configuration: EncryptConfiguration
    let cluster: ClusterName
    let credential: Credential
    let own: EncryptMember
    /// Those of this start; nil when it has left, so that no recorded push of it is ever opened again.
    var wrappingKeys: WrappingKeyPair?
    /// The key store of the symmetric protocol; nil when this member has left.
    var keyRing: KeyRing?
    let entropy: Entropy
    var policy: AdmissionPolicy
    /// What the wall clock said, in seconds since 1970, and when, in milliseconds.
    var wallClockSet: (seconds: UInt64, at: UInt64)
    var state = State.idle
    var hostView: [[UInt8]] = []
    var installed: Installed? = nil
    /// Opens and seals.
    var protection: MessageProtection
    var departed: [Departed] = []
    /// Whether a member that has left is still in the installed view.
    var hasLostMembers = false
    /// Whether the host view had all addresses of the installed view when they were last compared.
    var isInHostView = false
    /// The greatest counter of which this member knows that somebody holds it, as far as it heeds what others say.
    var highestCounter: UInt64 = 0
    /// The nonces of the last join requests and key requests, newest last: what is answered is one of these.
    var requestNonces: [[UInt8]] = []
    var requestNumber: UInt64 = 0
    /// Coordinators outside the installed view that have challenged this member, newest last.
    var challengers: [EncryptMember] = []
    var assemblies: [ViewAssembly] = []
    /// With an external key exchange: the newest view whose key is to be fetched.
    var wanted: WantedView? = nil
    var waiting: [WaitingRecord] = []
    var waitingSize = 0
    /// Records that waited in vain, and how many of them the program knows of.
    public internal(set) var recordsDropped: UInt64 = 0
    var recordsToldDropped: UInt64 = 0
    /// How often each thing was refused.
    public internal(set) var refusals = RefusalCounters()

    /// A machine for one start of a member.
    ///
    /// - Parameters:
    ///   - address: what the host calls this member, 1 to 64 bytes.
    ///   - keyRing: the key store of the symmetric protocol; nil in the asymmetric one.
    ///   - wallClock: seconds since 1970, for certificates.
    ///   - now: the time in milliseconds by the clock that all events are told with.
    /// - Throws: `.badArgument` for a cluster or an address outside their bounds, or a missing key ring; `.primitives`.
    public init(
        configuration: EncryptConfiguration, credential: Credential, address: [UInt8], keyRing: KeyRing? = nil,
        entropy: Entropy, wallClock: UInt64, now: UInt64
    ) throws(EncryptError) {
        guard (configuration.keySource == .keyStore) == (keyRing != nil) else { throw .badArgument }
        let cluster = try ClusterName(configuration.cluster)
        let (introduction, keys) = try credential.introduce(
            cluster: configuration.cluster, address: address, entropy: entropy)
        let own = try EncryptMember(introduction, cluster: configuration.cluster)
        self.cluster = cluster
        self.own = own
        wrappingKeys = keys
        self.configuration = configuration
        self.credential = credential
        self.keyRing = keyRing
        self.entropy = entropy
        policy = configuration.policy
        wallClockSet = (wallClock, now)
        protection = MessageProtection(
            epochsKept: configuration.epochsKept, epochLifetime: configuration.epochLifetime)
    }

    // MARK: - Queries

    /// This start of this member.
    public var member: EncryptMember { own }

    /// The view whose epoch seals; nil before the first and after leaving.
    public var view: EncryptView? { installed?.view }

    /// Whether this member composes the views.
    public var isCoordinator: Bool {
        switch state {
        case .coordinating: return true
        case .idle, .introducing, .following, .left: return false
        }
    }

    /// Whether this member has left.
    public var hasLeft: Bool {
        switch state {
        case .left: return true
        case .idle, .introducing, .following, .coordinating: return false
        }
    }

    /// Whether `seal` is possible now.
    public var canSeal: Bool { installed != nil && !hasLostMembers }

    /// What has happened to records.
    public var protectionCounters: ProtectionCounters { protection.counters }

    /// When `tick` must be called at the latest; nil while nothing is awaited.
    public var deadline: UInt64? {
        var earliest: UInt64? = nil
        func consider(_ time: UInt64?) {
            if let time { earliest = min(earliest ?? time, time) }
        }
        switch state {
        case .idle: return nil
        case .left(let leaving): return leaving.nextRepeat
        case .introducing(let introducing): consider(introducing.nextRequest)
        case .following(let following): consider(following.askAt)
        case .coordinating(let coordination):
            consider(coordination.composeAt)
            consider(coordination.announceAt)
        }
        consider(protection.deadline)
        consider(waiting.first?.end)
        for assembly in assemblies { consider(assembly.end) }
        return earliest
    }

    // MARK: - Events from the host

    /// The member wants to be in the cluster. Throws `.notAwaited` when it was started before, and what `hostView`
    /// throws at a coordinator.
    public mutating func start(now: UInt64) throws(EncryptError) -> [EncryptAction] {
        guard case .idle = state else { throw .notAwaited }
        state = .introducing(Introducing(coordinator: nil, nextRequest: now))
        guard hostView.isEmpty else { return try relate(now: now) }
        return try tickIntroducing(now: now)
    }

    /// The messaging system's view: the addresses of all who are connected, this member's among them, the coordinator's
    /// first. Throws `.badArgument` for anything else; and at the coordinator, when no view of them can be made now,
    /// `.noKey`, `.exhausted`, `.tooLong` or `.primitives`: the host view counts all the same, and `tick` tries again.
    public mutating func hostView(_ addresses: [[UInt8]], now: UInt64) throws(EncryptError) -> [EncryptAction] {
        guard (1...EncryptWire.memberLimit).contains(addresses.count), addresses.contains(own.address),
            isPartOfHostView(addresses) || areValid(addresses)
        else { throw .badArgument }
        hostView = addresses
        forgetDeparted()
        noteLostMembers()
        switch state {
        case .idle, .left: return []
        case .introducing, .following, .coordinating: return try relate(now: now)
        }
    }

    /// Forgets those who have asked to leave and are gone by now.
    private mutating func forgetDeparted() {
        // For a few the set of all addresses costs more than looking for them.
        guard departed.count > 8 else {
            departed.removeAll { !hostView.contains($0.member.address) }
            return
        }
        let present = Set(hostView)
        departed.removeAll { !present.contains($0.member.address) }
    }

    /// Whether addresses are some of those of the present host view, in its order: as when members have left. They are
    /// valid and distinct then.
    private func isPartOfHostView(_ addresses: [[UInt8]]) -> Bool {
        var next = 0
        for address in addresses {
            while next < hostView.count, hostView[next] != address { next += 1 }
            guard next < hostView.count else { return false }
            next += 1
        }
        return true
    }

    private func areValid(_ addresses: [[UInt8]]) -> Bool {
        var distinct = Set<[UInt8]>(minimumCapacity: addresses.count)
        return addresses.allSatisfy { address in
            (1...Introduction.addressLimit).contains(address.count) && distinct.insert(address).inserted
        }
    }

    /// Bytes from the messaging system. Whatever they are, nothing is thrown: what is refused is told by an action, and
    /// counted.
    ///
    /// - Parameter headers: what came beside a record, when headers travel in clear.
    public mutating func received(_ bytes: [UInt8], headers: [UInt8] = [], now: UInt64) -> [EncryptAction] {
        do throws(EncryptError) {
            switch try EncryptWire.kind(of: bytes[...]) {
            case .record: return try receivedRecord(bytes, headers: headers, now: now)
            case .joinRequest: return try receivedJoinRequest(bytes, now: now)
            case .challenge: return try receivedChallenge(bytes, now: now)
            case .answer: return try receivedAnswer(bytes, now: now)
            case .refusal: return try receivedRefusal(bytes, now: now)
            case .viewPart: return try receivedViewPart(bytes, now: now)
            case .keyRequest: return try receivedKeyRequest(bytes, now: now)
            case .leaveRequest: return try receivedLeaveRequest(bytes, now: now)
            case .announcement: return try receivedAnnouncement(bytes, now: now)
            }
        } catch {
            refusals.count(error)
            return [.refused(error)]
        }
    }

    /// The member leaves: it says so, forgets every key of the cluster and of this start, and is done; to come again it
    /// starts as another machine. What is left is its credential, for which a certificate's RSA key may have opened
    /// pushes. Throws `.hasLeft`, `.notAwaited` before the start, and `.primitives`.
    public mutating func leave(now: UInt64) throws(EncryptError) -> [EncryptAction] {
        switch state {
        case .idle: throw .notAwaited
        case .left: throw .hasLeft
        case .introducing, .following, .coordinating: break
        }
        let request = try LeaveRequest(sender: own.digest).signed(cluster, by: credential.identity)
        state = .left(Leaving(request: request, nextRepeat: now &+ configuration.askAfter))
        installed = nil
        hasLostMembers = false
        wrappingKeys = nil
        keyRing = nil
        requestNonces = []
        challengers = []
        assemblies = []
        wanted = nil
        waiting = []
        waitingSize = 0
        protection.forgetAll()
        return [.send(to: .everyone, bytes: request)]
    }

    /// Time has come. Throws `.primitives`, and at the coordinator, when a view that is due cannot be made now,
    /// `.noKey`, `.exhausted` and `.tooLong`: then there was nothing else to tell, and it is tried again later on.
    public mutating func tick(now: UInt64) throws(EncryptError) -> [EncryptAction] {
        protection.expire(now: now)
        assemblies.removeAll { $0.end <= now }
        return try telling(dropWaiting(now: now)) { (machine) throws(EncryptError) in
            switch machine.state {
            case .idle: []
            case .introducing: try machine.tickIntroducing(now: now)
            case .following: try machine.tickFollowing(now: now)
            case .coordinating(let coordination): try machine.tickCoordinating(coordination, now: now)
            case .left(let leaving): machine.tickLeft(leaving, now: now)
            }
        }
    }

    private mutating func tickLeft(_ leaving: Leaving, now: UInt64) -> [EncryptAction] {
        guard let time = leaving.nextRepeat, time <= now else { return [] }
        let repeats = leaving.repeats + 1
        let next = repeats < 4 ? now &+ configuration.askAfter : nil
        state = .left(Leaving(request: leaving.request, nextRepeat: next, repeats: repeats))
        return [.send(to: .everyone, bytes: leaving.request)]
    }

    /// The coordinator makes a new view of the same members: in the asymmetric protocol with a fresh secret, in the
    /// symmetric one with the key that is active now. Throws `.notAwaited` when this member does not coordinate, or has
    /// not got a view yet.
    public mutating func rotate(now: UInt64) throws(EncryptError) -> [EncryptAction] {
        guard case .coordinating(let coordination) = state, installed != nil else { throw .notAwaited }
        coordination.mustCompose = true
        return try composeIfNeeded(coordination, now: now)
    }

    /// Replaces the admission policy. The coordinator puts out who is admitted no more; another member is told, and
    /// installs no further view with it.
    public mutating func setPolicy(_ policy: AdmissionPolicy, now: UInt64) throws(EncryptError) -> [EncryptAction] {
        self.policy = policy
        installed?.admittedAt = nil
        switch state {
        case .idle, .left, .introducing: return []
        case .following:
            var actions: [EncryptAction] = []
            for member in installed?.view.members ?? [] where member != own {
                if let cause = refusal(of: member, now: now) { actions.append(.event(.notAdmitted(member, cause))) }
            }
            return actions
        case .coordinating(let coordination): return try expel(coordination, now: now)
        }
    }

    /// Replaces the key ring of the symmetric protocol. The coordinator makes a view with its active key when it is
    /// asked to `rotate`; a member that lacked a key asks for the view again. Throws `.badArgument` in the asymmetric
    /// protocol, and `.hasLeft`.
    public mutating func setKeyRing(_ keyRing: KeyRing, now: UInt64) throws(EncryptError) {
        guard configuration.keySource == .keyStore else { throw .badArgument }
        if case .left = state { throw .hasLeft }
        self.keyRing = keyRing
        suspectMissedView(now: now)
    }

    /// Sets the clock by which certificates and retired keys are judged: seconds since 1970.
    public mutating func setWallClock(_ seconds: UInt64, now: UInt64) { wallClockSet = (seconds, now) }

    /// The wall clock now, in seconds since 1970.
    public func wallClock(_ now: UInt64) -> UInt64 {
        let passed = now > wallClockSet.at ? (now - wallClockSet.at) / 1_000 : 0
        return wallClockSet.seconds.addingReportingOverflow(passed).partialValue
    }
}

// MARK: - Who coordinates

extension EncryptMachine {
    /// The address of the first in the host view that has not asked to leave; nil while no host view is known.
    var coordinatorAddress: [UInt8]? {
        hostView.first { address in !departed.contains { $0.member.address == address } }
    }

    /// The member of the installed view with an address, unless it has asked to leave.
    func installedMember(at address: [UInt8]) -> EncryptMember? {
        guard let members = installed?.view.members else { return nil }
        return members.first { $0.address == address && !hasDeparted($0.digest) }
    }

    func hasDeparted(_ digest: MemberDigest) -> Bool { departed.contains { $0.member.digest == digest } }

    /// Takes the state that host view and installed view ask for. Called when one of them has changed.
    mutating func relate(now: UInt64) throws(EncryptError) -> [EncryptAction] {
        guard let address = coordinatorAddress else { return [] }
        guard address != own.address else { return try coordinate(now: now) }
        if let coordinator = installedMember(at: address) { return try follow(coordinator, now: now) }
        if case .introducing(let introducing) = state, introducing.coordinator == address { return [] }
        state = .introducing(Introducing(coordinator: address, nextRequest: now))
        return try tickIntroducing(now: now)
    }

    /// Whether it matters that somebody leaves who can open what is sealed now. In the symmetric protocol it does not:
    /// who leaves keeps the key store.
    private var mindsLeavers: Bool {
        guard let rules = configuration.keySource.rekeyRules else { return false }
        return rules.contains(.leave) && !configuration.sealsWhileMembersLeave
    }

    /// Whether a member that has asked to leave is in the installed view, and it matters.
    func minds(leaver digest: MemberDigest) -> Bool {
        mindsLeavers && installed?.view.place(of: digest) != nil
    }

    /// Notes whether somebody who can open what is sealed now has left, after the host view or the installed view has
    /// changed.
    ///
    /// - Parameter isPartOfLast: whether the installed view has only members of the one before it, and the host view is
    ///   the same: then addresses need no second look.
    mutating func noteLostMembers(isPartOfLast: Bool = false) {
        guard mindsLeavers, installed != nil else {
            hasLostMembers = false
            isInHostView = false
            return
        }
        if !isPartOfLast || !isInHostView { isInHostView = isInstalledViewInHostView() }
        hasLostMembers = !isInHostView || departed.contains { minds(leaver: $0.member.digest) }
    }

    private func isInstalledViewInHostView() -> Bool {
        guard let members = installed?.view.members else { return false }
        // Views have the host view's order, so that nothing is searched; where they do not, it is.
        var next = 0
        let isInOrder = members.allSatisfy { member in
            while next < hostView.count, hostView[next] != member.address { next += 1 }
            next += 1
            return next <= hostView.count
        }
        guard !isInOrder, !hostView.isEmpty else { return isInOrder }
        let addresses = Set(hostView)
        return members.allSatisfy { addresses.contains($0.address) }
    }

    /// The cause for which this member's policy does not admit another one; nil when it does.
    func refusal(of member: EncryptMember, now: UInt64) -> AdmissionRefusal? {
        guard !isBroken(.encryptAdmissionIsSkipped) else { return nil }
        do throws(AdmissionRefusal) {
            try policy.check(
                member.introduction, cluster: cluster.name, now: Int64(clamping: wallClock(now)))
            return nil
        } catch {
            return error
        }
    }

    /// What this member holds, as it tells others.
    var held: HeldView {
        guard let view = installed?.view else { return .none }
        return HeldView(
            counter: view.counter, epoch: view.epoch, memberCount: UInt16(truncatingIfNeeded: view.members.count))
    }

    /// A nonce for a request; the last four are remembered, so that answers to slow ones count.
    mutating func freshRequestNonce() throws(EncryptError) -> [UInt8] {
        let nonce = try freshNonce()
        requestNonces.append(nonce)
        if requestNonces.count > 4 { requestNonces.removeFirst() }
        return nonce
    }

    func freshNonce() throws(EncryptError) -> [UInt8] {
        do throws(PrimitivesError) { return try entropy.publicBytes(EncryptWire.nonceSize) } catch {
            throw .primitives(error)
        }
    }
}

/// A secret with several owners: the view that it serves, and the one after it when it stays.
final class SharedSecret {
    let bytes: SecretBytes

    init(_ bytes: consuming SecretBytes) { self.bytes = bytes }
}
