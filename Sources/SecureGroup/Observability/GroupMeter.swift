internal import Flush
internal import KeyAgreement

/// Counts and times what a membership does, and notes what somebody wants to read. It only watches: nothing that it
/// holds reaches a decision.
struct GroupMeter {
    var counters = GroupCounters()
    /// What is noted; nil: nothing.
    var level: NoteLevel? = nil
    private(set) var notes: [GroupNote] = []
    /// Notes that found no room since the last time they were taken.
    private(set) var lostNotes = 0
    private var flushBegan: UInt64? = nil
    /// Since when a VS view waits for its key.
    private var agreementBegan: UInt64? = nil

    /// How many notes are kept for somebody who takes them too seldom.
    private static let noteLimit = 10_000

    mutating func note(_ note: @autoclosure () -> GroupNote) {
        guard let level else { return }
        let made = note()
        guard made.level <= level else { return }
        guard notes.count < Self.noteLimit else {
            lostNotes += 1
            return
        }
        notes.append(made)
    }

    mutating func takeNotes() -> (notes: [GroupNote], lost: Int) {
        defer { (notes, lostNotes) = ([], 0) }
        return (notes, lostNotes)
    }

    mutating func watch(_ action: FlushAction, now: UInt64) {
        switch action {
        case .requestFlush:
            counters.flushRequests &+= 1
            if flushBegan == nil { flushBegan = now }
            note(.flushRequested)
        case .signal: note(.signalled)
        case .install(let view): installed(view, now: now)
        case .deliver(let sender, _, _, let payload):
            guard let kind = TokenPayload.kind(of: payload) else { return }
            counters.note(token: kind, isSent: false)
            note(.tokenReceived(kind, from: sender, bytes: payload.count))
        case .ignore(let reason): note(.ignoredByFlush(reason))
        case .multicast, .unicast, .refuse, .reportNotAdmitted, .rejoinExcluded, .endReplaced: break
        }
    }

    private mutating func installed(_ view: FlushView, now: UInt64) {
        counters.vsViews &+= 1
        if agreementBegan != nil { counters.cascades &+= 1 }
        let time = now &- (flushBegan ?? now)
        if flushBegan != nil { counters.flush.note(time) }
        flushBegan = nil
        agreementBegan = now
        note(.vsView(counter: view.id.counter, members: view.members.count, milliseconds: time))
    }

    mutating func watch(_ action: SecureGroupAction, now: UInt64) {
        switch action {
        case .send(let payload, _, let destination):
            guard let kind = TokenPayload.kind(of: payload[...]) else { return }
            counters.note(token: kind, isSent: true)
            note(.tokenSent(kind, to: destination, bytes: payload.count))
        case .flushOk: note(.flushAcknowledged)
        case .deliverView(let view):
            let time = now &- (agreementBegan ?? now)
            counters.agreement.note(time)
            agreementBegan = nil
            note(
                .secureView(
                    counter: view.id.counter, members: view.members.count, fingerprint: view.keyFingerprint,
                    milliseconds: time))
        case .deliverMessage(_, _, _, let payload): counters.received.note(payload.count)
        case .ignored(let reason, _): note(.ignored(reason))
        case .leaveAndRejoin, .failed, .refused, .secureViewInstalled, .deliverFlushRequest, .deliverTransitionalSignal:
            break
        }
    }
}
