internal import Arithmetic
internal import Primitives

extension GDHContext {
    /// Begins a run, and forgets one under way. Throws `.invalidRun`, `.notAMember` and `.notContinuing` for what this
    /// member cannot take part in, and then nothing has changed.
    ///
    /// What the run does follows from the members: all of them in the base is a leave, a partition or a refresh; new
    /// ones after the base are a join or a merge, with or without members of the last run missing (bundled events,
    /// paper §5); from scratch is the initial agreement. Alone, the key is there at once.
    public mutating func begin(_ run: AgreementRun) throws(AgreementError) -> [AgreementAction] {
        var next = try RunContext(run, suite: suite, id: id, publicKey: engine.identity.publicKey)
        guard next.identifier != self.run?.identifier else { throw .invalidRun }
        let isOld = next.position < next.baseCount
        let last = try isOld && next.members.count > 1 ? lastRun(before: next) : nil
        engine.startRun()
        let started: (state: GDHState, actions: [AgreementAction])
        if next.members.count == 1 {
            return try beginAlone(next)
        } else if let last, next.baseCount == next.members.count {
            started = try beginRefresh(&next, from: last)
        } else if let last {
            started = try beginMerge(&next, from: last)
        } else if next.baseCount == 0, next.position == 0 {
            started = try beginFromScratch(&next)
        } else {
            started = (.waitForPartialToken(WaitForPartialToken(share: try engine.freshShare())), [])
        }
        self.run = next
        state = started.state
        engine.count(started.actions)
        return started.actions
    }

    /// The run that the base continues from, if this member and all others of the base completed it.
    private func lastRun(before next: RunContext) throws(AgreementError) -> CompletedRun {
        guard let completed else { throw .notContinuing }
        for member in next.members.prefix(next.baseCount) where completed.partialKey(of: member) == nil {
            throw .notContinuing
        }
        return completed
    }

    /// A group of one: K = g^N for a fresh N.
    private mutating func beginAlone(_ next: RunContext) throws(AgreementError) -> [AgreementAction] {
        var share = try engine.freshShare()
        if isBroken(.singletonKeyIsConstant) { share = try engine.quotient(share, share) }
        let generator = engine.generator
        let key = try engine.groupKey(generator, share, binding: next.binding)
        install(next, partialKeys: [.element(generator)], share: share, key: key)
        return [.install]
    }

    /// The first member of an initial agreement: the token is g^N.
    private mutating func beginFromScratch(
        _ next: inout RunContext
    ) throws(AgreementError) -> (GDHState, [AgreementAction]) {
        let share = try engine.freshShare()
        let previous = [UInt8](repeating: 0, count: 32)
        let value = try engine.raise(engine.generator, share)
        let action = try passOn(PartialToken(previous: previous, value: value.bytes), in: &next)
        return (.waitForFinalToken(WaitForFinalToken(oldMemberWith: share, previous: previous)), [action])
    }

    /// An old member of a merge. The newest of them refreshes its share, so that nobody who comes can learn the old
    /// key nor who left the new one, and passes S^N' to the first new member.
    private mutating func beginMerge(
        _ next: inout RunContext, from last: CompletedRun
    ) throws(AgreementError) -> (GDHState, [AgreementAction]) {
        guard next.position == next.baseCount - 1 else {
            return (.waitForFinalToken(WaitForFinalToken(oldMemberWith: last.share, previous: last.binding)), [])
        }
        let share = isBroken(.mergeControllerKeepsShare) ? last.share : try engine.freshShare()
        let own = try element(of: last.partialKey(of: next.members[next.position]))
        let value = try engine.raise(own, share)
        let action = try passOn(PartialToken(previous: last.binding, value: value.bytes), in: &next)
        return (.waitForFinalToken(WaitForFinalToken(oldMemberWith: share, previous: last.binding)), [action])
    }

    /// Members have left, or the key is refreshed. The controller, the newest member that remains, replaces its share N
    /// by N' in everybody's partial key but its own: S^(N'/N).
    private mutating func beginRefresh(
        _ next: inout RunContext, from last: CompletedRun
    ) throws(AgreementError) -> (GDHState, [AgreementAction]) {
        let controllerKey = last.partialKey(of: next.members[next.controller])
        guard next.position == next.controller else {
            let state = WaitForKeyList(
                remainingWith: last.share, previous: last.binding, controllerPartialKey: controllerKey?.bytes ?? [],
                sent: nil)
            return (.waitForKeyList(state), [])
        }
        var bases: [Element] = []
        for member in next.members.dropLast() { bases.append(try element(of: last.partialKey(of: member))) }
        let own = try element(of: controllerKey)
        let share = isBroken(.leaveControllerKeepsShare) ? last.share : try engine.freshShare()
        let refreshed = try engine.raise(bases, try engine.quotient(share, last.share))
        let key = try engine.groupKey(own, share, binding: next.binding)
        let list = try sealKeyList(refreshed + [own], previous: last.binding, key: key, in: &next)
        let state = WaitForKeyList(
            remainingWith: share, previous: last.binding, controllerPartialKey: own.bytes, sent: list)
        return (.waitForKeyList(state), [.multicastAgreed(list.token)])
    }

    /// A partial key of the last list, checked now that it is used.
    private mutating func element(of partialKey: PartialKey?) throws(AgreementError) -> Element {
        switch partialKey {
        case .element(let element): return element
        case .received(let bytes): return try engine.check(bytes)
        case .none: throw .notContinuing
        }
    }

    /// Unicasts a partial token to the first new member, or from one new member to the next.
    mutating func passOn(
        _ token: PartialToken, in run: inout RunContext
    ) throws(AgreementError) -> AgreementAction {
        let successor = max(run.position + 1, run.baseCount)
        let bytes = try run.seal(.partialToken, to: successor, body: token.body, engine: &engine)
        return .unicast(to: run.members[successor].id, bytes: bytes)
    }

    /// A signed and confirmed key list.
    mutating func sealKeyList(
        _ partialKeys: [Element], previous: [UInt8], key: GroupKey, in run: inout RunContext
    ) throws(AgreementError) -> WaitForKeyList.OwnList {
        let entries = zip(run.members, partialKeys).map { KeyList.Entry(member: $0.id, partialKey: $1.bytes) }
        var list = KeyList(previous: previous, entries: entries)
        list.confirmation = try key.confirmation(of: list.confirmedBytes, binding: run.binding)
        let token = try run.seal(.keyList, to: nil, body: list.body, engine: &engine)
        return WaitForKeyList.OwnList(token: token, partialKeys: partialKeys.map { .element($0) }, key: key)
    }
}
