internal import Primitives

// A member installs the views that are pushed, and asks for what it lacks.
extension EncryptMachine {
    /// Follows a coordinator that is in the installed view.
    mutating func follow(_ coordinator: EncryptMember, now: UInt64) throws(EncryptError) -> [EncryptAction] {
        guard let view = installed?.view else { return [] }
        var following = Following(coordinator: coordinator, askAt: nil)
        if case .following(let running) = state, running.coordinator == coordinator { following = running }
        if view.coordinator != coordinator { following.isDue = true }
        if following.isDue || !hasMembersOfHostView(view) {
            following.askAt = following.askAt ?? now &+ configuration.askAfter
        }
        state = .following(following)
        return try installEarly(now: now)
    }

    private func hasMembersOfHostView(_ view: EncryptView) -> Bool {
        guard view.members.count == hostView.count else { return false }
        for place in hostView.indices where view.members[place].address != hostView[place] { return false }
        return true
    }

    // MARK: - Asking

    /// Something that proves nothing suggests that a view was missed: it leads to no more than a question, later on.
    ///
    /// - Parameter isUnknown: whether it came from somebody unknown, perhaps the coordinator after another start: then
    ///   a key request would not be for it.
    mutating func suspectMissedView(isUnknown: Bool = false, now: UInt64) {
        guard case .following(var following) = state, following.askAt == nil else { return }
        if isUnknown, following.asks % 2 == 0 { following.asks += 1 }
        following.askAt = now &+ configuration.askAfter << UInt64(min(following.asks, 4))
        state = .following(following)
    }

    mutating func tickFollowing(now: UInt64) throws(EncryptError) -> [EncryptAction] {
        guard case .following(var following) = state, let time = following.askAt, time <= now else { return [] }
        guard !isBroken(.encryptKeyIsNotAskedFor) else {
            following.askAt = nil
            state = .following(following)
            return []
        }
        let request = try following.asks % 2 == 0 ? keyRequest(following) : joinRequest()
        following.asks += 1
        // What was only suspected is asked once; a push that is due, until it comes.
        let pause = configuration.askAfter << UInt64(min(following.asks / 2, 3))
        following.askAt = following.isDue ? now &+ pause : nil
        state = .following(following)
        return [.send(to: .address(following.coordinator.address), bytes: request)]
    }

    private mutating func keyRequest(_ following: Following) throws(EncryptError) -> [UInt8] {
        requestNumber += 1
        return try KeyRequest(
            sender: own.digest, coordinator: following.coordinator.digest, number: requestNumber,
            nonce: try freshRequestNonce(), held: held, missing: following.missing
        ).signed(cluster, by: credential.identity)
    }

    mutating func receivedAnnouncement(_ bytes: [UInt8], now: UInt64) throws(EncryptError) -> [EncryptAction] {
        let signed = try Announcement.read(bytes, cluster)
        guard signed.fields.coordinator != own.digest else { return [] }
        let following: Following
        switch state {
        case .following(let value): following = value
        case .introducing: return []  // It asks for that view already.
        case .idle, .coordinating: throw .notAwaited
        case .left: throw .hasLeft
        }
        guard signed.fields.epoch != installed?.view.epoch else { return [] }
        guard let coordinator = knownMember(signed.fields.coordinator) else {
            suspectMissedView(isUnknown: true, now: now)
            throw .unknownSender
        }
        guard coordinator.address == coordinatorAddress else { throw .wrongSender }
        let announcement = try signed.verified(by: coordinator.publicKey)
        let isNews = coordinator != installed?.view.coordinator || announcement.counter > held.counter
        guard isNews else { throw .stale }
        var informed = following
        informed.isDue = true
        informed.askAt = informed.askAt ?? now &+ configuration.askAfter
        state = .following(informed)
        return []
    }

    // MARK: - Views

