internal import Primitives

// The coordinator's side of an introduction, and of key requests.
extension EncryptMachine {
    mutating func receivedJoinRequest(_ bytes: [UInt8], now: UInt64) throws(EncryptError) -> [EncryptAction] {
        switch state {
        case .idle, .introducing, .following: return []  // It is for the coordinator, whoever that is.
        case .coordinating, .left: break
        }
        let coordination = try coordination()
        let request = try JoinRequest.read(bytes, cluster)
        let introduction = try Introduction(reading: request.introduction)
        guard let digest = MemberDigest(introduction.digest), digest != own.digest else { throw .wrongSender }
        if let known = coordination.halfOpen.first(where: { $0.member.digest == digest }),
            known.requestNonce == request.nonce
        {
            return [.send(to: .address(known.member.address), bytes: known.challenge)]
        }
        // What is cheap first: a stranger to the host costs no signature.
        guard introduction.address != own.address, hostView.contains(introduction.address) else {
            throw .unknownSender
        }
        let holder = coordination.introduced(at: introduction.address)
        let member =
            if let holder, holder.member.digest == digest { holder.member } else {
                try EncryptMember(introduction, cluster: cluster.name)
            }
        if hasDeparted(digest) {
            return try refuse(member, .hasLeft, nonce: request.nonce, coordination, now: now)
        }
        guard mayHave(itsAddress: member, coordination) else {
            return try refuse(member, .other, nonce: request.nonce, coordination, now: now)
        }
        if let cause = refusal(of: member, now: now) {
            let actions = try refuse(member, cause, nonce: request.nonce, coordination, now: now)
            return [.event(.notAdmitted(member, cause))] + actions
        }
        return [.send(to: .address(member.address), bytes: try challenge(member, request.nonce, coordination))]
    }

    /// Whether nobody else has a member's address. It belongs to who was introduced at it as long as the host has it;
    /// only another start of the same identity may take it over. Asked before a challenge and once more at the answer:
    /// several may be challenged for one address.
    private func mayHave(itsAddress member: EncryptMember, _ coordination: Coordination) -> Bool {
        guard let holder = coordination.introduced(at: member.address)?.member else { return true }
        return holder.publicKey == member.publicKey
    }

    private func challenge(
        _ member: EncryptMember, _ requestNonce: [UInt8], _ coordination: Coordination
    ) throws(EncryptError) -> [UInt8] {
        let open = coordination.halfOpen.first { $0.member == member }
        let nonce = if let open { open.nonce } else { try freshNonce() }
        let proven = Challenge.proven(
            coordinator: own.digest, newcomer: member.digest, requestNonce: requestNonce, nonce: nonce)
        let bytes = try Challenge(
            introduction: own.introduction.bytes, newcomer: member.digest, requestNonce: requestNonce, nonce: nonce,
            proof: try credential.preSharedSecret?.tag(.challenge, [proven]) ?? []
        ).signed(cluster, by: credential.identity)
        coordination.challenge(
            Coordination.HalfOpen(member: member, nonce: nonce, requestNonce: requestNonce, challenge: bytes))
        return bytes
    }

    /// Tells a member that it is refused, not too often; the refusal is counted either way.
    private mutating func refuse(
        _ member: EncryptMember, _ cause: AdmissionRefusal, nonce: [UInt8], _ coordination: Coordination, now: UInt64
    ) throws(EncryptError) -> [EncryptAction] {
        let error = EncryptError.notAdmitted(cause)
        guard coordination.mayRefuse(member.digest, now: now, interval: configuration.serveInterval) else {
            throw error
        }
        let bytes = try Refusal(
            introduction: own.introduction.bytes, refused: member.digest, requestNonce: nonce, cause: cause
        ).signed(cluster, by: credential.identity)
        refusals.count(error)
        return [.send(to: .address(member.address), bytes: bytes), .refused(error)]
    }

    mutating func receivedAnswer(_ bytes: [UInt8], now: UInt64) throws(EncryptError) -> [EncryptAction] {
        let coordination = try coordination()
        let signed = try Answer.read(bytes, cluster)
        guard signed.fields.coordinator == own.digest || isBroken(.encryptAnswerIsNotBound) else {
            throw .wrongDestination
        }
        guard let entry = coordination.halfOpen.first(where: { $0.member.digest == signed.fields.newcomer }) else {
            throw .notAwaited
        }
        guard signed.fields.nonce == entry.nonce || isBroken(.encryptAnswerIsNotBound) else { throw .stale }
        let member = entry.member
        let answer = try signed.verified(by: member.publicKey)
        coordination.answered(member)
        if hasDeparted(member.digest) {
            return try refuse(member, .hasLeft, nonce: answer.requestNonce, coordination, now: now)
        }
        guard mayHave(itsAddress: member, coordination) || isBroken(.encryptAddressIsTakenOver) else {
            return try refuse(member, .other, nonce: answer.requestNonce, coordination, now: now)
        }
        if let cause = refusal(of: member, proof: answer.proof, .answer, over: answer.proven, now: now) {
            let actions = try refuse(member, cause, nonce: answer.requestNonce, coordination, now: now)
            return [.event(.notAdmitted(member, cause))] + actions
        }
        coordination.introduce(member, held: answer.held)
        heed(answer.held)
        return try serveOrCompose(member, held: answer.held, missing: .all, coordination, now: now)
    }

