internal import Arithmetic
internal import Primitives

extension GDHContext {
    /// Takes a token that `sender` sent, and answers what follows from it. A token that is refused changes no state.
    public mutating func receive(_ token: [UInt8], from sender: UInt64) throws(AgreementError) -> [AgreementAction] {
        let envelope = try TokenEnvelope(reading: token)
        guard let run else { throw .wrongPhase }
        let position = try run.check(envelope, from: sender)
        if position == run.position { return try receiveOwn(token, envelope, in: run) }
        let actions: [AgreementAction]
        switch envelope.kind {
        case .partialToken: actions = try receivePartialToken(envelope, position, run)
        case .finalToken: actions = try receiveFinalToken(envelope, position, run)
        case .factorOutToken: actions = try receiveFactorOutToken(envelope, position, run)
        case .keyList: actions = try receiveKeyList(envelope, position, run)
        }
        engine.count(actions)
        return actions
    }

    /// A multicast that came back. Its signature needs no check: it is the very token that was sent.
    private mutating func receiveOwn(
        _ token: [UInt8], _ envelope: TokenEnvelope, in run: RunContext
    ) throws(AgreementError) -> [AgreementAction] {
        switch state {
        case .collectFactOuts(var collecting):
            guard token == collecting.finalToken else { throw .wrongSender }
            if collecting.key == nil {
                collecting.key = try engine.groupKey(
                    collecting.finalValue, collecting.share, binding: run.binding)
            }
            commit(envelope, run.position, run, .collectFactOuts(collecting))
            return []
        case .waitForKeyList(let waiting):
            guard let own = waiting.ownList else { throw .wrongPhase }
            // The final token may come back late: the key is there already.
            if token == waiting.ownFinalToken {
                commit(envelope, run.position, run, state)
                return []
            }
            guard token == own.token else { throw .wrongSender }
            var accepted = run
            accepted.accept(envelope, from: run.position)
            install(accepted, partialKeys: own.partialKeys, share: waiting.share, key: own.key)
            return [.install]
        case .idle, .waitForPartialToken, .waitForFinalToken: throw .wrongPhase
        }
    }

    /// Verifies the signature: the last check before the body is read.
    private mutating func authenticate(
        _ envelope: TokenEnvelope, _ position: Int, _ run: RunContext
    ) throws(AgreementError) {
        try engine.verify(
            envelope.signature, over: envelope.signedBytes, by: run.members[position].publicKey)
    }

    /// A token is accepted: only now does anything change.
    private mutating func commit(
        _ envelope: TokenEnvelope, _ position: Int, _ run: RunContext, _ state: GDHState
    ) {
        var run = run
        run.accept(envelope, from: position)
        self.run = run
        self.state = state
    }
}

// MARK: - Partial token

extension GDHContext {
    /// A new member's turn: the last one broadcasts the value unchanged and becomes controller, any other adds its
    /// share.
    private mutating func receivePartialToken(
        _ envelope: TokenEnvelope, _ position: Int, _ run: RunContext
    ) throws(AgreementError) -> [AgreementAction] {
        guard case .waitForPartialToken(let waiting) = state else { throw .wrongPhase }
        guard position == run.position - 1 else { throw .wrongSender }
        try authenticate(envelope, position, run)
        let token = try PartialToken(reading: envelope.body, elementSize: suite.group.elementSize)
        let value = try engine.check(token.value)
        var sending = run
        guard run.position == run.controller else {
            let raised = try engine.raise(value, waiting.share)
            let action = try passOn(PartialToken(previous: token.previous, value: raised.bytes), in: &sending)
            commit(envelope, position, sending, .waitForFinalToken(WaitForFinalToken(from: waiting, adding: token)))
            return [action]
        }
        let final = FinalToken(previous: token.previous, value: value.bytes)
        let bytes = try sending.seal(.finalToken, to: nil, body: final.body, engine: &engine)
        let collecting = CollectFactOuts(
            from: waiting, previous: token.previous, finalValue: value, finalToken: bytes, run: run)
        commit(envelope, position, sending, .collectFactOuts(collecting))
        return [.multicast(bytes)]
    }
}

// MARK: - Final token