    mutating func receivedViewPart(_ bytes: [UInt8], now: UInt64) throws(EncryptError) -> [EncryptAction] {
        switch state {
        case .idle: throw .notAwaited
        case .left: throw .hasLeft
        case .introducing, .following, .coordinating: break
        }
        let signed = try ViewPart.read(bytes, cluster)
        guard signed.fields.coordinator != own.digest else { return [] }
        guard signed.fields.counter > held.counter || isBroken(.encryptStaleViewIsInstalled) else { throw .stale }
        guard let coordinator = knownMember(signed.fields.coordinator) else {
            suspectMissedView(isUnknown: true, now: now)
            throw .unknownSender
        }
        let isForged = isBroken(.encryptPartsAreNotVerified)
        let part = isForged ? signed.fields : try signed.verified(by: coordinator.publicKey)
        let index = try gather(part, of: coordinator, now: now)
        guard assemblies[index].isComplete, mayInstall(coordinator) else { return [] }
        return try installView(assemblies.remove(at: index), now: now)
    }

    /// Puts a verified part to the others of its push; gives the push's place.
    private mutating func gather(
        _ part: ViewPart, of coordinator: EncryptMember, now: UInt64
    ) throws(EncryptError) -> Int {
        if let index = assemblies.firstIndex(where: { $0.isFor(part) }) {
            try assemblies[index].add(part, end: now &+ configuration.partLifetime)
            return index
        }
        var assembly = ViewAssembly(part, of: coordinator)
        try assembly.add(part, end: now &+ configuration.partLifetime)
        // Members that do not coordinate take no room from the one that does.
        let early = assemblies.indices.filter { !mayInstall(assemblies[$0].coordinator) }
        if early.count >= ViewAssembly.earlyLimit {
            assemblies.remove(at: early[0])
        } else if assemblies.count >= ViewAssembly.limit {
            assemblies.removeFirst()
        }
        assemblies.append(assembly)
        return assemblies.count - 1
    }

    /// Whether a view of this member's may be installed now: it is the host view's coordinator.
    func mayInstall(_ coordinator: EncryptMember) -> Bool {
        switch state {
        case .idle, .left: return false
        case .coordinating, .introducing, .following:
            return coordinator.address == coordinatorAddress || isBroken(.encryptAnybodyMayPush)
        }
    }

    /// Installs the newest complete push of whom the host view names now, if it came early.
    private mutating func installEarly(now: UInt64) throws(EncryptError) -> [EncryptAction] {
        var newest: Int? = nil
        for index in assemblies.indices where assemblies[index].isComplete && mayInstall(assemblies[index].coordinator)
        {
            if newest.map({ assemblies[$0].counter < assemblies[index].counter }) ?? true { newest = index }
        }
        guard let newest else { return [] }
        do throws(EncryptError) { return try installView(assemblies.remove(at: newest), now: now) } catch {
            refusals.count(error)
            return [.refused(error)]
        }
    }

    /// Opens a push, checks who is in it, and installs it; throws, and changes nothing, when anything is wrong.
    private mutating func installView(_ assembly: ViewAssembly, now: UInt64) throws(EncryptError) -> [EncryptAction] {
        guard assembly.counter > held.counter || isBroken(.encryptStaleViewIsInstalled) else { throw .stale }
        guard let wrappingKeys else { throw .hasLeft }
        let content = try ViewContent.read(assembly.content, for: own.digest.tag, wrappingKeys.kind)
        let context = PushContext(
            cluster: cluster, counter: assembly.counter, coordinator: assembly.coordinator.digest, push: assembly.push)
        let push = PushedView(coordinator: assembly.coordinator, context: context, sealedBody: content.sealedBody)
        if content.source == .fetch(isMeant: true) { return try want(push, now: now) }
        if content.source == .wrap(nil) || content.source == .fetch(isMeant: false) {
            // It is for the others: this member is let in with a push of its own, or is not in the view.
            if case .introducing = state { return [] }
            suspectMissedView(now: now)
            throw .wrongDestination
        }
        let (secret, keyIdentifier) = try secret(in: content.source, context, now: now)
        return try installView(push, secret, keyIdentifier: keyIdentifier, now: now)
    }

