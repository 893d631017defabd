import CConclave
import Glibc

/// What a member waits for.
enum Occurrence {
    case event(Event)
    /// Standard input can be read, or has ended.
    case input
    /// SIGINT or SIGTERM asks for an orderly end.
    case interrupted
    case timedOut
}

/// A membership and the loop in which it lives: one poll over the group, the signals and, if wanted, standard input.
final class Membership {
    let group: Group
    private(set) var view: View?
    private let descriptor: Int32
    private let signals: SignalPipe
    /// A recorded membership acknowledges flush requests itself, so that it knows in which view it sends: between
    /// acknowledging and fetching the next view it sends nothing.
    private let recorder: Recorder?
    private let status: StatusFile?
    private var hasFlushed = false
    private var isLeaving = false

    init(_ group: Group, _ recorder: Recorder? = nil, status: StatusFile? = nil) throws(Failure) {
        self.group = group
        self.recorder = recorder
        self.status = status
        descriptor = try group.descriptor()
        signals = try SignalPipe()
    }

    /// Waits for the next occurrence, at most `milliseconds` if there is such a limit.
    func next(milliseconds: Int64? = nil, readsInput: Bool = false) throws(Failure) -> Occurrence {
        let limit = milliseconds.map { ContinuousClock.now + .milliseconds($0) }
        while true {
            if let event = try takeEvent() { return .event(event) }
            let remaining = limit.map { max(0, ($0 - .now) / .milliseconds(1)).rounded(.up) }
            if remaining == 0 { return .timedOut }
            var timeout = try group.deadline() ?? -1
            if let remaining, timeout < 0 || Int64(remaining) < timeout { timeout = Int64(remaining) }
            if status != nil, timeout < 0 || timeout > 1000 { timeout = 1000 }
            var watched = [
                pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
                pollfd(fd: signals.descriptor, events: Int16(POLLIN), revents: 0),
                pollfd(fd: readsInput ? STDIN_FILENO : -1, events: Int16(POLLIN), revents: 0),
            ]
            guard poll(&watched, nfds_t(watched.count), Int32(clamping: timeout)) >= 0 || errno == EINTR else {
                throw Failure.system("poll")
            }
            if watched[1].revents != 0 {
                var byte: UInt8 = 0
                _ = read(signals.descriptor, &byte, 1)
                return .interrupted
            }
            if watched[2].revents != 0 { return .input }
        }
    }

    /// Sends to all in agreed order; false when it is not possible now.
    func send(_ bytes: [UInt8]) throws(Failure) -> Bool {
        guard !hasFlushed, try group.send(bytes) else { return false }
        try recorder?.sent(byteCount: bytes.count)
        return true
    }

    /// Leaves in order: what was sent still arrives. Gives up when the group does not let go within five seconds.
    func leave() throws(Failure) {
        try group.leave()
        isLeaving = true
        let limit = ContinuousClock.now + .seconds(5)
        while ContinuousClock.now < limit {
            switch try next(milliseconds: 250) {
            case .event(.left(let reason)):
                if reason.status != CONCLAVE_OK, reason.status != CONCLAVE_E_LEFT { throw reason }
                return
            case .interrupted: return
            case .event, .input, .timedOut: continue
            }
        }
    }

    /// An event that is there already outlives the failure of the transport behind it.
    private func takeEvent() throws(Failure) -> Event? {
        var trouble: Failure?
        do throws(Failure) {
            try group.process()
        } catch {
            trouble = error
        }
        if let event = try group.nextEvent() {
            if case .view(let view) = event { self.view = view }
            try status?.update(group, hasChanged: event.isView)
            if let recorder { try record(event, recorder) }
            return event
        }
        if let trouble { throw trouble }
        try status?.update(group, hasChanged: false)
        return nil
    }

    private func record(_ event: Event, _ recorder: Recorder) throws(Failure) {
        try recorder.take(event)
        switch event {
        case .flushRequest where !isLeaving:
            guard try group.flush() else { return }
            hasFlushed = true
            try recorder.flushed()
        case .view: hasFlushed = false
        case .flushRequest, .transitionalSignal, .message, .left, .error: break
        }
    }
}
