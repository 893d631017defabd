internal import Primitives

extension FlushMachine {
    /// Sends what has become due: an acknowledgement, or a newer one, and the receipt of safe messages. Called by the
    /// driver when the transport has nothing more to deliver for now, so that many events make one message.
    public mutating func settle(now: UInt64) -> [FlushAction] {
        var actions: [FlushAction] = []
        switch state {
        case .joining(var waiting):
            actions += acknowledgeIfDue(&waiting)
            state = .joining(waiting)
        case .acknowledged(var waiting):
            actions += acknowledgeIfDue(&waiting)
            state = .acknowledged(waiting)
        case .detached, .steady, .requested, .over: break
        }
        return actions + confirmReceipt()
    }

    /// Time has passed: repeats what others may have missed, proposes to go on without the silent, tells a newcomer
    /// that nobody has admitted it.
    public mutating func tick(now: UInt64) -> [FlushAction] {
        if let time = hearingUntil, now >= time { hearingUntil = nil }
        var actions = settle(now: now)
        if let time = admissionDeadline, now >= time {
            admissionDeadline = nil
            if installed == nil { actions.append(.reportNotAdmitted(admissionObstacle)) }
        }
        if let time = nextStabilityRepeat, now >= time {
            nextStabilityRepeat = now &+ limits.repeatInterval
            actions += confirmReceipt(installed?.queue.waitingDigests ?? [])
            actions += flushWhenUnstable(now: now)
        }
        if let time = nextReconsideration, now >= time, state == .steady { actions += reconsider(now: now) }
        switch state {
        case .joining(var waiting):
            actions += nudge(&waiting, now: now)
            state = .joining(waiting)
        case .acknowledged(var waiting):
            actions += nudge(&waiting, now: now)
            state = .acknowledged(waiting)
        case .detached, .steady, .requested, .over: break
        }
        return actions + settle(now: now)
    }

    /// Whoever is connected, accepted, and was silent when the view came may have slept, or not been heard: it is asked
    /// again, ever more rarely. Who said whom it accepts will ask when that changes. And whoever has not introduced
    /// itself may have been kept from hearing this member, or from being heard: it is told once more who is here.
    private mutating func reconsider(now: UInt64) -> [FlushAction] {
        reconsiderations = min(reconsiderations + 1, 4)
        nextReconsideration = nil
        silent = []
        reconsiderLater(now: now)
        return (ownHello.isEmpty ? [] : [.multicast(ownHello)]) + startFlushIfSomebodyWaits(now: now)
    }

    /// Comes back to those who were silent, or have not introduced themselves; while there are none, to nobody.
    mutating func reconsiderLater(now: UInt64) {
        guard limits.flushTimeout > 0, !silent.isEmpty || configuration.lacksHello else { return }
        nextReconsideration = now &+ limits.flushTimeout << reconsiderations
    }

    /// Who does not confirm safe messages would hold back everything behind them for ever: a flush finds out who it is.
    private mutating func flushWhenUnstable(now: UInt64) -> [FlushAction] {
        guard let since = unstableSince else {
            unstableSince = now
            return []
        }
        guard limits.flushTimeout > 0, now >= since &+ limits.flushTimeout else { return [] }
        return startFlush(now: now)
    }

    /// Connections whose hello or acknowledgement this member waits for.
    func missing() -> [UInt64] {
        var connections: [UInt64] = []
        if let installed {
            for place in installed.staying.places where installed.trusted.contains(place) {
                let connection = installed.view.members[place].connection
                guard configuration.place(of: connection) == nil, !isExcluded(connection) else { continue }
                connections.append(connection)
            }
        }
        for place in awaited().places {
            let connection = configuration.peers[place].connection
            if !isExcluded(connection) { connections.append(connection) }
        }
        return connections.filter { $0 != connection }
    }

    /// Places of those who have introduced themselves and whose acknowledgement this member waits for.
    private func awaited() -> PlaceSet {
        let silent = trusted.subtracting(configuration.acknowledged)
        guard let own = configuration.place(of: connection), installed != nil else { return silent }
        if configuration.acknowledged.contains(own) {
            var awaited = ViewComposition.awaited(by: own, in: configuration)
            awaited.formIntersection(silent)
            return awaited
        }
        let companions = configuration.companions(of: own)
        var awaited = PlaceSet()
        for place in silent.places where !configuration.isReplaced(place) {
            guard
                companions.contains(place)
                    || configuration.canMeet(companions, configuration.companions(of: place), own: (own, trusted))
            else { continue }
            awaited.insert(place)
        }
        return awaited
    }

    /// Who keeps the flush from ending. While somebody has not introduced itself nobody acknowledges: then the others
    /// have nothing else to do.
    private func silent(_ waiting: Waiting) -> [UInt64] {
        let connections = missing()
        return waiting.sent == nil ? connections.filter { configuration.peer($0) == nil } : connections
    }

