/// Puts the recordings of several members together.
extension Trace {
    /// One trace out of what several real members recorded, each for itself.
    ///
    /// Events stand in the order of the wall clocks, each recording's own order kept and no delivery before its
    /// sending, so that clocks that differ a little do no harm; times count from the first event. A message has the
    /// same number in all recordings already (a hash: see the recorder in Tools); here the numbers become 1, 2, 3, ….
    /// A membership whose recording does not tell its end is not whole: its process was killed, or still runs. The
    /// trace is complete when all are whole, since then nothing more can come.
    public static func merging(_ recordings: [Trace]) throws(RecordingError) -> Trace {
        var result = Trace(title: "", hasOneClock: false)
        result.algorithm = recordings.first?.algorithm ?? result.algorithm
        result.title = "recorded: " + recordings.map(\.title).joined(separator: "; ")
        var heads: [Recording] = []
        for recording in recordings {
            guard !recording.hasOneClock else { throw RecordingError(title: recording.title, reason: .oneClock) }
            for member in recording.members where result.members.contains(where: { $0.id == member.id }) {
                throw RecordingError(title: recording.title, reason: .twice(member.name))
            }
            heads.append(Recording(events: recording.events[...], firstMember: result.members.count))
            result.members += recording.wholeness
        }
        result.events = inOrder(heads)
        result.isComplete = result.members.allSatisfy(\.isWhole)
        result.countTimeFromTheFirstEvent()
        result.numberMessages()
        return result
    }

    /// One of the recordings that are being put together: what is left of it, and where its memberships begin among
    /// all.
    private struct Recording {
        var events: ArraySlice<Event>
        let firstMember: Int
    }

    /// The memberships, marked as whole when the recording tells their end.
    private var wholeness: [Membership] {
        var members = members
        for index in members.indices { members[index].isWhole = false }
        for event in events where event.member >= 0 {
            switch event.kind {
            case .left, .crashed, .rejoining, .replaced: members[event.member].isWhole = true
            default: break
            }
        }
        return members
    }

    /// Takes the earliest event of all that are first in their recordings, but no delivery whose sending is still to
    /// come, unless there is nothing else.
    private static func inOrder(_ recordings: [Recording]) -> [Event] {
        var recordings = recordings
        var unsent: Set<UInt64> = []
        for recording in recordings {
            for event in recording.events { if case .sent(let message) = event.kind { unsent.insert(message.number) } }
        }
        var result: [Event] = []
        while true {
            let waiting = recordings.indices.filter { !recordings[$0].events.isEmpty }
            let free = waiting.filter { index in
                guard case .delivered(let message)? = recordings[index].events.first?.kind else { return true }
                return !unsent.contains(message.number)
            }
            let time: (Int) -> UInt64 = { recordings[$0].events.first?.time ?? .max }
            let candidates = free.isEmpty ? waiting : free
            guard let next = candidates.min(by: { time($0) < time($1) }) else { return result }
            var event = recordings[next].events.removeFirst()
            if event.member >= 0 { event.member += recordings[next].firstMember }
            if case .sent(let message) = event.kind { unsent.remove(message.number) }
            event.time = max(event.time, result.last?.time ?? 0)
            result.append(event)
        }
    }

    private mutating func countTimeFromTheFirstEvent() {
        let start = events.first?.time ?? 0
        for index in events.indices { events[index].time -= start }
    }

    private mutating func numberMessages() {
        var numbers: [UInt64: UInt64] = [:]
        for index in events.indices {
            switch events[index].kind {
            case .sent(var message):
                message.number = number(message.number, &numbers)
                events[index].kind = .sent(message)
            case .delivered(var message):
                message.number = number(message.number, &numbers)
                events[index].kind = .delivered(message)
            default: break
            }
        }
    }

    private func number(_ hash: UInt64, _ numbers: inout [UInt64: UInt64]) -> UInt64 {
        let number = numbers[hash] ?? UInt64(numbers.count) + 1
        numbers[hash] = number
        return number
    }
}

/// Why recordings cannot be put together.
public struct RecordingError: Error, CustomStringConvertible {
    public enum Reason: Sendable {
        /// It is a whole trace already, not what one member recorded.
        case oneClock
        /// The same membership, of this name, is in two recordings.
        case twice(String)
    }

    public let title: String
    public let reason: Reason

    public var description: String {
        switch reason {
        case .oneClock: "\(title): not a recording of one member"
        case .twice(let name): "\(title): a membership of \(name) is there twice"
        }
    }
}
