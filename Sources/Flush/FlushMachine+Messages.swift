internal import Primitives

extension FlushMachine {
    /// The transport delivered a message of a connection, in agreed order; one's own are delivered too.
    public mutating func received(_ bytes: [UInt8], from sender: UInt64, now: UInt64) -> [FlushAction] {
        received(bytes[...], from: sender, now: now)
    }

    /// The same, for bytes that lie among others: the payload of a delivery shares their storage.
    public mutating func received(_ bytes: ArraySlice<UInt8>, from sender: UInt64, now: UInt64) -> [FlushAction] {
        switch state {
        case .detached, .over: return [.ignore(.notAwaited)]
        case .joining, .steady, .requested, .acknowledged: break
        }
        guard configuration.contains(sender) else { return [.ignore(.departedConnection)] }
        do throws(FlushError) {
            if DataMessage.isOne(bytes) {
                return try received(DataMessage.read(bytes), bytes, from: sender, now: now)
            }
            let bytes = [UInt8](copying: bytes)
            switch try FlushMessage.read(bytes, group: group) {
            case .hello(let hello, let proof): return try received(hello, bytes, proof, from: sender, now: now)
            case .acknowledgement(let message, let proof):
                return try received(message, bytes, proof, from: sender, now: now)
            case .exclusion(let message, let proof):
                return try received(message, bytes, proof, from: sender, now: now)
            case .stability(let message, let proof): return try received(message, bytes, proof, from: sender)
            case .data(let message): return try received(message, bytes[...], from: sender, now: now)
            }
        } catch {
            return [.refuse(error, sender: installed?.member(at: sender)?.id)]
        }
    }

    private mutating func received(
        _ hello: Hello, _ bytes: [UInt8], _ proof: Authenticator, from sender: UInt64, now: UInt64
    ) throws(FlushError) -> [FlushAction] {
        // Before the signature: hellos are repeated while somebody is waited for, and verifying is dear.
        var peer = Peer(hello, digest: try digest(bytes))
        if configuration.peer(sender)?.introduction.digest == peer.digest {
            answerRepeatedHello(of: sender, now: now)
            return [.ignore(.repeatedHello)]
        }
        _ = try proven(bytes, proof, by: peer)
        guard let lineage = try lineage(of: hello) else { return [.ignore(.outdated)] }
        peer.lineage = lineage
        guard hello.connection == sender else { throw .wrongConfiguration }
        guard hello.suite == suite, hello.algorithm == algorithm else {
            configuration.refuse(sender)
            throw hello.suite == suite ? .wrongAlgorithm : .wrongSuite
        }
        // Two may claim one incarnation: who comes first must not silence the other. No view has both.
        guard configuration.place(of: sender) == nil else { return [.ignore(.repeatedHello)] }
        spare(configuration.acknowledged.places.map { configuration.peers[$0].connection })
        configuration.introduce(peer)
        relate(configuration.peers.count - 1)
        return startFlushIfSomebodyWaits(now: now)
    }

    /// Who is in another view and says its hello again may lack this member's.
    private mutating func answerRepeatedHello(of sender: UInt64, now: UInt64) {
        guard state == .steady, limits.flushTimeout > 0, nextReconsideration == nil,
            let place = configuration.place(of: sender), trusted.contains(place), !insiders.contains(place)
        else { return }
        nextReconsideration = now &+ limits.repeatInterval
    }

    private mutating func received(
        _ message: FlushAcknowledgement, _ bytes: [UInt8], _ proof: Authenticator, from sender: UInt64, now: UInt64
    ) throws(FlushError) -> [FlushAction] {
        let peer: Peer
        switch try verified(bytes, proof, by: message.sender, at: sender, message.configuration) {
        case .valid(let sender): peer = sender
        case .late(let sender):
            let isHere = message.configuration == configuration.id
            return isHere ? remind(sender, whoIsIn: message.view, now: now) : [.ignore(.outdated)]
        case .without(let reason): return [.ignore(reason)]
        }
        let meaning = configuration.meaning(of: message.accepted)
        guard let place = configuration.place(of: sender), meaning.accepted.contains(place) else {
            throw .malformed(.badValue)
        }
        guard message.view == peer.view else { return disagreed(message.view, peer, now: now) }
        guard message.heard == configuration.heard else {
            // Its sender has heard more: what was kept from this member is repeated to all who take part in the flush.
            let isLacking =
                message.heard > configuration.heard && (isCompanion(peer) || isAccepted(peer.member.publicKey))
            return isLacking ? startFlush(now: now) : [.ignore(.outdated)]
        }
        configuration.acknowledge(message, meaning: meaning, from: sender)
        var actions: [FlushAction] = []
        if installed?.place(at: sender) != nil {
            actions += startFlush(now: now)
        } else {
            actions += startFlushIfSomebodyWaits(now: now)
        }
        return actions + composeViews(now: now)
    }

