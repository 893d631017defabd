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
    /// again, ever more rarely. Who said whom it accepts will ask when that changes.
    private mutating func reconsider(now: UInt64) -> [FlushAction] {
        reconsiderations = min(reconsiderations + 1, 4)
        nextReconsideration = nil
        considered.removeAll { $0.wasSilent }
        return startFlushIfSomebodyWaits(now: now)
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
                guard !configuration.hasAcknowledged(connection), !isExcluded(connection) else { continue }
                if configuration.place(of: connection).map({ isApart($0) }) ?? false { continue }
                connections.append(connection)
            }
        }
        let listed = PlaceIndex(connections)
        for place in trusted.subtracting(configuration.acknowledged).places {
            let peer = configuration.peers[place]
            guard !listed.contains(peer.connection), !isExcluded(peer.connection) else { continue }
            guard !configuration.isReplaced(place), !isApart(place) else { continue }
            connections.append(peer.connection)
        }
        return connections.filter { $0 != connection }
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

    /// Whether a peer and all who are in a view with it went on without this member, and none of them has asked for it
    /// since. A newcomer goes on asking. Those of one view flush together, so they are acknowledged together: naming
    /// some of them, and others the next time, would keep two views apart for ever.
    private func isApart(_ place: Int) -> Bool {
        guard installed != nil, configuration.peers[place].connection != connection, standsApart(place) else {
            return false
        }
        guard let view = configuration.peers[place].view else { return true }
        return configuration.peers.indices.allSatisfy { other in
            configuration.peers[other].view != view || standsApart(other)
        }
    }

    /// Whether a peer of its own does not ask for this member.
    private func standsApart(_ place: Int) -> Bool {
        guard trusted.contains(place), configuration.peers[place].connection != connection else { return true }
        guard !considered.isEmpty, !configuration.names(place, connection) else { return false }
        let id = configuration.peers[place].id
        return considered.contains { $0.id == id && !$0.acceptedUs }
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
            heard: configuration.heard, accepted: acceptedPlaces())
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

    /// Everybody accepted here who does not stand apart.
    private func acceptedPlaces() -> PlaceSet {
        guard !considered.isEmpty, installed != nil else { return trusted }
        var accepted = trusted
        for place in trusted.places where isApart(place) { accepted.remove(place) }
        return accepted
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
        let proposal = Exclusion(configuration: configuration.id, sender: id, connections: silent.sorted())
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
            peer.member.name == identity.name && peer.member.publicKey != identity.publicKey
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
        let isReplaced = own.map { before.isReplaced($0) } ?? false
        for composition in ready {
            if let own, composition.places.contains(own) {
                actions += install(composition, computedIn: before, now: now)
            } else if isReplaced, composition.members.contains(where: { $0.publicKey == identity.publicKey }) {
                state = .over
                return actions + [.endReplaced]
            } else if own != nil {
                // Members of this view knew us when they acknowledged: they went on without us on purpose. But who
                // named us still asks for us, and is named in turn: to say one thing and then the other has no end.
                for (member, place) in zip(composition.members, composition.places)
                where installed?.member(member.id) == member {
                    considered.removeAll { $0.id == member.id }
                    considered.append(
                        Considered(id: member.id, acceptedUs: before.names(place, connection)))
                }
            }
            configuration.install(composition)
        }
        // Who went on without this member because it was silent for too long is asked again, now that it is not.
        let asked = considered.filter { !$0.excludedUs || isExcluded(by: $0.id) }
        considered = asked
        return actions + startFlushIfSomebodyWaits(now: now) + settle(now: now)
    }

    private func isExcluded(by id: UInt64) -> Bool {
        configuration.peers.contains { $0.id == id && configuration.hasExcluded(connection, by: $0.connection) }
    }

    private mutating func install(
        _ composition: ViewComposition, computedIn configuration: Configuration, now: UInt64
    ) -> [FlushAction] {
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
        consider(configuration, without: chosen)
        var members = composition.members
        if isBroken(.seniorityIsLocal) { members = members.filter { $0.id == id } + members.filter { $0.id != id } }
        let view = FlushView(
            id: composition.view, members: members, transitionalSet: transitionalSet,
            leaveSet: leaving, transcript: composition.transcript)
        installed = Installed(view: view, since: now)
        relateConfiguration()
        relateView()
        lineage = composition.view.hash
        highestCounter = composition.view.counter
        nextReconsideration =
            limits.flushTimeout > 0 && considered.contains { $0.wasSilent }
            ? now &+ limits.flushTimeout << reconsiderations : nil
        admissionDeadline = nil
        hearingUntil = nil
        state = .steady
        actions.append(.install(view))
        return actions
    }

    /// Remembers whom this member accepted in vain; who stood apart before does so still.
    private mutating func consider(_ configuration: Configuration, without chosen: PlaceSet) {
        considered.removeAll { old in
            let places = configuration.peers.indices.filter { configuration.peers[$0].id == old.id }
            return places.isEmpty || places.contains { chosen.contains($0) }
        }
        guard let own = configuration.place(of: connection),
            let acceptance = configuration.peers[own].acknowledgement?.acceptance
        else { return }
        for place in acceptance.accepted.subtracting(chosen).places {
            let peer = configuration.peers[place]
            // What somebody has said who was left behind for its silence came too late; what it says next counts.
            let wasLate = configuration.honours(own, excluding: peer.connection)
            considered.removeAll { $0.id == peer.id }
            considered.append(
                Considered(
                    id: peer.id, acceptedUs: !wasLate && configuration.names(place, connection),
                    excludedUs: configuration.hasExcluded(connection, by: peer.connection),
                    wasSilent: wasLate || !configuration.acknowledged.contains(place)))
        }
    }
}
