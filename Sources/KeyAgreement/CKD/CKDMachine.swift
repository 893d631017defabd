internal import Arithmetic
internal import Primitives

/// CKD (paper §6.4, algorithm 1): the controller, always the oldest member, agrees with each other member on a pairwise
/// key by signed Diffie-Hellman, which stays as long as both are in the group; for every run it draws a new group
/// secret and sends it to each raised to that key. The states are in `CKDState`.
///
/// The group secret is K_s = g^s for a random s, so that it is in the subgroup of prime order: only there can a
/// receiver take its pairwise key out of the exponent. What travels is K_s^k = g^(s k).
struct CKDMachine: AgreementMachine {
    /// What a member keeps of the last run that it completed.
    enum Kept {
        case controller(ControllerValue?, [PairwiseKey])
        /// The controller of that run, and the pairwise key with it.
        case member(of: Participant, Share)
    }

    private(set) var state = CKDState.idle
    private(set) var kept: Kept?

    mutating func abandon() { state = .idle }

    /// g to the share is the group's key: it is not the value that newcomers are sent, which everybody may see.
    mutating func keepAlone(_ share: Share, generator: Element) {
        kept = .controller(nil, [])
        state = .idle
    }

    var phase: AgreementPhase {
        switch state {
        case .idle: .idle
        case .waitForControllerValue: .waitForControllerValue
        case .collectMemberValues: .collectMemberValues
        case .waitForKeyList: .waitForKeyList
        }
    }

    func awaited(in run: RunContext) -> [Int] {
        switch state {
        case .idle: []
        case .waitForControllerValue, .waitForKeyList: [run.controller]
        case .collectMemberValues(let state): state.missing
        }
    }
}

// MARK: - Beginning

extension CKDMachine {
    mutating func begin(
        _ run: inout RunContext, after last: CompletedRun?, _ engine: inout AgreementEngine
    ) throws(AgreementError) -> [AgreementAction] {
        guard run.position == run.controller else {
            state = try beginAsMember(run, after: last, &engine)
            return []
        }
        return try beginAsController(&run, after: last, &engine)
    }

    private func beginAsMember(
        _ run: RunContext, after last: CompletedRun?, _ engine: inout AgreementEngine
    ) throws(AgreementError) -> CKDState {
        if let last, case .member(of: run.members[run.controller], let key) = kept {
            return .waitForKeyList(WaitForCKDKeyList(previous: last.binding, role: .old(key)))
        }
        let share = try engine.freshShare()
        let value = try engine.raise(engine.generator, share)
        return .waitForControllerValue(
            WaitForControllerValue(share: share, value: value, previous: last?.binding))
    }

    private mutating func beginAsController(
        _ run: inout RunContext, after last: CompletedRun?, _ engine: inout AgreementEngine
    ) throws(AgreementError) -> [AgreementAction] {
        let previous = last?.binding ?? [UInt8](repeating: 0, count: 32)
        var value: ControllerValue? = nil
        var known: [PairwiseKey] = []
        if last != nil, case .controller(let keptValue, let keptKeys) = kept { (value, known) = (keptValue, keptKeys) }
        let keys = run.members.indices.map { place in
            // Whoever comes back after a run without it has not kept the key.
            place < run.baseCount ? known.first { $0.member == run.members[place] }?.exponent : nil
        }
        let missing = keys.indices.filter { $0 != run.controller && keys[$0] == nil }
        guard let first = missing.first else {
            let list = try sealKeyList(previous, value, keys.compactMap { $0 }, valueToken: nil, in: &run, &engine)
            state = .waitForKeyList(WaitForCKDKeyList(previous: previous, role: .controller(list)))
            return [.multicastAgreed(list.token)]
        }
        let chosen: ControllerValue
        if let value {
            chosen = value
        } else {
            let share = try engine.freshShare()
            chosen = ControllerValue(share: share, element: try engine.raise(engine.generator, share))
        }
        let body = ControllerValueToken(previous: previous, value: chosen.element.bytes).body
        let one = missing.count == 1 ? first : nil
        let token = try run.seal(.controllerValue, to: one, body: body, engine: &engine)
        state = .collectMemberValues(CollectMemberValues(value: chosen, previous: previous, token: token, keys: keys))
        guard let one else { return [.multicast(token)] }
        return [.unicast(to: run.members[one].id, bytes: token)]
    }

    /// A new group secret for everybody, signed and confirmed. The keys are those of all members but the first.
    private func sealKeyList(
        _ previous: [UInt8], _ value: ControllerValue?, _ keys: [Share], valueToken: [UInt8]?,
        in run: inout RunContext, _ engine: inout AgreementEngine
    ) throws(AgreementError) -> OwnCKDKeyList {
        let secret = try engine.freshShare()
        let key = try engine.groupKey(engine.generator, secret, binding: run.binding)
        let sent = try engine.raiseGenerator(to: secret, times: keys)
        let others = run.members.dropFirst()
        let entries = zip(others, sent).map { KeyList.Entry(member: $0.id, partialKey: $1.bytes) }
        var list = KeyList(previous: previous, entries: entries)
        list.confirmation = try key.confirmation(of: list.confirmedBytes, binding: run.binding)
        let token = try run.seal(.ckdKeyList, to: nil, body: list.body, engine: &engine)
        return OwnCKDKeyList(
            token: token, valueToken: valueToken, value: value,
            pairwiseKeys: zip(others, keys).map { PairwiseKey(member: $0, exponent: $1) }, key: key)
    }
}