    /// The connections of this configuration that have done their part in the present flush.
    func blameless() -> [UInt64] {
        switch state {
        case .detached, .steady, .over: return []
        case .joining(let waiting), .requested(let waiting), .acknowledged(let waiting):
            let silent = PlaceIndex(silent(waiting))
            return configuration.peers.map { $0.connection }.filter { !silent.contains($0) }
        }
    }

    /// Gives those time again who did their part and must do it again; who was given it before keeps it.
    mutating func spare(_ connections: [UInt64]) {
        func sparing(_ waiting: Waiting) -> Waiting {
            var waiting = waiting
            for connection in connections where !waiting.spared.contains(connection) {
                waiting.spared.insert(connection, at: 0)
            }
            return waiting
        }
        switch state {
        case .joining(let waiting): state = .joining(sparing(waiting))
        case .requested(let waiting): state = .requested(sparing(waiting))
        case .acknowledged(let waiting): state = .acknowledged(sparing(waiting))
        case .detached, .steady, .over: break
        }
    }

    private func isExcluded(_ target: UInt64) -> Bool {
        configuration.exclusions.contains { exclusion in
            guard exclusion.target == target, let proposer = configuration.place(of: exclusion.proposer) else {
                return false
            }
            if exclusion.proposer == connection { return true }
            return exclusion.isBinding && trusted.contains(proposer)
        }
    }

    private mutating func acknowledgeIfDue(_ waiting: inout Waiting) -> [FlushAction] {
        // A newcomer hears out who is there before it thinks itself alone; who never says anything delays it a little.
        let isHearing = hearingUntil != nil && !configuration.isComplete
        guard !isHearing, configuration.place(of: connection) != nil, viewHasIntroducedItself else { return [] }
        let acknowledgement = SentAcknowledgement(
            view: installed?.view.id, secureView: secureView, highestCounter: highestCounter,
            heard: configuration.heard, accepted: trusted)
        guard waiting.sent != acknowledgement else { return [] }
        waiting.sent = acknowledgement
        return multicast(acknowledgement)
    }

    /// Who moved here with us will introduce itself too: one acknowledgement that names all spares one for each.
    private var viewHasIntroducedItself: Bool {
        guard let installed else { return true }
        var awaited = installed.staying.subtracting(installed.introduced)
        awaited.formIntersection(installed.trusted)
        return awaited.places.allSatisfy { isExcluded(installed.view.members[$0].connection) }
    }

    private func multicast(_ acknowledgement: SentAcknowledgement) -> [FlushAction] {
        let accepted = configuration.placesByConnection.filter { acknowledgement.accepted.contains($0) }
        let message = FlushAcknowledgement(
            configuration: configuration.id, sender: id, view: acknowledgement.view,
            secureView: acknowledgement.secureView, highestCounter: acknowledgement.highestCounter,
            heard: acknowledgement.heard, accepted: AcceptedList(accepted.map { configuration.accepted($0) }))
        return multicast(message.unauthenticated(group: group))
    }

    /// Acknowledges safe messages that were received since the last time.
    private mutating func confirmReceipt() -> [FlushAction] {
        confirmReceipt(installed?.queue.takeUnacknowledged() ?? [])
    }

    private func confirmReceipt(_ digests: [[UInt8]]) -> [FlushAction] {
        guard let view = installed?.view, !digests.isEmpty else { return [] }
        let message = Stability(view: view.id, sender: id, digests: [[UInt8]](digests.prefix(Stability.limit)))
        return multicast(message.unauthenticated(group: group))
    }

    /// Repeats hello and acknowledgement while others are awaited, and after the timeout proposes to go on without
    /// them.
    private func nudge(_ waiting: inout Waiting, now: UInt64) -> [FlushAction] {
        var actions: [FlushAction] = []
        if now >= waiting.nextRepeat {
            waiting.nextRepeat = now &+ limits.repeatInterval << waiting.repeats
            waiting.repeats = min(waiting.repeats + 1, 4)
            if !ownHello.isEmpty { actions.append(.multicast(ownHello)) }
            if let sent = waiting.sent { actions += multicast(sent) }
        }
        guard limits.flushTimeout > 0, now >= waiting.since &+ limits.flushTimeout else { return actions }
        waiting.since = now
        // A newcomer waits for members for as long as they do not admit it.
        let silent = silent(waiting).filter { target in
            guard !waiting.spared.contains(target) else { return false }
            return installed != nil || configuration.peer(target)?.isFresh ?? false
        }
        waiting.spared = PlaceIndex()
        guard !silent.isEmpty else { return actions }
        let proposal = Exclusion(
            configuration: configuration.id, sender: id, view: installed?.view.id, connections: silent.sorted())
        return actions + multicast(proposal.unauthenticated(group: group))
    }

