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
        reconsiderations = 0
        let spared = blameless()
        let present = PlaceIndex(members)
        if hasLostObstacle(members: present) { considered = [] }
        do throws(PrimitivesError) {
            try enter(id: id, members: members, transitional: PlaceIndex(transitional))
        } catch {
            return [.refuse(.primitives(error), sender: nil)]
        }
        var actions = signalLosses(members: members, transitional: transitional)
        let hasLost = !actions.isEmpty || installed?.hasLost ?? false
        restartWaiting(sparing: spared, now: now)
        actions += hasLost ? startFlush(now: now) : startFlushIfSomebodyWaits(now: now)
        if configuration.place(of: connection) == nil { actions += introduce() }
        return actions + settle(now: now)
    }

    /// Whether somebody departs who is in a view with somebody accepted: perhaps it was the one who kept others out.
    private func hasLostObstacle(members: PlaceIndex) -> Bool {
        var views: [ViewIdentifier] = []
        for peer in configuration.peers where !members.contains(peer.connection) {
            if let view = peer.view, !views.contains(view) { views.append(view) }
        }
        guard !views.isEmpty else { return false }
        return configuration.peers.indices.contains { other in
            guard trusted.contains(other), let view = configuration.peers[other].view, views.contains(view) else {
                return false
            }
            return configuration.peers.indices.contains { lost in
                lost != other && configuration.peers[lost].view == view
                    && !members.contains(configuration.peers[lost].connection)
            }
        }
    }

    /// Takes what is known into the new configuration. When somebody is new there, nothing is: newcomers have not
    /// heard it, and everybody introduces itself again.
    private mutating func enter(id: UInt64, members: [UInt64], transitional: PlaceIndex) throws(PrimitivesError) {
        var steps = LineageSteps(id: id, transitional: transitional)
        if installed != nil { lineage = try steps.step(lineage) }
        defer { relateConfiguration() }
        guard members.allSatisfy({ transitional.contains($0) }) else {
            installed?.isUndisturbed = false
            // All introduce themselves again, and say anew whom they accept.
            considered = []
            configuration = Configuration(id: id, members: members)
            return
        }
        let present = PlaceIndex(members)
        var kept: [Peer] = []
        for var peer in configuration.peers where present.contains(peer.connection) {
            peer.acknowledgement = nil
            if !peer.isFresh { peer.lineage = try steps.step(peer.lineage) }
            kept.append(peer)
        }
        let exclusions = configuration.exclusions.filter {
            present.contains($0.proposer) && present.contains($0.target)
        }
        configuration = Configuration(
            id: id, members: members, keeping: kept, exclusions, refused: configuration.refused.numbers)
    }

    /// When a member of the view did not come along: the transitional signal, and after it what waited to be stable.
    private mutating func signalLosses(members: [UInt64], transitional: [UInt64]) -> [FlushAction] {
        guard let view = installed?.view else { return [] }
        let present = PlaceIndex(members)
        let moved = PlaceIndex(transitional)
        let lost = view.members.indices.filter { place in
            let connection = view.members[place].connection
            return !present.contains(connection) || !moved.contains(connection)
        }
        for place in lost { installed?.lose(place) }
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
    private mutating func restartWaiting(sparing blameless: [UInt64], now: UInt64) {
        let spared = PlaceIndex(blameless)
        func restarted(_ waiting: Waiting) -> Waiting {
            Waiting(
                since: waiting.since, nextRepeat: now &+ limits.repeatInterval,
                spared: PlaceIndex(
                    configuration.members.filter { waiting.spared.contains($0) || spared.contains($0) }))
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
        UInt16(truncatingIfNeeded: installed?.place(of: id) ?? 0)
    }
}

extension DeliveryQueue.Entry {
    var delivery: FlushAction {
        .deliver(sender: sender, service: service, isPrivate: isPrivate, payload: payload)
    }
}

/// Those who come into a configuration together have the same lineage after it if they had the same before.
private struct LineageSteps {
    private let suffix: [UInt8]
    /// Most have the same.
    private var last: (before: [UInt8], after: [UInt8])? = nil

    init(id: UInt64, transitional: PlaceIndex) {
        var writer = ByteWriter(capacity: 16 + 8 * transitional.count)
        writer.writeUInt64(id)
        for connection in transitional.numbers { writer.writeUInt64(connection) }
        suffix = writer.bytes
    }

    mutating func step(_ lineage: [UInt8]) throws(PrimitivesError) -> [UInt8] {
        if let last, last.before == lineage { return last.after }
        let after = try Digest.sha256(lineage + suffix)
        last = (lineage, after)
        return after
    }
}
