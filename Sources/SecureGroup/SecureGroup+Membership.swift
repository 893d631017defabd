public import Flush
internal import KeyAgreement
internal import Primitives

extension SecureGroup {
    /// Membership: the Flush layer installed a VS view.
    public mutating func membership(_ view: FlushView, now: UInt64) -> [SecureGroupAction] {
        guard view.members.contains(where: { $0.id == id }), view.transitionalSet.contains(id) else {
            return refuse(.unexpectedView, nil)
        }
        switch state {
        case .waitForSelfJoin:
            return begin(view, installed: nil, vsSet: [id], ownBase: ownBase(view, continuing: nil), now: now)
        case .waitForMembership(var state):
            // The paper's M lets a view come without a signal; every secure view shall end with one.
            let signalled = signal(&state.firstTransitional)
            let base = ownBase(view, continuing: state.installed)
            let vsSet = state.installed.vsSet(at: view)
            return signalled + begin(view, installed: state.installed, vsSet: vsSet, ownBase: base, now: now)
        case .waitForCascadingMembership(var state):
            let signalled = signal(&state.firstTransitional)
            let vsSet = state.vsSet(at: view, me: id)
            let base = ownBase(view, continuing: nil)
            return signalled + begin(view, installed: state.installed, vsSet: vsSet, ownBase: base, now: now)
        case .secure, .agreeing: return refuse(.unexpectedView, nil)
        case .over: return [.ignored(.ended, sender: nil)]
        }
    }

    /// Whether there is a base: in the optimized algorithm, with an agreement whose members continue with what the last
    /// run has left at the front of the list. Otherwise nobody ever does, and everybody knows that.
    var hasBase: Bool {
        switch algorithm {
        case .optimized: suite.agreement.hasBase
        case .basic: false
        }
    }

    /// The base as a member knows it that moved together with the first one; nil for others. See `SecureGroup`.
    private func ownBase(_ view: FlushView, continuing installed: InstalledView?) -> Int? {
        guard hasBase else { return 0 }
        let together = view.transitionalSet
        guard let first = view.members.first, together.contains(first.id) else { return nil }
        guard !view.hasUnconfirmedMessages else { return 0 }
        let front = view.members.prefix(together.count)
        guard let installed, front.count == together.count,
            front.allSatisfy({ together.contains($0.id) && installed.contains($0) })
        else { return 0 }
        return together.count
    }

    /// Begins to agree on the key of a view: what SJ, M and CM have in common.
    private mutating func begin(
        _ view: FlushView, installed: InstalledView?, vsSet: [UInt64], ownBase: Int?, now: UInt64
    ) -> [SecureGroupAction] {
        let attempt: AgreementAttempt
        do throws(PrimitivesError) {
            let binding = try ViewBinding(group: group, view: view.id)
            attempt = try AgreementAttempt(group: groupBytes, binding: binding, view: view, number: 0)
        } catch {
            return leaveAndRejoin(.primitives(error))
        }
        // The transitional signal of the last secure view has been delivered by now; without such a view there is none.
        return start(
            Agreeing(
                installed: installed, vsSet: vsSet, ownBase: ownBase, firstTransitional: false, attempt: attempt,
                base: .unknown, deadline: deadline(after: now)))
    }

    /// Begins the run of an attempt when the base is known; a new member waits for the first token to tell it.
    mutating func start(_ beginning: Agreeing) -> [SecureGroupAction] {
        context.abandon()
        var agreeing = beginning
        guard let baseCount = agreeing.ownBase else {
            agreeing.base = .unknown
            state = .agreeing(agreeing)
            return []
        }
        agreeing.base = .known(baseCount)
        do throws(SecureGroupError) {
            let actions = try beginRun(agreeing.attempt, baseCount: baseCount)
            return perform(actions, agreeing, baseCount: baseCount)
        } catch {
            // The others wait for this member in vain; the deadline leads all of them to a restart.
            state = .agreeing(agreeing)
            return refuse(error, nil)
        }
    }

