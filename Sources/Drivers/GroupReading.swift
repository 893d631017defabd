internal import Flush
public import SecureGroup

/// A membership as its instruments show it: what it has done, and where it stands.
public struct GroupReading {
    /// Of all incarnations since the application joined.
    public let counters: GroupCounters
    /// Messages handed to the transport, and taken from it.
    public let sent: Traffic
    public let received: Traffic
    /// How often this member came again with a new incarnation.
    public let rejoins: UInt64
    /// What waits to be sent, and to be fetched by the application.
    public let sendQueueBytes: Int
    public let eventQueueBytes: Int
    public let eventQueueEvents: Int
    /// How many members the group waits for just now.
    public let waitingFor: Int
    /// Of the secure view that was installed last; 0 before the first.
    public let viewCounter: UInt64
    public let members: Int
}

/// What a driver remembers of a membership beyond its incarnations.
struct GroupLedger {
    private var past = GroupCounters()
    var sent = Traffic()
    var received = Traffic()
    private(set) var rejoins: UInt64 = 0
    private var notes: [GroupNote] = []
    private var lostNotes = 0

    /// An incarnation is over.
    mutating func close(_ engine: inout GroupEngine) {
        past = total(engine.counters)
        rejoins &+= 1
        let last = engine.takeNotes()
        notes += last.notes
        lostNotes += last.lost
    }

    func total(_ counters: GroupCounters) -> GroupCounters { counters.added(to: past) }

    mutating func takeNotes(of engine: inout GroupEngine) -> (notes: [GroupNote], lost: Int) {
        let last = engine.takeNotes()
        defer { (notes, lostNotes) = ([], 0) }
        return (notes + last.notes, lostNotes + last.lost)
    }
}

extension GroupDriver {
    /// Instruments, as of now.
    public var reading: GroupReading {
        GroupReading(
            counters: counters, sent: ledger.sent, received: ledger.received, rejoins: ledger.rejoins,
            sendQueueBytes: queuedBytes, eventQueueBytes: events.byteCount, eventQueueEvents: events.count,
            waitingFor: waitingFor.count, viewCounter: engine.view?.id.counter ?? 0,
            members: engine.view?.members.count ?? 0)
    }

    /// What is noted of this membership for somebody to read; nil: nothing.
    public var noteLevel: NoteLevel? {
        get { engine.noteLevel }
        set { engine.noteLevel = newValue }
    }

    /// What was noted since the last time, in order, and how many more found no room.
    public func takeNotes() -> (notes: [GroupNote], lost: Int) { ledger.takeNotes(of: &engine) }
}
