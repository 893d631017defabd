public import Flush
internal import KeyAgreement
internal import Primitives

// MARK: - Flush requests

extension SecureGroup {
    /// Flush_Request from the Flush layer.
    public mutating func flushRequest(now: UInt64) -> [SecureGroupAction] {
        switch state {
        case .secure(var state):
            guard !state.waitForSecFlushOk else { return [.ignored(.alreadyRequested, sender: nil)] }
            state.waitForSecFlushOk = true
            self.state = .secure(state)
            return [.deliverFlushRequest]
        case .agreeing(let state): return flushRequest(state)
        case .waitForMembership: return [.ignored(.alreadyRequested, sender: nil)]
        case .waitForCascadingMembership(let state):
            return [.ignored(state.isBeforeFirstView ? .notYetJoined : .alreadyRequested, sender: nil)]
        case .waitForSelfJoin: return [.ignored(.notYetJoined, sender: nil)]
        case .over: return [.ignored(.ended, sender: nil)]
        }
    }

    /// In PT, FT and FO no key list can exist that does not need this member's next token, so that the run may be
    /// abandoned at once. In KL one may be on its way to everybody who moves along: it is waited for until the
    /// transitional signal, after which nobody installs it (lemma A.6).
    ///
    /// Where nobody is lost, a signal may come only when all have acknowledged: the paper's KL would wait for it for
    /// ever once the controller has left FO. So a controller that acknowledges says, AGREED, that there is no list.
    private mutating func flushRequest(_ state: Agreeing) -> [SecureGroupAction] {
        guard isWaitingForKeyList, !state.vsTransitional, !state.isAbandoned,
            !isBroken(.flushRequestInKLIsAcknowledged)
        else { return acknowledgeFlush(state) }
        guard !state.klGotFlushReq else { return [.ignored(.alreadyRequested, sender: nil)] }
        var state = state
        state.klGotFlushReq = !isBroken(.flushRequestInKLIsForgotten)
        self.state = .agreeing(state)
        return []
    }

    /// KL: of GDH, and the last phase of every other agreement. A new member is not in it as long as it has sent
    /// nothing.
    var isWaitingForKeyList: Bool {
        if case .agreeing(let state) = state, case .tried = state.base { return false }
        return context.phase == .waitForKeyList
    }

    /// Who sends the AGREED message that ends the run of a view.
    func controller(of view: FlushView) -> Member? {
        let place = suite.agreement.confirmer(of: view.members.count)
        return view.members.indices.contains(place) ? view.members[place] : nil
    }

    /// send_flush_ok out of a run: the next view begins from scratch.
    ///
    /// A member that refused what may have been the key list cannot know whether the others have installed this view.
    /// It must not move on with them as one that has seen the same, and leaves.
    mutating func acknowledgeFlush(_ state: Agreeing) -> [SecureGroupAction] {
        guard !state.mayHaveMissedKeyList else { return leaveAndRejoin(.keyMissing) }
        let isController = controller(of: state.newMembMsg)?.id == id
        var said: [SecureGroupAction] = []
        if isController, !isWaitingForKeyList, !state.vsTransitional, !isBroken(.abandonmentIsNotSaid) {
            said = send(.abandoned, state.attempt, number: state.attempt.number + 1)
        }
        context.abandon()
        self.state = .waitForCascadingMembership(WaitForCascadingMembership(from: state))
        return said + [.flushOk]
    }

    /// Secure_Flush_Ok: the application's answer to the flush request. Throws `.noFlushRequest` when there is none.
    public mutating func secureFlushOk(now: UInt64) throws(SecureGroupError) -> [SecureGroupAction] {
        switch state {
        case .secure(let state):
            guard state.waitForSecFlushOk else { throw .noFlushRequest }
            switch algorithm {
            case .optimized: self.state = .waitForMembership(WaitForMembership(from: state))
            case .basic: self.state = .waitForCascadingMembership(WaitForCascadingMembership(from: state))
            }
            return [.flushOk]
        case .waitForSelfJoin, .waitForMembership, .agreeing, .waitForCascadingMembership: throw .noFlushRequest
        case .over: throw .ended
        }
    }
}

// MARK: - Transitional signals

