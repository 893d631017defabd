internal import Primitives

// The coordinator composes views and pushes them.
extension EncryptMachine {
    /// Takes the coordinator's part, or goes on with it after the host view has changed.
    mutating func coordinate(now: UInt64) throws(EncryptError) -> [EncryptAction] {
        let coordination: Coordination
        if case .coordinating(let running) = state {
            coordination = running
            coordination.keep(hostView)
        } else {
            coordination = Coordination(beganAt: now)
            // Who came along in the installed view was introduced to its coordinator, and admitted by this member.
            for member in installed?.view.members ?? [] where member != own && !hasDeparted(member.digest) {
                coordination.introduce(member, held: held)
            }
            coordination.keep(hostView)
            assemblies = []
            wanted = nil
            state = .coordinating(coordination)
        }
        return try composeIfNeeded(coordination, now: now)
    }

    /// Says again which view is the current one, when it is time for that.
    private func announce(_ coordination: Coordination, now: UInt64) -> [EncryptAction] {
        guard let time = coordination.announceAt, time <= now else { return [] }
        coordination.announceAt = now &+ configuration.announceAfter << UInt64(min(coordination.announcements, 5))
        coordination.announcements += 1
        return hostView.count > 1 ? [.send(to: .everyone, bytes: coordination.announcement)] : []
    }

    /// Composes the view that is due, and announces the current one.
    mutating func tickCoordinating(_ coordination: Coordination, now: UInt64) throws(EncryptError) -> [EncryptAction] {
        guard let time = coordination.composeAt, time <= now else { return announce(coordination, now: now) }
        do throws(EncryptError) {
            return try composeIfNeeded(coordination, isDue: true, now: now) + announce(coordination, now: now)
        } catch {
            // The view that there is stays the current one.
            return try telling(announce(coordination, now: now)) { (_) throws(EncryptError) in throw error }
        }
    }

    /// Composes a view when the members to be are not those of the present one: at once when everybody of the host view
    /// is introduced, else when the others have had their time (`isDue`).
    mutating func composeIfNeeded(
        _ coordination: Coordination, isDue: Bool = false, now: UInt64
    ) throws(EncryptError) -> [EncryptAction] {
        // One of many that come at once: nothing has to be looked at before the others are there, or it is time.
        let soon = now &+ configuration.gatherFor
        let isWaiting = !isDue && coordination.composeAt.map { $0 <= soon } ?? false
        guard !isWaiting || coordination.introducedCount + 1 + departed.count >= hostView.count else { return [] }
        let members = nextMembers(coordination)
        let isSame = installed.map { $0.view.coordinator == own && $0.view.members == members } ?? false
        guard !isSame || coordination.mustCompose else {
            coordination.composeAt = nil
            return []
        }
        guard isDue || members.count + departed.count >= hostView.count else {
            coordination.composeAt = min(coordination.composeAt ?? soon, soon)
            return []
        }
        return try compose(coordination, members, now: now)
    }

    /// Composes a view of some members, less those whom the policy admits no more: who is in was looked up when it was
    /// introduced, and certificates expire. Where nobody looked, the others would refuse the view, and every further
    /// one.
    private mutating func compose(
        _ coordination: Coordination, _ members: [EncryptMember], now: UInt64
    ) throws(EncryptError) -> [EncryptAction] {
        // If it fails it is tried again, and not at once: a deadline that stays in the past is a loop without a pause.
        coordination.composeAt = now &+ configuration.askAfter
        let lookedUpAt = installed.map { $0.admittedAt } ?? coordination.beganAt
        if let lookedUpAt, isFresh(lookedUpAt, now: now) {
            return try makeView(of: members, coordination, admittedAt: lookedUpAt, now: now)
        }
        let expelled = forgetRefused(coordination, now: now)
        return try telling(expelled) { (machine) throws(EncryptError) in
            try machine.makeView(of: machine.nextMembers(coordination), coordination, admittedAt: now, now: now)
        }
    }

    /// Does something that may fail, when something else has happened that is told all the same. The failure is thrown
    /// where nothing else is told; what failed is tried again, and then throws.
    mutating func telling(
        _ actions: [EncryptAction], _ body: (inout EncryptMachine) throws(EncryptError) -> [EncryptAction]
    ) throws(EncryptError) -> [EncryptAction] {
        do throws(EncryptError) { return try actions + body(&self) } catch {
            guard !actions.isEmpty else { throw error }
            return actions
        }
    }

    /// Everybody of the host view who is introduced and has not asked to leave, in the host view's order.
    private func nextMembers(_ coordination: Coordination) -> [EncryptMember] {
        var members: [EncryptMember] = []
        members.reserveCapacity(hostView.count)
        for address in hostView {
            let member = address == own.address ? own : coordination.introduced(at: address)?.member
            if let member, !hasDeparted(member.digest) { members.append(member) }
        }
        return members
    }

