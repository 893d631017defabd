public import Flush
internal import KeyAgreement
internal import Primitives

extension SecureGroup {
    /// Data_Message, and the messages of the agreement: what the Flush layer delivered in its present view.
    public mutating func data(
        from sender: UInt64, service: Service, isPrivate: Bool, payload: [UInt8], now: UInt64
    ) -> [SecureGroupAction] {
        data(from: sender, service: service, isPrivate: isPrivate, payload: payload[...], now: now)
    }

    /// The same, for a payload that lies among other bytes: a sealed record is opened where it came.
    public mutating func data(
        from sender: UInt64, service: Service, isPrivate: Bool, payload: ArraySlice<UInt8>, now: UInt64
    ) -> [SecureGroupAction] {
        guard let first = payload.first, let kind = PayloadKind(rawValue: first) else {
            suspectKeyList(isPrivate: isPrivate)
            return refuse(.malformed, sender)
        }
        switch kind {
        case .agreementToken:
            return token([UInt8](copying: payload), from: sender, service: service, isPrivate: isPrivate)
        case .restartRequest:
            guard service == .agreed else { return refuse(.wrongService, sender) }
            return restartMessage([UInt8](copying: payload), from: sender, isPrivate: isPrivate, now: now)
        case .sealedRecord: return record(payload, from: sender, service: service, isPrivate: isPrivate)
        }
    }
}

// MARK: - Tokens

extension SecureGroup {
    /// Partial_Token, Final_Token, Fact_Out and Key_List.
    private mutating func token(
        _ payload: [UInt8], from sender: UInt64, service: Service, isPrivate: Bool
    ) -> [SecureGroupAction] {
        switch state {
        case .agreeing(let state):
            // After the signal a key list installs nothing, and every other token only leads to one.
            guard !state.vsTransitional || isBroken(.keyListAfterSignalIsAccepted) else {
                return [.ignored(.abandonedRun, sender: sender)]
            }
            do throws(SecureGroupError) {
                return try token(TokenPayload(reading: payload), from: sender, service: service, state)
            } catch {
                return refuseToken(error, from: sender, isPrivate: isPrivate)
            }
        case .waitForCascadingMembership(let state):
            return [.ignored(state.isBeforeFirstView ? .notYetJoined : .abandonedRun, sender: sender)]
        case .secure, .waitForMembership: return refuse(.agreement(.wrongPhase), sender)
        case .waitForSelfJoin: return [.ignored(.notYetJoined, sender: sender)]
        case .over: return [.ignored(.ended, sender: sender)]
        }
    }

    private mutating func token(
        _ payload: TokenPayload, from sender: UInt64, service: Service, _ state: Agreeing
    ) throws(SecureGroupError) -> [SecureGroupAction] {
        var state = state
        var begun: [AgreementAction] = []
        switch state.base {
        case .known(let baseCount):
            guard payload.baseCount == baseCount else { throw .agreement(.wrongRun) }
        case .tried(payload.baseCount, let waiting): begun = waiting
        case .tried, .unknown: begun = try tryBase(payload.baseCount, state)
        }
        // All Cliques messages but key_list_msg are sent FIFO; key_list_msg is sent as an AGREED message (figure 3),
        // and so is what else installing depends on.
        if let isAgreed = AgreementContext.isAgreed(payload.token) {
            guard service == (isAgreed ? .agreed : .fifo) else { throw .wrongService }
        }
        let actions: [AgreementAction]
        do throws(AgreementError) { actions = try context.receive(payload.token, from: sender) } catch {
            throw .agreement(error)
        }
        guard actions != [.passedOver] else { return [.ignored(.unneededToken, sender: sender)] }
        state.base = .known(payload.baseCount)
        return perform(begun + actions, state, baseCount: payload.baseCount)
    }

    /// A new member begins with the base that a token claims. Nothing depends on it until a token with that base is
    /// accepted: until then it sends nothing, and for another base its share is drawn anew.
    private mutating func tryBase(
        _ baseCount: Int, _ state: Agreeing
    ) throws(SecureGroupError) -> [AgreementAction] {
        let place = state.newMembMsg.members.firstIndex { $0.id == id } ?? 0
        guard baseCount <= place else { throw .agreement(.memberListMismatch) }
        let actions = try beginRun(state.attempt, baseCount: baseCount)
        var state = state
        state.base = .tried(baseCount, waiting: actions)
        self.state = .agreeing(state)
        return actions
    }