    /// The same when the key is there.
    mutating func installView(
        _ push: PushedView, _ secret: SharedSecret, keyIdentifier: [UInt8], now: UInt64
    ) throws(EncryptError) -> [EncryptAction] {
        var body = try ViewBody.open(push.sealedBody, under: secret.bytes, push: push.context)
        // It is the right key: when something else is missing still, the view need not be fetched for again.
        if wanted?.push.context.push == push.context.push { wanted?.secret = secret }
        guard let (members, newcomers) = try members(in: &body) else { return try askForMissing(now: now) }
        let (ownDigest, coordinatorDigest) = (own.digest, push.coordinator.digest)
        guard let ownPlace = members.firstIndex(where: { $0.digest == ownDigest }),
            let coordinatorPlace = members.firstIndex(where: { $0.digest == coordinatorDigest })
        else { throw .wrongDestination }
        let admittedAt = freshAdmission(now: now)
        for member in admittedAt == nil ? members : newcomers where member != own {
            if let cause = refusal(of: member, now: now) {
                refusals.count(.notAdmitted(cause))
                return [.event(.notAdmitted(member, cause)), .refused(.notAdmitted(cause))]
            }
        }
        let (epoch, view) = try epoch(
            of: members, counter: push.counter, coordinatorPlace: coordinatorPlace, ownPlace: ownPlace, secret)
        let next = Installed(
            view: view, secret: secret, keyIdentifier: keyIdentifier, admittedAt: admittedAt ?? now)
        return try install(next, epoch, isPartOfLast: newcomers.isEmpty, now: now)
    }

    private func secret(
        in source: ViewContent.Reading.Source, _ context: PushContext, now: UInt64
    ) throws(EncryptError) -> (SharedSecret, identifier: [UInt8]) {
        switch (source, configuration.keySource) {
        case (.wrap(let list), .coordinator):
            guard let wrappingKeys, let list, let wrap = list.wraps.first else { throw .wrongDestination }
            do throws(PrimitivesError) {
                let secret = try wrappingKeys.unwrap(
                    wrap.wrapped, shared: list.shared, context: context.wrapping(for: own.digest))
                return (SharedSecret(secret), [])
            } catch {
                throw error == .notAuthentic ? .badSeal : .primitives(error)
            }
        case (.keyStore(let identifier), .keyStore):
            guard let keyRing else { throw .noKey }
            return (SharedSecret(try keyRing.secret(of: identifier, now: wallClock(now))), identifier)
        case (.wrap, _), (.keyStore, _), (.fetch, _):
            // A member that was set up otherwise than this one.
            throw .malformed
        }
    }

    /// The members that a body names, each once, each authentic, and those of them that are not in the installed view;
    /// nil when some are named by a digest that says nothing
    /// here, which is noted.
    private mutating func members(
        in body: inout ViewBody.Reading
    ) throws(EncryptError) -> (all: [EncryptMember], newcomers: [EncryptMember])? {
        let base = installed?.view.members ?? []
        var known = MemberFinder(base)
        var members: [EncryptMember] = []
        members.reserveCapacity(body.count)
        var newcomers: [EncryptMember] = []
        var missing: [MemberDigest] = []
        while true {
            for place in known.skip(in: &body) { members.append(base[place]) }
            guard let entry = try body.next() else { break }
            switch entry {
            case .digest(let digest):
                if let member = known.find(digest) {
                    members.append(member)
                } else if let member = knownMember(digest) {
                    members.append(member)
                    newcomers.append(member)
                } else {
                    missing.append(digest)
                }
            case .introduction(let bytes):
                let introduction = try Introduction(reading: bytes)
                guard let digest = MemberDigest(introduction.digest) else { throw .malformed }
                if let member = known.find(digest) {
                    members.append(member)
                } else {
                    let other = knownMember(digest)
                    let member = if let other { other } else { try EncryptMember(introduction, cluster: cluster.name) }
                    members.append(member)
                    newcomers.append(member)
                }
            }
        }
        guard missing.isEmpty else {
            note(missing: missing)
            return nil
        }
        try areDistinct(members, newcomers, isInOrder: known.isInOrder)
        return (members, newcomers)
    }