    private mutating func makeView(
        of members: [EncryptMember], _ coordination: Coordination, admittedAt: UInt64, now: UInt64
    ) throws(EncryptError) -> [EncryptAction] {
        guard let ownPlace = members.firstIndex(of: own) else { throw .notAwaited }
        let heard = max(highestCounter, installed?.view.counter ?? 0)
        // A claim raises it by a step alone (`heed`): this bound is for who coordinates and pushes the last number.
        guard heard < HeldView.counterLimit else { throw .exhausted }
        let counter = isBroken(.encryptCounterIsNotRaised) ? max(heard, 1) : heard + 1
        let (secret, keyIdentifier) = try nextSecret(coordination, members, now: now)
        let (epoch, view) = try epoch(
            of: members, counter: counter, coordinatorPlace: ownPlace, ownPlace: ownPlace, secret)
        let next = Installed(
            view: view, secret: secret, keyIdentifier: keyIdentifier, admittedAt: admittedAt)
        var actions = try pushes(of: next, after: installed?.view)
        let announcement = try Announcement(coordinator: own.digest, counter: counter, epoch: view.epoch).signed(
            cluster, by: credential.identity)
        actions += try install(next, epoch, now: now)
        coordination.announcement = announcement
        coordination.announcements = 0
        coordination.announceAt = now &+ configuration.announceAfter
        coordination.composeAt = nil
        coordination.mustCompose = false
        return actions
    }

    /// The secret of the next view: fresh, unless every kind of change there was has its rekeying switched off.
    private func nextSecret(
        _ coordination: Coordination, _ members: [EncryptMember], now: UInt64
    ) throws(EncryptError) -> (SharedSecret, identifier: [UInt8]) {
        switch configuration.keySource {
        case .keyStore:
            guard let keyRing, let active = keyRing.active else { throw .noKey }
            return (SharedSecret(try keyRing.secret(of: active, now: wallClock(now))), active)
        case .coordinator(let rules), .external(let rules):
            if let installed, !needsFreshSecret(coordination, members, rules) { return (installed.secret, []) }
            do throws(PrimitivesError) {
                return (SharedSecret(try SecretBytes(random: Epoch.secretSize, from: entropy)), [])
            } catch {
                throw .primitives(error)
            }
        }
    }

    private func needsFreshSecret(
        _ coordination: Coordination, _ members: [EncryptMember], _ rules: RekeyRules
    ) -> Bool {
        guard let view = installed?.view, !isBroken(.encryptSecretIsKept) else { return installed == nil }
        guard !coordination.mustCompose else { return true }
        if rules.contains(.coordinatorChange), view.coordinator != own { return true }
        var base = MemberFinder(view.members)
        var found = 0
        for member in members {
            guard base.find(member.digest) == nil else {
                found += 1
                continue
            }
            let wasAlone = (coordination.introduced(at: member.address)?.held.memberCount ?? 0) < 2
            if rules.contains(wasAlone ? .join : .merge) { return true }
        }
        return found < view.members.count && rules.contains(.leave)
    }