    /// A token that the agreement refused.
    private mutating func refuseToken(
        _ error: SecureGroupError, from sender: UInt64, isPrivate: Bool
    ) -> [SecureGroupAction] {
        guard case .agreeing(let state) = state else { return refuse(error, sender) }
        if error == .agreement(.keyConfirmation) {
            // The list is authentic: whoever gets the key out of it installs the view.
            return refuse(error, sender) + leaveAndRejoin(error)
        }
        // A late token of a run that a restart ended is nobody's fault.
        if state.attempt.number > 0, error == .agreement(.wrongRun) {
            return [.ignored(.restartedRun, sender: sender)]
        }
        suspectKeyList(isPrivate: isPrivate)
        return refuse(error, sender)
    }

    /// Remembers that something was refused which may have been the key list: a multicast while this member waits for
    /// it. (In the other phases no list can exist yet.)
    mutating func suspectKeyList(isPrivate: Bool) {
        guard !isPrivate, isWaitingForKeyList, case .agreeing(var state) = state else { return }
        state.mayHaveMissedKeyList = true
        self.state = .agreeing(state)
    }
}

// MARK: - Sealed records

extension SecureGroup {
    private mutating func record(
        _ payload: ArraySlice<UInt8>, from sender: UInt64, service: Service, isPrivate: Bool
    ) -> [SecureGroupAction] {
        switch state {
        case .secure(let state):
            return open(payload, from: sender, service: service, isPrivate: isPrivate, state.installed)
        case .waitForMembership(let state):
            guard !isBroken(.lastDataIsDropped) else { return [] }
            return open(payload, from: sender, service: service, isPrivate: isPrivate, state.installed)
        case .agreeing(let state):
            let record = Agreeing.Queued(sender: sender, service: service, isPrivate: isPrivate, payload: payload)
            return queue(record, state)
        case .waitForCascadingMembership(let state):
            switch state.origin {
            case .start: return [.ignored(.notYetJoined, sender: sender)]
            case .secure(let installed):
                guard !isBroken(.lastDataIsDropped) else { return [] }
                return open(payload, from: sender, service: service, isPrivate: isPrivate, installed)
            case .agreeing: return [.ignored(.abandonedView, sender: sender)]
            }
        case .waitForSelfJoin: return [.ignored(.notYetJoined, sender: sender)]
        case .over: return [.ignored(.ended, sender: sender)]
        }
    }

    /// Data of the new view has overtaken the key list: only the list is AGREED. (Lemma A.4 holds it impossible, for
    /// data that is at least causal.)
    private mutating func queue(_ record: Agreeing.Queued, _ state: Agreeing) -> [SecureGroupAction] {
        guard !state.vsTransitional, !isBroken(.overtakingDataIsDropped) else {
            return [.ignored(.abandonedView, sender: record.sender)]
        }
        let tags = state.attempt.binding.tags
        do throws(SecureGroupError) {
            let header = try SealedHeader(reading: record.payload.span)
            guard header.tags.group == tags.group else { throw .wrongGroup }
            guard header.tags.view == tags.view else { throw .wrongView }
            guard state.newMembMsg.members.contains(where: { $0.id == record.sender }) else { throw .unknownSender }
            guard record.payload.count <= limits.queueLimit - state.queuedBytes else { throw .queueFull }
        } catch {
            if error == .malformed { suspectKeyList(isPrivate: record.isPrivate) }
            return refuse(error, record.sender)
        }
        var state = state
        // The state gives its queue up while it grows, so that it is not copied for every record.
        self.state = .waitForSelfJoin(WaitForSelfJoin())
        state.queue.append(record)
        state.queuedBytes += record.payload.count
        self.state = .agreeing(state)
        return []
    }

    mutating func open(
        _ payload: ArraySlice<UInt8>, from sender: UInt64, service: Service, isPrivate: Bool, _ installed: InstalledView
    ) -> [SecureGroupAction] {
        guard sender != id || !isBroken(.ownDataIsDropped) else { return [] }
        let opened: OpenedRecord
        do throws(SecureGroupError) {
            opened = try installed.opener.open(payload, from: sender, service: service, isPrivate: isPrivate)
        } catch {
            return refuse(error, sender)
        }
        ownCounters.opened &+= 1
        var actions: [SecureGroupAction] = []
        if opened.missing > 0 { actions += refuse(.outOfOrder(missing: opened.missing), sender) }
        if opened.isMessageBroken { actions += refuse(.brokenMessage, sender) }
        if opened.isMessageDropped { actions += refuse(.noRoomForMessage, sender) }
        if let message = opened.message {
            actions.append(
                .deliverMessage(sender: sender, service: opened.service, isPrivate: isPrivate, payload: message))
        }
        return actions
    }
}