    /// Throws `.malformed` when two members of a view have one digest or one address. Those of the view before are
    /// distinct as long as they come in its order.
    private func areDistinct(
        _ members: [EncryptMember], _ newcomers: [EncryptMember], isInOrder: Bool
    ) throws(EncryptError) {
        // A few are compared with everybody; for many, as in a first view, that would be a million comparisons.
        if newcomers.count > 4 {
            var addresses = Set<[UInt8]>(minimumCapacity: members.count)
            for member in members where !addresses.insert(member.address).inserted { throw .malformed }
        } else {
            for newcomer in newcomers {
                var count = 0
                for member in members where member == newcomer || member.address == newcomer.address { count += 1 }
                guard count == 1 else { throw .malformed }
            }
            guard !isInOrder else { return }
        }
        var digests = Set<MemberDigest>(minimumCapacity: members.count)
        for member in members where !digests.insert(member.digest).inserted { throw .malformed }
    }

    private mutating func note(missing: [MemberDigest]) {
        guard case .following(var following) = state else { return }
        following.isDue = true
        following.missing = missing.count > KeyRequest.missingLimit ? .all : .these(missing)
        state = .following(following)
    }

    /// Asks at once for the introductions that a push took for known.
    private mutating func askForMissing(now: UInt64) throws(EncryptError) -> [EncryptAction] {
        guard case .following(var following) = state, following.asks < 2 else { return [] }
        following.askAt = now
        following.asks = 0
        state = .following(following)
        return try tickFollowing(now: now)
    }

    /// When the members of the installed view were last looked up in the policy, if that still counts.
    private func freshAdmission(now: UInt64) -> UInt64? {
        guard let time = installed?.admittedAt, isFresh(time, now: now) else { return nil }
        return time
    }

    /// Whether it still counts that members were looked up in the policy at a time.
    func isFresh(_ time: UInt64, now: UInt64) -> Bool { now < time &+ configuration.admissionLifetime }

    // MARK: - Installing

    /// Makes a view the installed one, and opens what has waited for it.
    ///
    /// - Parameter isPartOfLast: whether all of its members are in the view installed before.
    mutating func install(
        _ next: Installed, _ epoch: Epoch, isPartOfLast: Bool = false, now: UInt64
    ) throws(EncryptError) -> [EncryptAction] {
        try protection.install(epoch, now: now)
        installed = next
        highestCounter = max(highestCounter, next.view.counter)
        assemblies.removeAll { $0.counter <= next.view.counter }
        if let push = wanted?.push, push.counter <= next.view.counter { wanted = nil }
        noteLostMembers(isPartOfLast: isPartOfLast)
        if isBroken(.encryptEarlierEpochsAreForgotten) { protection.forgetEarlier() }
        var actions: [EncryptAction] = [.event(.view(next.view))]
        switch state {
        case .idle, .left, .coordinating: break
        case .introducing, .following:
            state = .following(Following(coordinator: next.view.coordinator, askAt: nil))
            challengers = []
            // The coordinator seems not to know who has left: it may not have heard.
            for leaver in departed where next.view.place(of: leaver.member.digest) != nil {
                actions.append(.send(to: .address(next.view.coordinator.address), bytes: leaver.request))
            }
        }
        return actions + openWaiting(now: now)
    }

    // MARK: - Leaving

    mutating func receivedLeaveRequest(_ bytes: [UInt8], now: UInt64) throws(EncryptError) -> [EncryptAction] {
        switch state {
        case .idle: throw .notAwaited
        case .left: throw .hasLeft
        case .introducing, .following, .coordinating: break
        }
        let signed = try LeaveRequest.read(bytes, cluster)
        let digest = signed.fields.sender
        guard digest != own.digest else { return [] }
        guard !hasDeparted(digest) else { throw .replayed }
        guard let member = knownMember(digest) ?? introducedMember(digest) else { throw .unknownSender }
        _ = try signed.verified(by: member.publicKey)
        departed.append(Departed(member: member, request: bytes))
        if minds(leaver: digest) { hasLostMembers = true }
        // The request is not taken a second time: what comes of it is told although there may be no view yet.
        let told = [EncryptAction.event(.memberLeaves(member))]
        do throws(EncryptError) { return try told + relate(now: now) } catch {
            refusals.count(error)
            return told + [.refused(error)]
        }
    }

    /// A member that is introduced and in no view yet.
    private func introducedMember(_ digest: MemberDigest) -> EncryptMember? {
        guard case .coordinating(let coordination) = state else { return nil }
        for address in hostView {
            if let member = coordination.introduced(at: address)?.member, member.digest == digest { return member }
        }
        return nil
    }
}