    /// An acknowledgement from a view that its sender is not in, as far as this member has seen. Views are computed
    /// from what all get in one order: without tampering it is an earlier one that was under way when the view came.
    ///
    /// With tampering, one of the two lacks something that made a view. This member does, when the sender is in a later
    /// view: what it knows of this configuration is not what the others know, and only a new incarnation, for which all
    /// introduce themselves again, makes it so. (Somebody whom this member alone accepts must not make it go.) The
    /// sender does, when after some time it still asks for the view that is installed here with it: a flush tells it.
    private mutating func disagreed(
        _ view: ViewIdentifier?, _ peer: Peer, now: UInt64
    ) -> [FlushAction] {
        guard isAccepted(peer.member.publicKey) else { return [.ignore(.outdated)] }
        if (view?.counter ?? 0) > (peer.view?.counter ?? 0) {
            guard isCompanion(peer) || isAcceptedByCompanions(peer) else { return [.ignore(.outdated)] }
            state = .over
            return [.rejoinExcluded]
        }
        return remind(peer, whoIsIn: view, now: now)
    }

    /// A member of this view still speaks of the view before it. So long after that nothing can have been under way, a
    /// flush tells it. It does not share this view's key: what it is told must be signed.
    private mutating func remind(_ peer: Peer, whoIsIn view: ViewIdentifier?, now: UInt64) -> [FlushAction] {
        guard let installed, view != peer.view, isCompanion(peer), peer.view == installed.view.id,
            now >= installed.since &+ limits.repeatInterval
        else { return [.ignore(.outdated)] }
        self.installed?.isUndisturbed = false
        return startFlush(now: now)
    }

    private func isCompanion(_ peer: Peer) -> Bool { installed?.member(at: peer.connection)?.id == peer.id }

    /// Whether all who are left of this member's view accept a peer, as far as they have said.
    private func isAcceptedByCompanions(_ peer: Peer) -> Bool {
        guard let installed else { return true }
        return installed.staying.places.allSatisfy { place in
            let companion = installed.view.members[place].connection
            return companion == connection
                || configuration.place(of: companion).map { configuration.names($0, peer.connection) } ?? false
        }
    }

    private mutating func received(
        _ message: Exclusion, _ bytes: [UInt8], _ proof: Authenticator, from sender: UInt64, now: UInt64
    ) throws(FlushError) -> [FlushAction] {
        let proposer: Peer
        switch try verified(bytes, proof, by: message.sender, at: sender, message.configuration) {
        case .valid(let sender): proposer = sender
        case .late: return [.ignore(.outdated)]
        case .without(let reason): return [.ignore(reason)]
        }
        guard message.view == proposer.view else { return disagreed(message.view, proposer, now: now) }
        // Who proposes may be a stranger, and what is recorded stays: numbers that are nobody's connection are not.
        let connected = message.connections.filter { configuration.contains($0) }
        guard !connected.isEmpty else { return [.ignore(.departedConnection)] }
        let targets = connected.filter { $0 != sender && !configuration.hasAcknowledged($0) }
        guard !targets.isEmpty else { return [.ignore(.hasAcknowledged)] }
        for target in targets {
            configuration.exclude(target, by: sender, isBinding: binds(proposer, target))
        }
        let isFromMember = installed?.member(at: sender).map { $0.id == proposer.id } ?? proposer.isFresh
        if targets.contains(connection), isFromMember, isAccepted(proposer.member.publicKey) {
            state = .over
            return [.rejoinExcluded]
        }
        return composeViews(now: now) + settle(now: now)
    }

    /// Whether a proposal to exclude `target` binds others than its proposer: about a newcomer, or within one view.
    private func binds(_ proposer: Peer, _ target: UInt64) -> Bool {
        guard let peer = configuration.peer(target) else {
            // Without a hello it is known to the members of its view alone, and nobody else can have accepted it.
            return installed?.place(at: target) != nil && installed?.place(at: proposer.connection) != nil
        }
        return peer.isFresh || peer.view == proposer.view
    }

    private mutating func received(
        _ message: Stability, _ bytes: [UInt8], _ proof: Authenticator, from sender: UInt64
    ) throws(FlushError) -> [FlushAction] {
        // What was sent in an earlier configuration, or view, may be here before its sender's hello, and its code is
        // under a key that is gone.
        guard configuration.place(of: sender) != nil, let view = installed?.view, message.view == view.id else {
            return [.ignore(.outdated)]
        }
        switch try verified(bytes, proof, by: message.sender, at: sender, configuration.id) {
        case .valid: break
        case .late: return [.ignore(.outdated)]
        case .without(let reason): return [.ignore(reason)]
        }
        guard let place = installed?.place(at: sender), view.members[place].id == message.sender else {
            throw .unknownSender
        }
        installed?.queue.note(message.digests, receivedBy: place)
        return deliverStable()
    }