    /// Authenticates a control message and multicasts it: by a code where everybody in the configuration shares the
    /// key.
    private func multicast(_ unauthenticated: ByteWriter) -> [FlushAction] {
        var writer = unauthenticated
        let covered = FlushWire.domain + writer.bytes
        do throws(PrimitivesError) {
            if let key, everybodyShares(key) {
                Authenticator.code(try key.code(over: covered)).write(&writer)
            } else {
                Authenticator.signature(try identity.sign(covered)).write(&writer)
            }
            return [.multicast(writer.bytes)]
        } catch {
            return [.refuse(.primitives(error), sender: nil)]
        }
    }

    /// Whether everybody in the configuration can verify a code: all are in this VS view, its secure view is installed,
    /// and they have had the same messages since. In a view whose key is yet to be agreed, members may hold keys of
    /// different secure views; and who parted from this view and is back may have missed its key, or have another.
    private func everybodyShares(_ key: FlushKey) -> Bool {
        guard let installed, installed.isUndisturbed, installed.view.id == secureView else { return false }
        return configuration.members.allSatisfy { connection in
            installed.member(at: connection).map { key.isShared(with: $0.id) } ?? false
        }
    }

    private var admissionObstacle: FlushError {
        let nameIsTaken = configuration.peers.contains { peer in
            peer.member.name.isSame(as: identity.name) && peer.member.publicKey != identity.publicKey
        }
        return nameIsTaken ? .nameTaken : .notAdmitted
    }

    // MARK: - Views

    /// Installs what has become ready, here and, as far as it can be seen from here, elsewhere.
    mutating func composeViews(now: UInt64) -> [FlushAction] {
        let ready: [ViewComposition]
        do throws(PrimitivesError) {
            ready = try ViewComposition.ready(in: configuration, group: group)
        } catch {
            return [.refuse(.primitives(error), sender: nil)]
        }
        var actions: [FlushAction] = []
        // What one composition uses up, another may still ask about.
        let before = configuration
        let own = before.place(of: connection)
        if let own, before.isReplaced(own) {
            // Whoever joined again elsewhere waits for the others there: nobody waits for this membership any more.
            state = .over
            return [.endReplaced]
        }
        for composition in ready {
            if let own, composition.places.contains(own) {
                actions += install(composition, computedIn: before, now: now)
            }
            configuration.install(composition)
        }
        return actions + startFlushIfSomebodyWaits(now: now) + settle(now: now)
    }

    private mutating func install(
        _ composition: ViewComposition, computedIn configuration: Configuration, now: UInt64
    ) -> [FlushAction] {
        let isUnconfirmed = hasUnconfirmedMessages
        var actions = installed == nil ? [] : signal()
        let previous = installed?.view.members ?? []
        var chosen = PlaceSet()
        for place in composition.places { chosen.insert(place) }
        var moving = PlaceSet()
        if let own = configuration.peer(connection) {
            for (index, member) in previous.enumerated() {
                guard let place = configuration.place(of: member.connection), chosen.contains(place) else { continue }
                if configuration.peers[place].movedTogether(with: own) { moving.insert(index) }
            }
        }
        let transitionalSet = previous.isEmpty ? [id] : moving.places.map { previous[$0].id }
        let leaving = previous.indices.filter { !moving.contains($0) }.map { previous[$0] }
        var members = composition.members
        if isBroken(.seniorityIsLocal) { members = members.filter { $0.id == id } + members.filter { $0.id != id } }
        let view = FlushView(
            id: composition.view, members: members, transitionalSet: transitionalSet,
            leaveSet: leaving, transcript: composition.transcript, hasUnconfirmedMessages: isUnconfirmed)
        noteSilent(configuration, in: chosen)
        installed = Installed(view: view, since: now)
        relateConfiguration()
        relateView()
        lineage = composition.view.hash
        highestCounter = composition.view.counter
        nextReconsideration = nil
        reconsiderLater(now: now)
        admissionDeadline = nil
        hearingUntil = nil
        state = .steady
        actions.append(.install(view))
        return actions
    }

    /// Whether a safe message that is delivered after the signal may have come after somebody's acknowledgement: who
    /// acknowledges in a configuration has had what came in those before it.
    private var hasUnconfirmedMessages: Bool {
        guard let installed, !isBroken(.lateSafeMessagesAreNotConfirmed) else { return false }
        return installed.lastLateSafeMessage == configuration.id
            || !installed.hasSignalled && installed.queue.hasUnstable
    }

    /// Remembers whom this member accepts, and members of its new view go on without for its silence.
    private mutating func noteSilent(_ configuration: Configuration, in chosen: PlaceSet) {
        silent = []
        guard !configuration.exclusions.isEmpty else { return }
        for place in trusted.subtracting(configuration.acknowledged).places {
            let peer = configuration.peers[place]
            let isLeftOut = chosen.places.contains { configuration.honours($0, excluding: peer.connection) }
            if isLeftOut { silent.append(peer.id) }
        }
    }
}
