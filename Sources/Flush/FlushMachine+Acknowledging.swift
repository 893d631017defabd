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
        for member in installed?.staying ?? [] where isAccepted(member.publicKey) && !isExcluded(member.connection) {
            let peer = configuration.peer(member.connection)
            if peer?.acknowledgement == nil, !isApart(peer) { connections.append(member.connection) }
        }
        for peer in configuration.peers where isAccepted(peer.hello.publicKey) && !isExcluded(peer.connection) {
            guard peer.acknowledgement == nil, !configuration.isReplaced(peer), !isApart(peer) else { continue }
            if !connections.contains(peer.connection) { connections.append(peer.connection) }
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
            let silent = silent(waiting)
            return configuration.peers.map { $0.connection }.filter { !silent.contains($0) }
        }
    }

    /// Gives those time again who did their part and must do it again; who was given it before keeps it.
    mutating func spare(_ connections: [UInt64]) {
        func sparing(_ waiting: Waiting) -> Waiting {
            var waiting = waiting
            waiting.spared += connections.filter { !waiting.spared.contains($0) }
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
    private func isApart(_ peer: Peer?) -> Bool {
        guard let peer, peer.connection != connection, installed != nil else { return false }
        return configuration.peers.allSatisfy { other in
            guard other.connection == peer.connection || (other.view != nil && other.view == peer.view) else {
                return true
            }
            guard other.connection != connection, isAccepted(other.hello.publicKey) else { return true }
            guard !other.accepts(connection: connection) else { return false }
            return considered.contains { $0.id == other.id && !$0.acceptedUs }
        }
    }

    private func isExcluded(_ target: UInt64) -> Bool {
        configuration.exclusions.contains { exclusion in
            guard exclusion.target == target, let proposer = configuration.peer(exclusion.proposer) else {
                return false
            }
            if exclusion.proposer == connection { return true }
            return exclusion.isBinding && isAccepted(proposer.hello.publicKey)
        }
    }

    private mutating func acknowledgeIfDue(_ waiting: inout Waiting) -> [FlushAction] {
        // Who moved here with us will introduce itself too: one acknowledgement that names all spares one for each.
        let introduced = (installed?.staying ?? []).allSatisfy { member in
            configuration.peer(member.connection) != nil || isExcluded(member.connection)
                || !isAccepted(member.publicKey)
        }
        // A newcomer hears out who is there before it thinks itself alone; who never says anything delays it a little.
        let isHearing = hearingUntil != nil && !configuration.members.allSatisfy { configuration.peer($0) != nil }
        guard introduced, !isHearing, configuration.peer(connection) != nil else { return [] }
        let acknowledgement = FlushAcknowledgement(
            configuration: configuration.id, sender: id, view: installed?.view.id, secureView: secureView,
            highestCounter: highestCounter, heard: configuration.heard, accepted: acceptedPeers())
        guard waiting.sent != acknowledgement else { return [] }
        waiting.sent = acknowledgement
        return multicast(acknowledgement.unauthenticated(group: group))
    }

    private func acceptedPeers() -> [FlushAcknowledgement.Accepted] {
        configuration.peers
            .filter { isAccepted($0.hello.publicKey) && !isApart($0) }
            .sorted { $0.connection < $1.connection }
            .map { FlushAcknowledgement.Accepted(connection: $0.connection, hello: $0.digest) }
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
            if let sent = waiting.sent { actions += multicast(sent.unauthenticated(group: group)) }
        }
        guard limits.flushTimeout > 0, now >= waiting.since &+ limits.flushTimeout else { return actions }
        waiting.since = now
        // A newcomer waits for members for as long as they do not admit it.
        let silent = silent(waiting).filter { target in
            guard !waiting.spared.contains(target) else { return false }
            return installed != nil || configuration.peer(target)?.isFresh ?? false
        }
        waiting.spared = []
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

    /// Whether everybody in the configuration can verify a code: all are in this VS view, and its secure view is
    /// installed. In a view whose key is yet to be agreed, members may hold keys of different secure views.
    private func everybodyShares(_ key: FlushKey) -> Bool {
        guard let view = installed?.view, view.id == secureView else { return false }
        return configuration.members.allSatisfy { connection in
            installed?.member(at: connection).map { key.members.contains($0.id) } ?? false
        }
    }

    private var admissionObstacle: FlushError {
        let nameIsTaken = configuration.peers.contains { peer in
            peer.hello.name == identity.name && peer.hello.publicKey != identity.publicKey
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
        let isReplaced = before.peer(connection).map { before.isReplaced($0) } ?? false
        for composition in ready {
            if composition.connections.contains(connection) {
                actions += install(composition, computedIn: before)
            } else if isReplaced, composition.members.contains(where: { $0.publicKey == identity.publicKey }) {
                state = .over
                return actions + [.endReplaced]
            } else {
                // Members of this view knew us when they acknowledged: they went on without us on purpose.
                for member in composition.members where installed?.view.members.contains(member) ?? false {
                    considered.removeAll { $0.id == member.id }
                    considered.append(Considered(id: member.id, acceptedUs: false))
                }
            }
            configuration.install(composition)
        }
        return actions + startFlushIfSomebodyWaits(now: now) + settle(now: now)
    }

    private mutating func install(
        _ composition: ViewComposition, computedIn configuration: Configuration
    ) -> [FlushAction] {
        var actions = installed == nil ? [] : signal()
        let previous = installed?.view.members ?? []
        let moving = previous.filter { member in
            guard let peer = configuration.peer(member.connection), let own = configuration.peer(connection) else {
                return false
            }
            return composition.connections.contains(member.connection) && peer.movedTogether(with: own)
        }
        let transitionalSet = previous.isEmpty ? [id] : moving.map { $0.id }
        consider(configuration, without: composition)
        var members = composition.members
        if isBroken(.seniorityIsLocal) { members = members.filter { $0.id == id } + members.filter { $0.id != id } }
        let view = FlushView(
            id: composition.view, members: members, transitionalSet: transitionalSet,
            leaveSet: previous.filter { !transitionalSet.contains($0.id) }, transcript: composition.transcript)
        installed = Installed(view: view)
        lineage = composition.view.hash
        highestCounter = composition.view.counter
        admissionDeadline = nil
        hearingUntil = nil
        state = .steady
        actions.append(.install(view))
        return actions
    }

    /// Remembers whom this member accepted in vain; who stood apart before does so still.
    private mutating func consider(_ configuration: Configuration, without composition: ViewComposition) {
        considered.removeAll { old in
            composition.members.contains { $0.id == old.id } || !configuration.peers.contains { $0.id == old.id }
        }
        for peer in configuration.peers where !composition.connections.contains(peer.connection) {
            guard configuration.peer(connection)?.accepts(peer) ?? false else { continue }
            considered.removeAll { $0.id == peer.id }
            considered.append(Considered(id: peer.id, acceptedUs: peer.accepts(connection: connection)))
        }
    }
}
