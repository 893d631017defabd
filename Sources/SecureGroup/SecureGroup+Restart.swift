internal import Flush
internal import KeyAgreement
internal import Primitives

// MARK: - The deadline

extension SecureGroup {
    /// Time has passed. Without a key by the deadline, this member asks for a restart; if data under the key that it
    /// lacks has come meanwhile, others have installed the view, and it leaves to join again.
    public mutating func tick(now: UInt64) -> [SecureGroupAction] {
        guard case .agreeing(var state) = state, let due = deadline, now >= due else { return [] }
        guard state.queue.isEmpty else { return leaveAndRejoin(.keyMissing) }
        guard state.lastRestart < limits.restartLimit else {
            state.deadline = nil
            self.state = .agreeing(state)
            return [.failed(.restartsUsedUp)]
        }
        state.lastRestart += 1
        state.deadline = deadline(after: now)
        self.state = .agreeing(state)
        return send(.request, state.attempt, number: state.lastRestart)
    }

    mutating func send(
        _ purpose: RestartMessage.Purpose, _ attempt: AgreementAttempt, number: UInt8
    ) -> [SecureGroupAction] {
        do throws(PrimitivesError) {
            let message = RestartMessage(
                purpose: purpose, suite: suite.number, group: groupBytes, view: attempt.binding.viewDigest,
                run: try attempt.digest(ofAttempt: number - 1), number: number, sender: id)
            ownCounters.signatures &+= 1
            return [.send(payload: try message.signed(by: identity), service: .agreed, to: nil)]
        } catch {
            return refuse(.primitives(error), nil)
        }
    }
}

// MARK: - Requests and answers

extension SecureGroup {
    mutating func restartMessage(
        _ payload: [UInt8], from sender: UInt64, isPrivate: Bool, now: UInt64
    ) -> [SecureGroupAction] {
        do throws(SecureGroupError) {
            guard !isPrivate else { throw .wrongDestination }
            let message = try RestartMessage(reading: payload)
            switch state {
            case .agreeing(let state):
                try check(message, from: sender, state.attempt)
                return received(message, state, now: now)
            case .secure(let state):
                try check(message, from: sender, state.installed.attempt)
                return answer(message, state)
            case .waitForMembership(let state):
                // Sending is over; the next view is about to make everybody equal.
                try check(message, from: sender, state.installed.attempt)
                return [.ignored(.alreadyInstalled, sender: sender)]
            case .waitForCascadingMembership(let state):
                switch state.origin {
                case .start: return [.ignored(.notYetJoined, sender: sender)]
                case .secure(let installed):
                    // As in M.
                    try check(message, from: sender, installed.attempt)
                    return [.ignored(.alreadyInstalled, sender: sender)]
                case .agreeing: return [.ignored(.abandonedRun, sender: sender)]
                }
            case .waitForSelfJoin: return [.ignored(.notYetJoined, sender: sender)]
            case .over: return [.ignored(.ended, sender: sender)]
            }
        } catch {
            if error == .malformed { suspectKeyList(isPrivate: isPrivate) }
            return refuse(error, sender)
        }
    }

    private mutating func received(
        _ message: RestartMessage, _ state: Agreeing, now: UInt64
    ) -> [SecureGroupAction] {
        guard !state.vsTransitional else { return [.ignored(.abandonedRun, sender: message.sender)] }
        switch message.purpose {
        case .installed:
            // It was sent after the key list in the agreed order; who still waits for that list will never get it.
            return leaveAndRejoin(.keyMissing)
        case .abandoned: return abandoned(message, state)
        case .continuing:
            guard hasBase else { return refuse(.wrongAlgorithm, message.sender) }
            guard state.ownBase == 0 else { return [.ignored(.alreadyRestarted, sender: message.sender)] }
            // It moved together with the first member as this one did, and has a key that this one never got.
            return leaveAndRejoin(.keyMissing)
        case .request:
            guard message.number > state.attempt.number else {
                return [.ignored(.alreadyRestarted, sender: message.sender)]
            }
            return restart(state, as: message.number, now: now)
        }
    }

    /// The controller has acknowledged the flush, and said so before: no key list comes.
    private mutating func abandoned(_ message: RestartMessage, _ state: Agreeing) -> [SecureGroupAction] {
        guard message.number == state.attempt.number + 1, controller(of: state.newMembMsg)?.id == message.sender else {
            return [.ignored(.alreadyRestarted, sender: message.sender)]
        }
        var state = state
        state.isAbandoned = true
        // What was refused cannot have been a key list, since there was none.
        state.mayHaveMissedKeyList = false
        self.state = .agreeing(state)
        return state.klGotFlushReq ? acknowledgeFlush(state) : []
    }

    /// The request is AGREED: at its place in the order either all have installed, or all who move together restart.
    private mutating func restart(_ state: Agreeing, as number: UInt8, now: UInt64) -> [SecureGroupAction] {
        var state = state
        let isFirst = state.attempt.number == 0
        do throws(PrimitivesError) { state.attempt = try state.attempt.restarted(as: number) } catch {
            return leaveAndRejoin(.primitives(error))
        }
        ownCounters.restarts &+= 1
        // The run is over for everybody who could have installed it with this member: the flush need not wait for it.
        guard !state.klGotFlushReq else { return acknowledgeFlush(state) }
        state.lastRestart = max(state.lastRestart, number)
        state.deadline = deadline(after: now)
        state.isAbandoned = false
        // Alone in the base, there is nobody who could have missed its key list.
        let isInBase = (state.ownBase ?? 0) > 1
        let said = isFirst && isInBase ? send(.continuing, state.attempt, number: number) : []
        return said + start(state)
    }

    /// A request reaches a member that has installed: whoever sent it has missed the key list. The answer tells it so.
    private mutating func answer(_ message: RestartMessage, _ state: Secure) -> [SecureGroupAction] {
        let ignored = SecureGroupAction.ignored(.alreadyInstalled, sender: message.sender)
        guard message.purpose == .request, message.sender != id, !state.installed.answered.contains(message) else {
            return [ignored]
        }
        state.installed.answered.append(message)
        return [ignored] + send(.installed, state.installed.attempt, number: message.number)
    }

    /// The checks from the outside in, the signature last.
    private mutating func check(
        _ message: RestartMessage, from sender: UInt64, _ attempt: AgreementAttempt
    ) throws(SecureGroupError) {
        guard message.suite == suite.number else { throw .wrongSuite }
        guard message.group == groupBytes else { throw .wrongGroup }
        guard message.view == attempt.binding.viewDigest else { throw .wrongView }
        let limit = message.purpose == .abandoned ? limits.restartLimit + 1 : limits.restartLimit
        guard message.number <= limit else { throw .restartsUsedUp }
        let run: [UInt8]
        do throws(PrimitivesError) { run = try attempt.digest(ofAttempt: message.number - 1) } catch {
            throw .primitives(error)
        }
        guard message.run == run else { throw .wrongRun }
        guard message.sender == sender, let member = attempt.view.members.first(where: { $0.id == sender }) else {
            throw .unknownSender
        }
        ownCounters.verifications &+= 1
        guard message.isSigned(by: member.publicKey) else { throw .badSignature }
    }
}
