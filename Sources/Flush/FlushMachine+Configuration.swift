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
        if nextReconsideration == nil { reconsiderLater(now: now) }
        return actions + settle(now: now)
    }

    /// Takes what is known into the new configuration. When somebody is new there, nothing is: newcomers have not
    /// heard it, and everybody introduces itself again.
    private mutating func enter(id: UInt64, members: [UInt64], transitional: PlaceIndex) throws(PrimitivesError) {
        let step = try LineageStep(configuration: id, transitional: transitional)
        if installed != nil { lineage = try step.after(lineage) }
        defer { relateConfiguration() }
        guard members.allSatisfy({ transitional.contains($0) }) else {
            installed?.isUndisturbed = false
            // All introduce themselves again, and say anew whom they accept.
            silent = []
            configuration = Configuration(id: id, members: members, passages: [step])
            ownHello = []
            return
        }
        let present = PlaceIndex(members)
        var kept: [Peer] = []
        // Most have the same.
        var last: (before: [UInt8], after: [UInt8])? = nil
        let places = configuration.peers.indices.filter { present.contains(configuration.peers[$0].connection) }
        for place in places {
            var peer = configuration.peers[place]
            peer.acknowledgement = nil
            peer.statement = peer.statement?.keeping(places)
            if !peer.isFresh {
                let before = peer.lineage
                if let last, last.before == before {
                    peer.lineage = last.after
                } else {
                    peer.lineage = try step.after(before)
                }
                last = (before, peer.lineage)
            }
            kept.append(peer)
        }
        let exclusions = configuration.exclusions.filter {
            present.contains($0.proposer) && present.contains($0.target)
        }
        configuration = Configuration(
            id: id, members: members, passages: configuration.passages + [step], keeping: kept, exclusions,
            refused: configuration.refused.numbers)
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

    /// Multicasts this member's hello: the one that it made when somebody came last, so that all who hear it hear the
    /// same.
    private mutating func introduce() -> [FlushAction] {
        guard ownHello.isEmpty else { return [.multicast(ownHello)] }
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
struct LineageStep: Equatable {
    let configuration: UInt64
    /// SHA-256 over the configuration's number and those who came along.
    private let digest: [UInt8]

    init(configuration: UInt64, transitional: PlaceIndex) throws(PrimitivesError) {
        self.configuration = configuration
        var writer = ByteWriter(capacity: 16 + 8 * transitional.count)
        writer.writeUInt64(configuration)
        for connection in transitional.numbers { writer.writeUInt64(connection) }
        digest = try Digest.sha256(writer.bytes)
    }

    func after(_ lineage: [UInt8]) throws(PrimitivesError) -> [UInt8] { try Digest.sha256(lineage + digest) }
}