// MARK: - Tokens

extension CKDMachine {
    mutating func receive(
        _ token: ReceivedToken, in run: inout RunContext, _ engine: inout AgreementEngine
    ) throws(AgreementError) -> AgreementStep? {
        if token.position == run.position { return try receiveOwn(token) }
        switch token.envelope.kind {
        case .controllerValue: return try receiveControllerValue(token, in: &run, &engine)
        case .memberValue: return try receiveMemberValue(token, in: &run, &engine)
        case .ckdKeyList: return try receiveKeyList(token, in: run, &engine)
        // No token of another agreement has come so far.
        default: throw .wrongSuite
        }
    }

    /// A multicast that came back. Its signature needs no check: it is the very token that was sent.
    private mutating func receiveOwn(_ token: ReceivedToken) throws(AgreementError) -> AgreementStep {
        switch state {
        case .collectMemberValues(let collecting):
            guard token.bytes == collecting.token else { throw .wrongSender }
            return AgreementStep()
        case .waitForKeyList(let waiting):
            guard case .controller(let own) = waiting.role else { throw .wrongPhase }
            // The value may come back late: everybody has answered it already.
            if token.bytes == own.valueToken { return AgreementStep() }
            guard token.bytes == own.token else { throw .wrongSender }
            kept = .controller(own.value, own.pairwiseKeys)
            state = .idle
            return AgreementStep(key: own.key)
        case .idle, .waitForControllerValue: throw .wrongPhase
        }
    }

    /// Whoever has no pairwise key answers with its own value.
    private mutating func receiveControllerValue(
        _ received: ReceivedToken, in run: inout RunContext, _ engine: inout AgreementEngine
    ) throws(AgreementError) -> AgreementStep? {
        let waiting: WaitForControllerValue
        switch state {
        case .waitForControllerValue(let state): waiting = state
        case .waitForKeyList(let state):
            // Whoever has kept its key needs no value.
            if case .old = state.role, received.position == run.controller { return nil }
            throw .wrongPhase
        case .idle, .collectMemberValues: throw .wrongPhase
        }
        guard received.position == run.controller else { throw .wrongSender }
        try received.authenticate(in: run, &engine)
        let token = try ControllerValueToken(reading: received.envelope.body, elementSize: engine.elementSize)
        guard waiting.previous == nil || waiting.previous == token.previous else { throw .wrongRun }
        let value = try engine.check(token.value)
        let body = MemberValueToken(value: waiting.value.bytes).body
        let bytes = try run.seal(.memberValue, to: run.controller, body: body, engine: &engine)
        state = .waitForKeyList(
            WaitForCKDKeyList(previous: token.previous, role: .new(waiting.share, controllerValue: value)))
        return AgreementStep(actions: [.unicast(to: run.members[run.controller].id, bytes: bytes)])
    }

    /// The controller sends the list after the last value.
    private mutating func receiveMemberValue(
        _ received: ReceivedToken, in run: inout RunContext, _ engine: inout AgreementEngine
    ) throws(AgreementError) -> AgreementStep {
        guard case .collectMemberValues(var collecting) = state else { throw .wrongPhase }
        guard collecting.missing.contains(received.position) else { throw .wrongSender }
        try received.authenticate(in: run, &engine)
        let token = try MemberValueToken(reading: received.envelope.body, elementSize: engine.elementSize)
        let key = try engine.pairwiseKey(try engine.check(token.value), collecting.value.share)
        collecting.add(key, at: received.position)
        guard collecting.missing.isEmpty else {
            state = .collectMemberValues(collecting)
            return AgreementStep()
        }
        let list = try sealKeyList(
            collecting.previous, collecting.value, collecting.keys.compactMap { $0 }, valueToken: collecting.token,
            in: &run, &engine)
        state = .waitForKeyList(WaitForCKDKeyList(previous: collecting.previous, role: .controller(list)))
        return AgreementStep(actions: [.multicastAgreed(list.token)])
    }

    /// Takes the pairwise key out of what is meant for this member, and installs if the controller has proved to hold
    /// the key that this gives.
    private mutating func receiveKeyList(
        _ received: ReceivedToken, in run: RunContext, _ engine: inout AgreementEngine
    ) throws(AgreementError) -> AgreementStep {
        guard case .waitForKeyList(let waiting) = state else { throw .wrongPhase }
        let list = try KeyList(in: received, after: waiting.previous, for: run.members.dropFirst(), run, &engine)
        let own = try engine.check(list.entries[run.position - 1].partialKey)
        let pairwiseKey: Share
        switch waiting.role {
        case .old(let key): pairwiseKey = key
        case .new(let share, let value): pairwiseKey = try engine.pairwiseKey(value, share)
        case .controller: throw .wrongSender
        }
        let key = try engine.groupKey(own, try engine.inverse(of: pairwiseKey), binding: run.binding)
        guard try list.confirms(key, in: run) else { throw .keyConfirmation }
        kept = .member(of: run.members[run.controller], pairwiseKey)
        state = .idle
        return AgreementStep(key: key)
    }
}