extension SecureGroup {
    /// Transitional_Signal from the Flush layer. The application gets the first one of each secure view, and one at
    /// the next membership at the latest (footnote 3 of the paper); none before its first view (lemma A.2).
    public mutating func transitionalSignal(now: UInt64) -> [SecureGroupAction] {
        switch state {
        case .secure(var state):
            guard !state.vsTransitional else { return [.ignored(.alreadySignalled, sender: nil)] }
            let actions = signal(&state.firstTransitional)
            state.vsTransitional = true
            self.state = .secure(state)
            return actions
        case .waitForMembership(var state):
            guard !state.vsTransitional else { return [.ignored(.alreadySignalled, sender: nil)] }
            let actions = signal(&state.firstTransitional)
            state.vsTransitional = true
            self.state = .waitForMembership(state)
            return actions
        case .agreeing(let state): return transitionalSignal(state)
        case .waitForCascadingMembership(var state):
            guard !state.isBeforeFirstView else { return [.ignored(.notYetJoined, sender: nil)] }
            guard !state.vsTransitional else { return [.ignored(.alreadySignalled, sender: nil)] }
            let actions = signal(&state.firstTransitional)
            state.vsTransitional = true
            self.state = .waitForCascadingMembership(state)
            return actions
        case .waitForSelfJoin: return [.ignored(.notYetJoined, sender: nil)]
        case .over: return [.ignored(.ended, sender: nil)]
        }
    }

    private mutating func transitionalSignal(_ state: Agreeing) -> [SecureGroupAction] {
        guard !state.vsTransitional else { return [.ignored(.alreadySignalled, sender: nil)] }
        var state = state
        let actions = signal(&state.firstTransitional)
        state.vsTransitional = true
        self.state = .agreeing(state)
        return state.klGotFlushReq ? actions + acknowledgeFlush(state) : actions
    }

    /// Delivers the signal if it is the secure view's first.
    func signal(_ firstTransitional: inout Bool) -> [SecureGroupAction] {
        guard firstTransitional || isBroken(.signalIsRepeated), installed != nil, !isBroken(.signalIsForgotten) else {
            return []
        }
        firstTransitional = false
        return [.deliverTransitionalSignal]
    }
}

// MARK: - Messages of the application

extension SecureGroup {
    /// User_Message: seals a message (at most 16 MiB) for all members of the view, or for one.
    ///
    /// Throws `.noSecureView`, `.flushPending`, `.unknownDestination`, `.messageTooLong`, `.sequenceExhausted`,
    /// `.ended` and `.primitives`; then nothing has been sent.
    public mutating func userMessage(
        _ payload: [UInt8], service: Service, to destination: UInt64? = nil
    ) throws(SecureGroupError) -> [SecureGroupAction] {
        switch state {
        case .secure(let state):
            if let destination {
                let members = state.installed.view.members
                guard members.contains(where: { $0.id == destination }) else { throw .unknownDestination }
            }
            return try seal(payload, service: service, to: destination, state.installed)
        case .waitForMembership(let state):
            guard isBroken(.sendingAfterFlushOkIsAllowed) else { throw .flushPending }
            return try seal(payload, service: service, to: destination, state.installed)
        case .waitForCascadingMembership(let state):
            switch state.origin {
            case .start: throw .noSecureView
            case .secure(let installed):
                guard isBroken(.sendingAfterFlushOkIsAllowed) else { throw .flushPending }
                return try seal(payload, service: service, to: destination, installed)
            case .agreeing(let installed, _): throw installed == nil ? .noSecureView : .flushPending
            }
        case .agreeing(let state): throw state.installed == nil ? .noSecureView : .flushPending
        case .waitForSelfJoin: throw .noSecureView
        case .over: throw .ended
        }
    }

    private mutating func seal(
        _ payload: [UInt8], service: Service, to destination: UInt64?, _ installed: InstalledView
    ) throws(SecureGroupError) -> [SecureGroupAction] {
        let records = try installed.sealer.seal(payload, service: service, to: destination)
        ownCounters.sealed &+= UInt64(records.count)
        return records.map { .send(payload: $0.payload, service: $0.service, to: destination) }
    }
}