    mutating func receivedKeyRequest(_ bytes: [UInt8], now: UInt64) throws(EncryptError) -> [EncryptAction] {
        let coordination = try coordination()
        let signed = try KeyRequest.read(bytes, cluster)
        guard signed.fields.coordinator == own.digest else { throw .wrongDestination }
        if let leaver = departed.first(where: { $0.member.digest == signed.fields.sender })?.member {
            let request = try signed.verified(by: leaver.publicKey)
            if isBroken(.encryptLeaverIsServed), let installed {
                return try push(of: installed, for: leaver, missing: .all)
            }
            return try refuse(leaver, .hasLeft, nonce: request.nonce, coordination, now: now)
        }
        guard let member = installed?.view.members.first(where: { $0.digest == signed.fields.sender }),
            let entry = coordination.introduced(at: member.address), entry.member == member
        else { throw .unknownSender }
        guard signed.fields.number > entry.lastRequest else { throw .replayed }
        if let time = entry.servedAt, now < time &+ configuration.serveInterval { throw .notAwaited }
        let request = try signed.verified(by: member.publicKey)
        coordination.note(request: request.number, held: request.held, of: member)
        heed(request.held)
        return try serveOrCompose(member, held: request.held, missing: request.missing, coordination, now: now)
    }

    /// The next view gets a counter above what a member says it holds; but nobody's word raises it by more than a step
    /// above the view that there is. Who holds more is given one view after another until it is reached.
    private mutating func heed(_ held: HeldView) {
        let limit = (installed?.view.counter ?? 0) &+ HeldView.claimStep
        let isHeeded = held.counter <= limit || isBroken(.encryptClaimsAreBelieved)
        highestCounter = max(highestCounter, isHeeded ? held.counter : limit)
    }

    /// Gives a member that has shown who it is the present view, or a new one when it holds one that is not older.
    private mutating func serveOrCompose(
        _ member: EncryptMember, held: HeldView, missing: KeyRequest.Missing, _ coordination: Coordination, now: UInt64
    ) throws(EncryptError) -> [EncryptAction] {
        guard let installed, installed.view.coordinator == own, installed.view.place(of: member.digest) != nil else {
            return try composeIfNeeded(coordination, now: now)
        }
        // It has what there is.
        guard held.epoch != installed.view.epoch else { return [] }
        coordination.note(served: member, at: now)
        if held.counter >= installed.view.counter {
            coordination.mustCompose = true
            let time = coordination.demanded(now: now, interval: configuration.askAfter)
            guard time > now, !isBroken(.encryptDemandsAreNotPutOff) else {
                return try composeIfNeeded(coordination, now: now)
            }
            coordination.composeAt = min(coordination.composeAt ?? time, time)
            return []
        }
        let epoch = installed.view.epoch
        if let push = coordination.push(for: member, epoch: epoch, missing: missing) { return push }
        let push = try push(of: installed, for: member, missing: missing)
        coordination.keep(
            Coordination.ServedPush(member: member, epoch: epoch, missing: missing, messages: push))
        return push
    }

    /// Puts out who is not admitted any more.
    mutating func expel(_ coordination: Coordination, now: UInt64) throws(EncryptError) -> [EncryptAction] {
        let expelled = forgetRefused(coordination, now: now)
        installed?.admittedAt = now
        return try telling(expelled) { (machine) throws(EncryptError) in
            try machine.composeIfNeeded(coordination, now: now)
        }
    }

    /// Looks up all who are introduced in the policy, forgets those whom it does not admit, and tells who they are.
    mutating func forgetRefused(_ coordination: Coordination, now: UInt64) -> [EncryptAction] {
        var actions: [EncryptAction] = []
        for address in hostView where address != own.address {
            guard let member = coordination.introduced(at: address)?.member,
                let cause = refusal(of: member, now: now)
            else { continue }
            coordination.forget(at: address)
            actions.append(.event(.notAdmitted(member, cause)))
        }
        return actions
    }

    /// What is known while this member coordinates; throws where it does not.
    private func coordination() throws(EncryptError) -> Coordination {
        switch state {
        case .coordinating(let coordination): return coordination
        case .left: throw .hasLeft
        case .idle, .introducing, .following: throw .notAwaited
        }
    }
}