    /// What the keys of a view are bound to: cluster, counter, coordinator and members, each by the introduction of its
    /// start, which has a nonce.
    static func transcript(
        cluster: ClusterName, counter: UInt64, coordinator: MemberDigest, _ members: [EncryptMember]
    ) throws(EncryptError) -> [UInt8] {
        var writer = ByteWriter(capacity: 400)
        writer.writeVector8(Array("conclave encrypt transcript".utf8))
        writer.writeVector8(cluster.name)
        writer.writeUInt64(counter)
        writer.writeDigest(coordinator)
        writer.writeUInt16(UInt16(truncatingIfNeeded: members.count))
        let head = writer.bytes
        let size = head.count + EncryptWire.digestSize * members.count
        // A thousand digests, one behind the other, without asking for room for each.
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: size) { (target, initialized) in
            guard let start = UnsafeMutableRawPointer(target.baseAddress) else { return }
            unsafe head.withUnsafeBytes { (head) in
                guard let source = head.baseAddress else { return }
                unsafe start.copyMemory(from: source, byteCount: head.count)
            }
            var place = unsafe start + head.count
            for member in members {
                unsafe member.digest.store(to: place)
                unsafe place += EncryptWire.digestSize
            }
            initialized = size
        }
        do throws(PrimitivesError) { return try Digest.sha256(bytes) } catch { throw .primitives(error) }
    }

    /// Derives the epoch of a view.
    func epoch(
        of members: [EncryptMember], counter: UInt64, coordinatorPlace: Int, ownPlace: Int, _ secret: SharedSecret
    ) throws(EncryptError) -> (Epoch, EncryptView) {
        let transcript = try Self.transcript(
            cluster: cluster, counter: counter, coordinator: members[coordinatorPlace].digest, members)
        let epoch = try Epoch(
            secret: secret.bytes.duplicate(), cluster: cluster.name, counter: counter, transcript: transcript,
            members: EpochMembers(members), me: ownPlace, identity: credential.identity,
            parameters: configuration.parameters)
        let view = EncryptView(
            counter: counter, epoch: epoch.identifier, members: members, coordinatorPlace: coordinatorPlace,
            ownPlace: ownPlace)
        return (epoch, view)
    }

    // MARK: - Pushes

    /// The messages that carry a view to its members. Those who have the view before get one push, in which newcomers
    /// are whole and the others are named by digest; each newcomer gets a push of its own with everybody in it. When
    /// most are newcomers, one push with everything goes to all.
    private func pushes(of next: Installed, after base: EncryptView?) throws(EncryptError) -> [EncryptAction] {
        var known = MemberFinder(base?.members ?? [])
        var newcomers: [EncryptMember] = []
        var others: [EncryptMember] = []
        for member in next.view.members where member != own {
            if known.find(member.digest) == nil { newcomers.append(member) } else { others.append(member) }
        }
        guard 2 * newcomers.count < others.count else {
            return try push(of: next, for: newcomers + others, to: .everyone) { _ in true }
        }
        var newcomer = MemberFinder(newcomers)
        var actions = try push(of: next, for: others, to: .everyone) { newcomer.find($0.digest) != nil }
        for member in newcomers {
            actions += try push(of: next, for: [member], to: .address(member.address)) { _ in true }
        }
        return actions
    }

    /// The present view once more, for one member that lacks it.
    func push(
        of installed: Installed, for member: EncryptMember, missing: KeyRequest.Missing
    ) throws(EncryptError) -> [EncryptAction] {
        try push(of: installed, for: [member], to: .address(member.address)) { entry in
            switch missing {
            case .all: true
            case .these(let digests): digests.contains(entry.digest)
            }
        }
    }

    /// One push: the secret wrapped for some members, and everybody's name under it.
    private func push(
        of next: Installed, for receivers: [EncryptMember], to destination: EncryptDestination,
        whole isWhole: (EncryptMember) -> Bool
    ) throws(EncryptError) -> [EncryptAction] {
        guard !receivers.isEmpty else { return [] }
        let context = PushContext(
            cluster: cluster, counter: next.view.counter, coordinator: own.digest, push: try freshNonce())
        let body = ViewBody(
            entries: next.view.members.map { isWhole($0) ? .introduction($0.introduction.bytes) : .digest($0.digest) })
        let source: ViewContent.Source
        switch configuration.keySource {
        case .keyStore: source = .keyStore(next.keyIdentifier)
        case .coordinator: source = .wraps(try wraps(next.secret, for: receivers, context))
        case .external: source = .fetch(receivers.map { $0.digest.tag })
        }
        let content = ViewContent(source: source, sealedBody: try body.sealed(under: next.secret.bytes, push: context))
        let parts = try ViewPart.signed(
            content.written(), counter: context.counter, coordinator: own.digest, push: context.push,
            size: configuration.partSize, cluster, by: credential.identity)
        return parts.map { .send(to: destination, bytes: $0) }
    }

    private func wraps(
        _ secret: SharedSecret, for receivers: [EncryptMember], _ context: PushContext
    ) throws(EncryptError) -> [ViewContent.WrapList] {
        var lists: [ViewContent.WrapList] = []
        do throws(PrimitivesError) {
            for kind in WrappingKind.allCases {
                let ofKind = receivers.filter { $0.introduction.wrappingKind == kind }
                guard !ofKind.isEmpty else { continue }
                let wrapper = try KeyWrapper(kind: kind, entropy: entropy)
                var list = ViewContent.WrapList(kind: kind, shared: wrapper.shared, wraps: [])
                list.wraps.reserveCapacity(ofKind.count)
                for member in ofKind {
                    let wrapped = try wrapper.wrap(
                        secret.bytes, to: member.introduction.wrappingKey,
                        context: context.wrapping(for: member.digest))
                    list.wraps.append(ViewContent.Wrap(tag: member.digest.tag, wrapped: wrapped))
                }
                lists.append(list)
            }
            return lists
        } catch {
            throw .primitives(error)
        }
    }
}

/// Finds members by digest in a list. Views keep the host's order, so that who is looked for usually follows the one
/// that was found last, and nothing is searched.
struct MemberFinder {
    private let members: [EncryptMember]
    private var next = 0
    /// Whether every member so far was found behind the one before: then none of them was the same.
    private(set) var isInOrder = true

    init(_ members: [EncryptMember]) { self.members = members }

    /// Passes over the entries of a body that go on as the list does: how many, and where in the list the first is.
    mutating func skip(in body: inout ViewBody.Reading) -> Range<Int> {
        let start = next
        if start < members.count { next += body.skip(members, from: start) }
        return start..<next
    }

    mutating func find(_ digest: MemberDigest) -> EncryptMember? {
        // A few have left between two that stay.
        var index = next
        while index < members.count {
            if members[index].digest == digest {
                next = index + 1
                return members[index]
            }
            index += 1
        }
        for index in 0..<min(next, members.count) where members[index].digest == digest {
            isInOrder = false
            return members[index]
        }
        return nil
    }
}
