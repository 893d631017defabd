internal import Primitives

extension FlushMachine {
    /// The transport's configuration changed. `transitional` are the members of the previous one that came along, this
    /// member included.
    public mutating func configurationChanged(
        id: UInt64, members: [UInt64], transitional: [UInt64], now: UInt64
    ) -> [FlushAction] {
        switch state {
        case .detached, .over: return [.ignore(.notAwaited)]
        case .joining, .steady, .requested, .acknowledged: break
        }
        let spared = blameless()
        if hasLostObstacle(members: members) { considered = [] }
        do throws(PrimitivesError) {
            try enter(id: id, members: members, transitional: transitional)
        } catch {
            return [.refuse(.primitives(error), sender: nil)]
        }
        var actions = signalLosses(members: members, transitional: transitional)
        let hasLost = !actions.isEmpty || !(installed?.gone.isEmpty ?? true)
        restartWaiting(sparing: spared, now: now)
        actions += hasLost ? startFlush(now: now) : startFlushIfSomebodyWaits(now: now)
        if configuration.peer(connection) == nil { actions += introduce() }
        return actions + settle(now: now)
    }

    /// Whether somebody departs who is in a view with somebody accepted: perhaps it was the one who kept others out.
    private func hasLostObstacle(members: [UInt64]) -> Bool {
        configuration.peers.contains { lost in
            guard !lost.isFresh, !members.contains(lost.connection) else { return false }
            return configuration.peers.contains { other in
                other.connection != lost.connection && other.view == lost.view && isAccepted(other.hello.publicKey)
            }
        }
    }

    /// Takes what is known into the new configuration. When somebody is new there, nothing is: newcomers have not
    /// heard it, and everybody introduces itself again.
    private mutating func enter(id: UInt64, members: [UInt64], transitional: [UInt64]) throws(PrimitivesError) {
        let step = lineageStep(id: id, transitional: transitional)
        if installed != nil { lineage = try step(lineage) }
        guard members.allSatisfy({ transitional.contains($0) }) else {
            configuration = Configuration(id: id, members: members)
            return
        }
        var kept: [Peer] = []
        for var peer in configuration.peers where members.contains(peer.connection) {
            peer.acknowledgement = nil
            if !peer.isFresh { peer.lineage = try step(peer.lineage) }
            kept.append(peer)
        }
        let exclusions = configuration.exclusions.filter {
            members.contains($0.proposer) && members.contains($0.target)
        }
        configuration = Configuration(id: id, members: members, keeping: kept, exclusions)
    }

    /// Those who come into a configuration together have the same lineage after it if they had the same before.
    private func lineageStep(
        id: UInt64, transitional: [UInt64]
    ) -> ([UInt8]) throws(PrimitivesError) -> [UInt8] {
        return { (lineage) throws(PrimitivesError) in
            var writer = ByteWriter(capacity: 48 + 8 * transitional.count)
            writer.writeRaw(lineage)
            writer.writeUInt64(id)
            for connection in transitional.sorted() { writer.writeUInt64(connection) }
            return try Digest.sha256(writer.bytes)
        }
    }

    /// When a member of the view did not come along: the transitional signal, and after it what waited to be stable.
    private mutating func signalLosses(members: [UInt64], transitional: [UInt64]) -> [FlushAction] {
        guard let view = installed?.view else { return [] }
        let lost = view.members.filter { member in
            !members.contains(member.connection) || !transitional.contains(member.connection)
        }
        for member in lost where installed?.gone.contains(member.id) == false { installed?.gone.append(member.id) }
        return lost.isEmpty || isBroken(.lossIsNotSignalled) ? [] : signal()
    }

    /// Delivers the transitional signal, once per view, and everything that stability held back.
    mutating func signal() -> [FlushAction] {
        guard installed?.hasSignalled == false else { return [] }
        installed?.hasSignalled = true
        nextStabilityRepeat = nil
        unstableSince = nil
        let waiting = installed?.queue.takeAll() ?? []
        return [.signal] + (isBroken(.waitingMessagesAreLost) ? [] : waiting).map { $0.delivery }
    }

    /// What was sent in the old configuration must be sent again. How long the others have been waited for is not
    /// forgotten: connections that come and go must not keep a silent member in the group for ever. Nor must they cost
    /// those their place who were not silent.
    private mutating func restartWaiting(sparing spared: [UInt64], now: UInt64) {
        func restarted(_ waiting: Waiting) -> Waiting {
            Waiting(
                since: waiting.since, nextRepeat: now &+ limits.repeatInterval,
                spared: configuration.members.filter { waiting.spared.contains($0) || spared.contains($0) })
        }
        switch state {
        case .joining(let waiting): state = .joining(restarted(waiting))
        case .requested(let waiting): state = .requested(restarted(waiting))
        case .acknowledged(let waiting): state = .acknowledged(restarted(waiting))
        case .detached, .steady, .over: break
        }
    }

    /// Multicasts this member's hello for the present configuration.
    private mutating func introduce() -> [FlushAction] {
        do throws(PrimitivesError) {
            let hello = Hello(
                suite: suite, algorithm: algorithm, configuration: configuration.id, connection: connection,
                incarnation: id, publicKey: identity.publicKey, name: identity.name,
                nonce: try entropy.publicBytes(FlushWire.hashSize), view: installed?.view.id, place: ownPlace,
                lineage: lineage)
            ownHello = try hello.signed(group: group, by: identity)
            return [.multicast(ownHello)]
        } catch {
            return [.refuse(.primitives(error), sender: nil)]
        }
    }

    private var ownPlace: UInt16 {
        UInt16(truncatingIfNeeded: installed?.view.members.firstIndex { $0.id == id } ?? 0)
    }
}

extension DeliveryQueue.Entry {
    var delivery: FlushAction {
        .deliver(sender: sender, service: service, isPrivate: isPrivate, payload: payload)
    }
}
