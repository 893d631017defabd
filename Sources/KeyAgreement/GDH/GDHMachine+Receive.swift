internal import Arithmetic
internal import Primitives

extension GDHMachine {
    mutating func receive(
        _ token: ReceivedToken, in run: inout RunContext, _ engine: inout AgreementEngine
    ) throws(AgreementError) -> AgreementStep? {
        if token.position == run.position { return try receiveOwn(token, in: run, &engine) }
        switch token.envelope.kind {
        case .partialToken: return try receivePartialToken(token, in: &run, &engine)
        case .finalToken: return try receiveFinalToken(token, in: &run, &engine)
        case .factorOutToken: return try receiveFactorOutToken(token, in: &run, &engine)
        case .keyList: return try receiveKeyList(token, in: run, &engine)
        // No token of another agreement has come so far.
        default: throw .wrongSuite
        }
    }

    /// A multicast that came back. Its signature needs no check: it is the very token that was sent.
    private mutating func receiveOwn(
        _ token: ReceivedToken, in run: RunContext, _ engine: inout AgreementEngine
    ) throws(AgreementError) -> AgreementStep {
        switch state {
        case .collectFactOuts(var collecting):
            guard token.bytes == collecting.finalToken else { throw .wrongSender }
            if collecting.key == nil {
                collecting.key = try engine.groupKey(
                    collecting.finalValue, collecting.share, binding: run.binding)
            }
            state = .collectFactOuts(collecting)
            return AgreementStep()
        case .waitForKeyList(let waiting):
            guard let own = waiting.ownList else { throw .wrongPhase }
            // The final token may come back late: the key is there already.
            if token.bytes == waiting.ownFinalToken { return AgreementStep() }
            guard token.bytes == own.token else { throw .wrongSender }
            keep(Kept(partialKeys: own.partialKeys, share: waiting.share))
            return AgreementStep(key: own.key)
        case .idle, .waitForPartialToken, .waitForFinalToken: throw .wrongPhase
        }
    }
}

// MARK: - Partial token

extension GDHMachine {
    /// A new member's turn: the last one broadcasts the value unchanged and becomes controller, any other adds its
    /// share.
    private mutating func receivePartialToken(
        _ received: ReceivedToken, in run: inout RunContext, _ engine: inout AgreementEngine
    ) throws(AgreementError) -> AgreementStep {
        guard case .waitForPartialToken(let waiting) = state else { throw .wrongPhase }
        guard received.position == run.position - 1 else { throw .wrongSender }
        try received.authenticate(in: run, &engine)
        let token = try PartialToken(reading: received.envelope.body, elementSize: engine.elementSize)
        let value = try engine.check(token.value)
        guard run.position == run.controller else {
            let raised = try engine.raise(value, waiting.share)
            let next = PartialToken(previous: token.previous, value: raised.bytes)
            let action = try passOn(next, in: &run, &engine)
            state = .waitForFinalToken(WaitForFinalToken(from: waiting, adding: token))
            return AgreementStep(actions: [action])
        }
        let final = FinalToken(previous: token.previous, value: value.bytes)
        let bytes = try run.seal(.finalToken, to: nil, body: final.body, engine: &engine)
        state = .collectFactOuts(
            CollectFactOuts(
                from: waiting, previous: token.previous, finalValue: value, finalToken: bytes, run: run))
        return AgreementStep(actions: [.multicast(bytes)])
    }
}

// MARK: - Final token

extension GDHMachine {
    /// Everybody but the controller factors its share out.
    private mutating func receiveFinalToken(
        _ received: ReceivedToken, in run: inout RunContext, _ engine: inout AgreementEngine
    ) throws(AgreementError) -> AgreementStep {
        guard case .waitForFinalToken(let waiting) = state else { throw .wrongPhase }
        guard received.position == run.controller else { throw .wrongSender }
        try received.authenticate(in: run, &engine)
        let token = try FinalToken(reading: received.envelope.body, elementSize: engine.elementSize)
        guard token.previous == waiting.previous else { throw .wrongRun }
        let value = try engine.check(token.value)
        let factored = try engine.factorOut(waiting.share, of: value)
        let body = FactorOutToken(value: factored.bytes).body
        let bytes = try run.seal(.factorOutToken, to: run.controller, body: body, engine: &engine)
        state = .waitForKeyList(WaitForKeyList(from: waiting, finalValue: value))
        return AgreementStep(actions: [.unicast(to: run.members[run.controller].id, bytes: bytes)])
    }
}

// MARK: - Factor-out tokens

extension GDHMachine {
    /// The controller raises each to its own share as it comes, and sends the list after the last.
    private mutating func receiveFactorOutToken(
        _ received: ReceivedToken, in run: inout RunContext, _ engine: inout AgreementEngine
    ) throws(AgreementError) -> AgreementStep {
        guard case .collectFactOuts(var collecting) = state else { throw .wrongPhase }
        guard collecting.isMissing(received.position) else { throw .replayed }
        try received.authenticate(in: run, &engine)
        let token = try FactorOutToken(reading: received.envelope.body, elementSize: engine.elementSize)
        let partialKey = try engine.raise(try engine.check(token.value), collecting.share)
        let misplaced = isBroken(.factorOutsAreMisplaced) ? run.members.indices.first { collecting.isMissing($0) } : nil
        collecting.add(partialKey, at: misplaced ?? received.position)
        guard collecting.missingCount == 0 else {
            state = .collectFactOuts(collecting)
            return AgreementStep()
        }
        let key: GroupKey
        if let computed = collecting.key {
            key = computed
        } else {
            key = try engine.groupKey(collecting.finalValue, collecting.share, binding: run.binding)
        }
        let partialKeys = collecting.partialKeys.compactMap { $0 }
        let list = try sealKeyList(partialKeys, previous: collecting.previous, key: key, in: &run, &engine)
        state = .waitForKeyList(WaitForKeyList(from: collecting, sent: list))
        return AgreementStep(actions: [.multicastAgreed(list.token)])
    }
}

// MARK: - Key list

extension GDHMachine {
    /// Computes the group key, and installs it if the sender has proved to hold the same.
    private mutating func receiveKeyList(
        _ received: ReceivedToken, in run: RunContext, _ engine: inout AgreementEngine
    ) throws(AgreementError) -> AgreementStep {
        guard case .waitForKeyList(let waiting) = state else { throw .wrongPhase }
        let list = try KeyList(in: received, after: waiting.previous, for: run.members[...], run, &engine)
        guard list.entries[run.controller].partialKey == waiting.controllerPartialKey else { throw .badElement }
        let own = try engine.check(list.entries[run.position].partialKey)
        let key = try engine.groupKey(own, waiting.share, binding: run.binding)
        guard try list.confirms(key, in: run) else { throw .keyConfirmation }
        var partialKeys: [PartialKey] = list.entries.map { .received($0.partialKey) }
        partialKeys[run.position] = .element(own)
        keep(Kept(partialKeys: partialKeys, share: waiting.share))
        return AgreementStep(key: key)
    }
}
