internal import Arithmetic
internal import Primitives

extension GDHMachine {
    mutating func begin(
        _ run: inout RunContext, after last: CompletedRun?, _ engine: inout AgreementEngine
    ) throws(AgreementError) -> [AgreementAction] {
        if let last {
            guard let kept else { throw .notContinuing }
            let base = Base(run: last, kept: kept)
            return run.baseCount == run.members.count
                ? try beginRefresh(&run, from: base, &engine) : try beginMerge(&run, from: base, &engine)
        }
        if run.baseCount == 0, run.position == 0 { return try beginFromScratch(&run, &engine) }
        state = .waitForPartialToken(WaitForPartialToken(share: try engine.freshShare()))
        return []
    }

    /// What a run continues from.
    private struct Base {
        let run: CompletedRun
        let kept: Kept

        /// A partial key of the last list, checked now that it is used.
        func element(
            of participant: Participant, _ engine: inout AgreementEngine
        ) throws(AgreementError) -> Element {
            guard let place = run.place(of: participant) else { throw .notContinuing }
            switch kept.partialKeys[place] {
            case .element(let element): return element
            case .received(let bytes): return try engine.check(bytes)
            }
        }
    }

    /// The first member of an initial agreement: the token is g^N.
    private mutating func beginFromScratch(
        _ run: inout RunContext, _ engine: inout AgreementEngine
    ) throws(AgreementError) -> [AgreementAction] {
        let share = try engine.freshShare()
        let previous = [UInt8](repeating: 0, count: 32)
        let value = try engine.raise(engine.generator, share)
        let action = try passOn(PartialToken(previous: previous, value: value.bytes), in: &run, &engine)
        state = .waitForFinalToken(WaitForFinalToken(oldMemberWith: share, previous: previous))
        return [action]
    }

    /// An old member of a merge. The newest of them refreshes its share, so that nobody who comes can learn the old
    /// key nor who left the new one, and passes S^N' to the first new member.
    private mutating func beginMerge(
        _ run: inout RunContext, from base: Base, _ engine: inout AgreementEngine
    ) throws(AgreementError) -> [AgreementAction] {
        let previous = base.run.binding
        guard run.position == run.baseCount - 1 else {
            state = .waitForFinalToken(WaitForFinalToken(oldMemberWith: base.kept.share, previous: previous))
            return []
        }
        let share = isBroken(.mergeControllerKeepsShare) ? base.kept.share : try engine.freshShare()
        let own = try base.element(of: run.members[run.position], &engine)
        let value = try engine.raise(own, share)
        let action = try passOn(PartialToken(previous: previous, value: value.bytes), in: &run, &engine)
        state = .waitForFinalToken(WaitForFinalToken(oldMemberWith: share, previous: previous))
        return [action]
    }

    /// Members have left, or the key is refreshed. The controller, the newest member that remains, replaces its share N
    /// by N' in everybody's partial key but its own: S^(N'/N).
    private mutating func beginRefresh(
        _ run: inout RunContext, from base: Base, _ engine: inout AgreementEngine
    ) throws(AgreementError) -> [AgreementAction] {
        let previous = base.run.binding
        guard run.position == run.controller else {
            let place = base.run.place(of: run.members[run.controller])
            state = .waitForKeyList(
                WaitForKeyList(
                    remainingWith: base.kept.share, previous: previous,
                    controllerPartialKey: place.map { base.kept.partialKeys[$0].bytes } ?? [], sent: nil))
            return []
        }
        var bases: [Element] = []
        for member in run.members.dropLast() { bases.append(try base.element(of: member, &engine)) }
        let own = try base.element(of: run.members[run.controller], &engine)
        let share = isBroken(.leaveControllerKeepsShare) ? base.kept.share : try engine.freshShare()
        let refreshed = try engine.raise(bases, try engine.quotient(share, base.kept.share))
        let key = try engine.groupKey(own, share, binding: run.binding)
        let list = try sealKeyList(refreshed + [own], previous: previous, key: key, in: &run, &engine)
        state = .waitForKeyList(
            WaitForKeyList(remainingWith: share, previous: previous, controllerPartialKey: own.bytes, sent: list))
        return [.multicastAgreed(list.token)]
    }

    /// Unicasts a partial token to the first new member, or from one new member to the next.
    func passOn(
        _ token: PartialToken, in run: inout RunContext, _ engine: inout AgreementEngine
    ) throws(AgreementError) -> AgreementAction {
        let successor = max(run.position + 1, run.baseCount)
        let bytes = try run.seal(.partialToken, to: successor, body: token.body, engine: &engine)
        return .unicast(to: run.members[successor].id, bytes: bytes)
    }

    /// A signed and confirmed key list.
    func sealKeyList(
        _ partialKeys: [Element], previous: [UInt8], key: GroupKey, in run: inout RunContext,
        _ engine: inout AgreementEngine
    ) throws(AgreementError) -> WaitForKeyList.OwnList {
        let entries = zip(run.members, partialKeys).map { KeyList.Entry(member: $0.id, partialKey: $1.bytes) }
        var list = KeyList(previous: previous, entries: entries)
        list.confirmation = try key.confirmation(of: list.confirmedBytes, binding: run.binding)
        let token = try run.seal(.keyList, to: nil, body: list.body, engine: &engine)
        return WaitForKeyList.OwnList(token: token, partialKeys: partialKeys.map { .element($0) }, key: key)
    }
}