    mutating func beginRun(
        _ attempt: AgreementAttempt, baseCount: Int
    ) throws(SecureGroupError) -> [AgreementAction] {
        let run: AgreementRun
        do throws(PrimitivesError) { run = try attempt.run(baseCount: baseCount) } catch { throw .primitives(error) }
        do throws(AgreementError) { return try context.begin(run) } catch { throw .agreement(error) }
    }

    /// Carries out what the agreement asks for.
    mutating func perform(
        _ actions: [AgreementAction], _ agreeing: Agreeing, baseCount: Int
    ) -> [SecureGroupAction] {
        state = .agreeing(agreeing)
        var result: [SecureGroupAction] = []
        for action in actions {
            switch action {
            case .unicast(let destination, let token):
                let payload = TokenPayload(baseCount: baseCount, token: token)
                result.append(.send(payload: payload.bytes, service: .fifo, to: destination))
            case .multicast(let token):
                let payload = TokenPayload(baseCount: baseCount, token: token)
                result.append(.send(payload: payload.bytes, service: .fifo, to: nil))
            case .multicastAgreed(let token):
                let payload = TokenPayload(baseCount: baseCount, token: token)
                result.append(.send(payload: payload.bytes, service: .agreed, to: nil))
            case .install: result += install(agreeing)
            case .passedOver: break
            }
        }
        return result
    }

    func deadline(after now: UInt64) -> UInt64? {
        guard limits.agreementTimeout > 0 else { return nil }
        let (time, isPast) = now.addingReportingOverflow(limits.agreementTimeout)
        return isPast ? UInt64.max : time
    }
}

// MARK: - Installation

extension SecureGroup {
    /// Key_List in KL, or alone: the key is confirmed, and the secure view is installed.
    private mutating func install(_ agreeing: Agreeing) -> [SecureGroupAction] {
        let binding = agreeing.attempt.binding
        let keys: KeySchedule
        do throws(SecureGroupError) {
            keys = try viewKeys(binding)
        } catch {
            // The others install this view; without its key this member can only come again.
            return leaveAndRejoin(error)
        }
        let view = secureView(agreeing)
        let installed = InstalledView(view, me: id, keys: keys, attempt: agreeing.attempt)
        // A flush request that waited for the key list is answered by the application, as in S.
        state = .secure(Secure(installed: installed, waitForSecFlushOk: agreeing.klGotFlushReq))
        ownCounters.views &+= 1
        var actions: [SecureGroupAction] = [
            .secureViewInstalled(view: view.id, members: view.members.map { $0.id }), .deliverView(view),
        ]
        for record in agreeing.queue {
            actions += open(
                record.payload, from: record.sender, service: record.service, isPrivate: record.isPrivate,
                installed)
        }
        if agreeing.klGotFlushReq { actions.append(.deliverFlushRequest) }
        return actions
    }

    private func viewKeys(_ binding: ViewBinding) throws(SecureGroupError) -> KeySchedule {
        let secret: SecretBytes
        do throws(AgreementError) {
            secret = try context.key(
                label: "secure view", context: binding.context, count: KeySchedule.secretSize)
        } catch {
            throw .agreement(error)
        }
        return try KeySchedule(secret: secret, binding: binding, algorithm: suite.cipher)
    }

    private func secureView(_ agreeing: Agreeing) -> SecureView {
        let view = agreeing.newMembMsg
        let previous = agreeing.installed?.view.members ?? []
        let vsSet = isBroken(.transitionalSetIsEverybody) ? view.members.map { $0.id } : agreeing.vsSet
        return SecureView(
            id: view.id, members: view.members, transitionalSet: vsSet,
            joined: view.members.filter { !vsSet.contains($0.id) },
            left: previous.filter { !vsSet.contains($0.id) }, keyFingerprint: context.fingerprint)
    }
}