extension GDHContext {
    /// Everybody but the controller factors its share out.
    private mutating func receiveFinalToken(
        _ envelope: TokenEnvelope, _ position: Int, _ run: RunContext
    ) throws(AgreementError) -> [AgreementAction] {
        guard case .waitForFinalToken(let waiting) = state else { throw .wrongPhase }
        guard position == run.controller else { throw .wrongSender }
        try authenticate(envelope, position, run)
        let token = try FinalToken(reading: envelope.body, elementSize: suite.group.elementSize)
        guard token.previous == waiting.previous else { throw .wrongRun }
        let value = try engine.check(token.value)
        let factored = try engine.factorOut(waiting.share, of: value)
        var sending = run
        let body = FactorOutToken(value: factored.bytes).body
        let bytes = try sending.seal(.factorOutToken, to: run.controller, body: body, engine: &engine)
        commit(envelope, position, sending, .waitForKeyList(WaitForKeyList(from: waiting, finalValue: value)))
        return [.unicast(to: run.members[run.controller].id, bytes: bytes)]
    }
}

// MARK: - Factor-out tokens

extension GDHContext {
    /// The controller raises each to its own share as it comes, and sends the list after the last.
    private mutating func receiveFactorOutToken(
        _ envelope: TokenEnvelope, _ position: Int, _ run: RunContext
    ) throws(AgreementError) -> [AgreementAction] {
        guard case .collectFactOuts(var collecting) = state else { throw .wrongPhase }
        guard collecting.isMissing(position) else { throw .replayed }
        try authenticate(envelope, position, run)
        let token = try FactorOutToken(reading: envelope.body, elementSize: suite.group.elementSize)
        let partialKey = try engine.raise(try engine.check(token.value), collecting.share)
        let misplaced = isBroken(.factorOutsAreMisplaced) ? run.members.indices.first { collecting.isMissing($0) } : nil
        collecting.add(partialKey, at: misplaced ?? position)
        guard collecting.missingCount == 0 else {
            commit(envelope, position, run, .collectFactOuts(collecting))
            return []
        }
        var sending = run
        let key: GroupKey
        if let computed = collecting.key {
            key = computed
        } else {
            key = try engine.groupKey(collecting.finalValue, collecting.share, binding: run.binding)
        }
        let partialKeys = collecting.partialKeys.compactMap { $0 }
        let list = try sealKeyList(partialKeys, previous: collecting.previous, key: key, in: &sending)
        commit(envelope, position, sending, .waitForKeyList(WaitForKeyList(from: collecting, sent: list)))
        return [.multicastAgreed(list.token)]
    }
}

// MARK: - Key list

extension GDHContext {
    /// Computes the group key, and installs it if the sender has proved to hold the same.
    private mutating func receiveKeyList(
        _ envelope: TokenEnvelope, _ position: Int, _ run: RunContext
    ) throws(AgreementError) -> [AgreementAction] {
        guard case .waitForKeyList(let waiting) = state else { throw .wrongPhase }
        guard position == run.controller else { throw .wrongSender }
        try authenticate(envelope, position, run)
        let list = try KeyList(reading: envelope.body, elementSize: suite.group.elementSize)
        guard list.previous == waiting.previous else { throw .wrongRun }
        guard list.entries.map({ $0.member }) == run.members.map({ $0.id }) else { throw .memberListMismatch }
        guard list.entries[run.controller].partialKey == waiting.controllerPartialKey else { throw .badElement }
        let own = try engine.check(list.entries[run.position].partialKey)
        let key = try engine.groupKey(own, waiting.share, binding: run.binding)
        let confirmation = try key.confirmation(of: list.confirmedBytes, binding: run.binding)
        guard constantTimeEquals(confirmation, list.confirmation) || isBroken(.keyConfirmationIsDropped) else {
            throw .keyConfirmation
        }
        var partialKeys: [PartialKey] = list.entries.map { .received($0.partialKey) }
        partialKeys[run.position] = .element(own)
        var accepted = run
        accepted.accept(envelope, from: position)
        install(accepted, partialKeys: partialKeys, share: waiting.share, key: key)
        return [.install]
    }
}