    private mutating func received(
        _ message: DataMessage, _ bytes: ArraySlice<UInt8>, from sender: UInt64, now: UInt64
    ) throws(FlushError) -> [FlushAction] {
        guard message.destination == 0 || message.destination == id else {
            guard let installed, installed.view.id == message.view else { return [.ignore(.otherView)] }
            // On a transport that multicasts everything others' messages pass by; but they are for somebody.
            guard installed.place(of: message.destination) != nil else { throw .unknownMember }
            return [.ignore(.otherDestination)]
        }
        guard let installed, let place = installed.place(at: sender), installed.staying.contains(place) else {
            return [.ignore(.otherView)]
        }
        guard message.view == installed.view.id || isBroken(.otherViewsDataIsDelivered) else {
            // Its sender has gone on without this member, or had when it sent this, in an earlier configuration.
            guard configuration.peer(sender)?.view == installed.view.id else { return [.ignore(.otherView)] }
            throw .wrongView
        }
        let isPrivate = message.destination != 0
        let mustBeStable = message.service == .safe && !isPrivate && !installed.hasSignalled
        let entry = DeliveryQueue.Entry(
            sender: installed.view.members[place].id, service: message.service, isPrivate: isPrivate,
            payload: message.payload,
            digest: mustBeStable ? try stabilityDigest([UInt8](copying: bytes)) : nil)
        if message.service == .safe, !isPrivate, installed.hasSignalled {
            self.installed?.lastLateSafeMessage = configuration.id
        }
        guard mustBeStable || !installed.queue.isEmpty && !isBroken(.safeMessageIsOvertaken) else {
            return [entry.delivery]
        }
        // One's own receipt counts like the others', where it stands in the order: so that all who move together take a
        // message for stable at the same place, before the signal or after it (property 12).
        self.installed?.queue.append(entry)
        if mustBeStable, nextStabilityRepeat == nil { nextStabilityRepeat = now &+ limits.repeatInterval }
        let stable = deliverStable()
        // Who has acknowledged a flush sends nothing more: what waits here is bounded by what was under way.
        let isTooMuch = (self.installed?.queue.bytes ?? 0) > limits.waitingLimit
        return stable + (isTooMuch ? startFlush(now: now) : [])
    }

    mutating func deliverStable() -> [FlushAction] {
        guard let staying = installed?.staying else { return [] }
        let stable = installed?.queue.takeStable(members: staying) ?? []
        if !stable.isEmpty { unstableSince = nil }
        if installed?.queue.isEmpty ?? true { nextStabilityRepeat = nil }
        return stable.map { $0.delivery }
    }

    private enum Verified {
        case valid(Peer)
        /// Made with the key of the view before this one, which somebody who has left since knows too.
        case late(Peer)
        /// It is of no use here, but not because somebody tampered with it.
        case without(FlushIgnoreReason)
    }

    /// The peer that a control message comes from. What is authentic and outdated is ignored; what is changed is
    /// refused, also when the change makes it look outdated.
    private func verified(
        _ bytes: [UInt8], _ proof: Authenticator, by id: UInt64, at connection: UInt64, _ configuration: UInt64
    ) throws(FlushError) -> Verified {
        let isOutdated = configuration != self.configuration.id
        guard let peer = self.configuration.peer(connection) else {
            // It introduced itself before this configuration, and will do so again.
            if isOutdated { return .without(.outdated) }
            // That its hello was refused has been told: what follows from it says nothing new.
            if self.configuration.refused.contains(connection) { return .without(.refusedHello) }
            throw .unknownSender
        }
        guard peer.id == id else { throw .notAuthentic }
        switch try proven(bytes, proof, by: peer) {
        case .now: return isOutdated ? .without(.outdated) : .valid(peer)
        case .formerly: return .late(peer)
        case .unknown: return .without(.notForUs)
        }
    }

    /// Under what a proof holds: a signature or the present key; the key before it; a key that this member has not.
    private enum Proof { case now, formerly, unknown }

    private func proven(_ bytes: [UInt8], _ proof: Authenticator, by peer: Peer) throws(FlushError) -> Proof {
        if isBroken(.controlMessagesAreNotVerified) { return .now }
        let covered = Authenticator.split(bytes, proof)
        switch proof {
        case .signature(let signature):
            guard Identity.verify(publicKey: peer.member.publicKey, signature: signature, message: covered) else {
                throw .notAuthentic
            }
            return .now
        case .code(let code):
            guard let key, key.isShared(with: peer.id) else { return .unknown }
            do throws(PrimitivesError) {
                if constantTimeEquals(try key.code(over: covered), code) { return .now }
                // Its sender had not installed this view when it sent it: no forgery.
                if let formerKey, constantTimeEquals(try formerKey.code(over: covered), code) { return .formerly }
            } catch {
                throw .primitives(error)
            }
            throw .notAuthentic
        }
    }

    private func lineage(of hello: Hello) throws(FlushError) -> [UInt8]? {
        do throws(PrimitivesError) { return try configuration.lineage(of: hello) } catch { throw .primitives(error) }
    }

    private func digest(_ bytes: [UInt8]) throws(FlushError) -> [UInt8] {
        do throws(PrimitivesError) { return try Digest.sha256(bytes) } catch { throw .primitives(error) }
    }

    private func stabilityDigest(_ bytes: [UInt8]) throws(FlushError) -> [UInt8] {
        do throws(PrimitivesError) { return try Stability.digest(of: bytes) } catch { throw .primitives(error) }
    }
}
