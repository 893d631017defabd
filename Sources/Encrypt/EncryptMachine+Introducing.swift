internal import Primitives

// The newcomer's side of an introduction: join request, challenge, answer; or a refusal.
extension EncryptMachine {
    /// Coordinators outside the installed view that are remembered.
    private static let challengerLimit = 4

    /// Sends the join request that is due.
    mutating func tickIntroducing(now: UInt64) throws(EncryptError) -> [EncryptAction] {
        guard case .introducing(var introducing) = state, introducing.nextRequest <= now else { return [] }
        introducing.nextRequest = now &+ configuration.repeatAfter << UInt64(min(introducing.requests, 4))
        introducing.requests += 1
        state = .introducing(introducing)
        let request = try joinRequest()
        return [.send(to: introducing.coordinator.map { .address($0) } ?? .everyone, bytes: request)]
    }

    mutating func joinRequest() throws(EncryptError) -> [UInt8] {
        let nonce = try freshRequestNonce()
        return JoinRequest(introduction: own.introduction.bytes, nonce: nonce).written(cluster)
    }

    mutating func receivedChallenge(_ bytes: [UInt8], now: UInt64) throws(EncryptError) -> [EncryptAction] {
        switch state {
        case .idle, .coordinating: throw .notAwaited
        case .left: throw .hasLeft
        case .introducing, .following: break
        }
        let signed = try Challenge.read(bytes, cluster)
        guard signed.fields.newcomer == own.digest else { throw .wrongDestination }
        guard requestNonces.contains(signed.fields.requestNonce) else { throw .stale }
        let coordinator = try introduced(signed.fields.introduction)
        try mayCoordinate(coordinator)
        let challenge = try signed.verified(by: coordinator.publicKey)
        let proven = Challenge.proven(
            coordinator: coordinator.digest, newcomer: own.digest, requestNonce: challenge.requestNonce,
            nonce: challenge.nonce)
        if let cause = refusal(of: coordinator, proof: challenge.proof, .challenge, over: proven, now: now) {
            refusals.count(.notAdmitted(cause))
            return [.event(.notAdmitted(coordinator, cause)), .refused(.notAdmitted(cause))]
        }
        var answer = Answer(
            newcomer: own.digest, coordinator: coordinator.digest, requestNonce: challenge.requestNonce,
            nonce: challenge.nonce, held: held, proof: [])
        answer.proof = try credential.preSharedSecret?.tag(.answer, [answer.proven]) ?? []
        let signedAnswer = try answer.signed(cluster, by: credential.identity)
        challengers.removeAll { $0 == coordinator }
        challengers.append(coordinator)
        if challengers.count > Self.challengerLimit { challengers.removeFirst() }
        if case .following(let following) = state, following.coordinator != coordinator {
            // The coordinator has started again, and knows nobody.
            state = .introducing(
                Introducing(
                    coordinator: coordinator.address, nextRequest: now &+ configuration.repeatAfter, requests: 1))
        }
        return [.send(to: .address(coordinator.address), bytes: signedAnswer)]
    }

    mutating func receivedRefusal(_ bytes: [UInt8], now: UInt64) throws(EncryptError) -> [EncryptAction] {
        switch state {
        case .idle, .coordinating: throw .notAwaited
        case .left: throw .hasLeft
        case .introducing, .following: break
        }
        let signed = try Refusal.read(bytes, cluster)
        guard signed.fields.refused == own.digest else { throw .wrongDestination }
        guard requestNonces.contains(signed.fields.requestNonce) || isBroken(.encryptRefusalIsNotBound) else {
            throw .stale
        }
        let coordinator = try introduced(signed.fields.introduction)
        try mayCoordinate(coordinator)
        let refusal = try signed.verified(by: coordinator.publicKey)
        if let cause = self.refusal(of: coordinator, now: now) { throw .notAdmitted(cause) }
        requestNonces.removeAll { $0 == refusal.requestNonce }
        if case .introducing(var introducing) = state {
            // Nothing changes soon; it asks on, in case the coordinator's policy does.
            introducing.nextRequest = now &+ configuration.repeatAfter << 4
            state = .introducing(introducing)
        }
        return [.event(.refusedByCoordinator(coordinator, refusal.cause))]
    }

    /// The authentic member that an introduction is of. Those that are known cost no verification.
    func introduced(_ bytes: [UInt8]) throws(EncryptError) -> EncryptMember {
        let introduction = try Introduction(reading: bytes)
        guard let digest = MemberDigest(introduction.digest) else { throw .malformed }
        if let known = knownMember(digest) { return known }
        return try EncryptMember(introduction, cluster: cluster.name)
    }

    /// A member of the installed view, a coordinator that has challenged this member, or this member.
    func knownMember(_ digest: MemberDigest) -> EncryptMember? {
        if digest == own.digest { return own }
        return challengers.first { $0.digest == digest } ?? installed?.view.members.first { $0.digest == digest }
    }

    /// Refuses whoever is not at the coordinator's address in the host view, as soon as there is one.
    private func mayCoordinate(_ member: EncryptMember) throws(EncryptError) {
        guard member != own, !hasDeparted(member.digest), hostView.isEmpty || member.address == coordinatorAddress
        else { throw .wrongSender }
    }

    /// The cause for which a member is not admitted that has just shown, in a challenge or an answer, that it is there
    /// and holds what the policy asks for.
    func refusal(
        of member: EncryptMember, proof: [UInt8], _ purpose: PreSharedSecret.Purpose, over proven: [UInt8], now: UInt64
    ) -> AdmissionRefusal? {
        guard !isBroken(.encryptAdmissionIsSkipped) else { return nil }
        do throws(AdmissionRefusal) {
            try policy.check(
                member.introduction, cluster: cluster.name, now: Int64(clamping: wallClock(now)),
                proof: LiveProof(tag: proof, purpose: purpose, parts: [proven]))
            return nil
        } catch {
            return error
        }
    }
}
