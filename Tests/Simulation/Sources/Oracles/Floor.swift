import Traces

/// What happened at one of the two floors, put in order by view: VS views and the Flush layer's messages, or secure
/// views and the application's messages.
struct Floor {
    /// "VS view" or "secure view".
    let viewNoun: String
    /// Whether a view is installed only when all its members have taken part in making it.
    var needsTokens: Bool { viewNoun == "secure view" }
    /// The time of each membership in each view. Each membership begins with one before its first view.
    var visits: [Visit] = []
    /// By membership, in order.
    var visitsOfMember: [[Int]] = []
    var views: [View] = []
    var messages: [Message] = []
    /// Everything sent and delivered, in the order in which the trace is read.
    var log: [Entry] = []
    /// Transitional sets that occur, each once, sorted: a visit names one by its index here.
    var sets: [[Int]] = []
    /// Events in which something was sent or delivered once more: message and event.
    var resent: [(message: Int, event: Int)] = []
    /// Events whose record of a message differs from its first one.
    var contradictions: [(message: Int, event: Int)] = []

    private var viewIndices: [ViewName: Int] = [:]
    private var messageIndices: [UInt64: Int] = [:]
    private var setIndices: [[Int]: Int] = [:]

    /// A message was sent or delivered in a visit.
    struct Entry {
        let visit: Int
        let message: Int
        let event: Int
        let isSend: Bool
    }

    /// A view, with everybody's stay in it.
    struct View {
        /// A view that has the same name as this one and other members: its event.
        var contradiction: Int? = nil
        let name: ViewName
        /// Memberships, as its first event lists them; −1 for an incarnation that is not in the trace.
        let members: [Int]
        let ids: [UInt64]
        var visits: [Int] = []
    }

    /// The stay of one membership in one view.
    struct Visit {
        let member: Int
        /// Index of its view; −1 for the time before the first.
        let view: Int
        /// The event that installed the view; −1 for the time before the first.
        let event: Int
        /// The transitional set it came with; −1 for the time before the first.
        let transitionalSet: Int
        /// The visit before this one; −1 for none.
        let previous: Int
        /// The visit after this one; −1 for none.
        var next = -1
        var sends: [Int] = []
        /// Messages, each with the event.
        var deliveries: [Int] = []
        var deliveryEvents: [Int] = []
        var signals: [Int] = []
        /// How many deliveries there were before the first signal; all if there was none.
        var deliveriesBeforeSignal: Int { signals.isEmpty ? deliveries.count : signalledAfter }
        var signalledAfter = 0
    }

    /// A message, sent once or never seen to be sent.
    struct Message {
        let record: MessageRecord
        /// The membership that the record names as its sender; −1 for one that is not in the trace.
        let sender: Int
        /// The membership it is for; nil for all, −1 for one that is not in the trace.
        let destination: Int?
        /// Where it was sent; −1 if it was not.
        var visit = -1
        var event = -1
        /// Its place among the messages that its sender sent in this view.
        var place = -1
        var isPrivate: Bool { destination != nil }

        /// Whether a membership is meant to have it.
        func isFor(_ member: Int) -> Bool { destination.map { $0 == member } ?? true }
    }

    init(viewNoun: String, memberCount: Int) {
        self.viewNoun = viewNoun
        visits.reserveCapacity(16 * memberCount)
        for member in 0..<memberCount {
            visits.append(Visit(member: member, view: -1, event: -1, transitionalSet: -1, previous: -1))
            visitsOfMember.append([member])
        }
    }

    var hasViews: Bool { !views.isEmpty }

    func view(of visit: Visit) -> View? { visit.view < 0 ? nil : views[visit.view] }

    /// By membership, the visit of it to a view; −1 for none. (As many as there are memberships.)
    func visitors(of view: View) -> [Int] {
        var visitors = Array(repeating: -1, count: visitsOfMember.count)
        for visit in view.visits { visitors[visits[visit].member] = visit }
        return visitors
    }

    /// The transitional set of the view that follows a visit: with whom its member went on. nil when no view followed.
    func companions(after visit: Visit) -> [Int]? {
        guard visit.next >= 0 else { return nil }
        return sets[visits[visit.next].transitionalSet]
    }

    // MARK: - Reading a trace

    /// A new visit, whose index it returns.
    mutating func install(_ record: ViewRecord, at event: Int, by member: Int, _ indexOf: (UInt64) -> Int) -> Int {
        let view: Int
        if let known = viewIndices[record.name] {
            view = known
            if views[view].ids != record.members, views[view].contradiction == nil {
                views[view].contradiction = event
            }
        } else {
            view = views.count
            views.append(View(name: record.name, members: record.members.map(indexOf), ids: record.members))
            viewIndices[record.name] = view
        }
        let previous = visitsOfMember[member].last ?? -1
        let visit = Visit(
            member: member, view: view, event: event, transitionalSet: setIndex(record.transitionalSet.map(indexOf)),
            previous: previous)
        if previous >= 0 { visits[previous].next = visits.count }
        visitsOfMember[member].append(visits.count)
        views[view].visits.append(visits.count)
        visits.append(visit)
        return visits.count - 1
    }

    mutating func signal(at event: Int, by member: Int) {
        let visit = current(member)
        if visits[visit].signals.isEmpty { visits[visit].signalledAfter = visits[visit].deliveries.count }
        visits[visit].signals.append(event)
    }

    mutating func send(_ record: MessageRecord, at event: Int, by member: Int, _ indexOf: (UInt64) -> Int) -> Int {
        let message = messageIndex(record, at: event, indexOf)
        guard messages[message].visit < 0 else {
            resent.append((message, event))
            return message
        }
        let visit = current(member)
        messages[message].visit = visit
        messages[message].event = event
        messages[message].place = visits[visit].sends.count
        visits[visit].sends.append(message)
        log.append(Entry(visit: visit, message: message, event: event, isSend: true))
        return message
    }

    mutating func deliver(_ record: MessageRecord, at event: Int, by member: Int, _ indexOf: (UInt64) -> Int) -> Int {
        let message = messageIndex(record, at: event, indexOf)
        let visit = current(member)
        visits[visit].deliveries.append(message)
        visits[visit].deliveryEvents.append(event)
        log.append(Entry(visit: visit, message: message, event: event, isSend: false))
        return message
    }

    private func current(_ member: Int) -> Int { visitsOfMember[member][visitsOfMember[member].count - 1] }

    private mutating func messageIndex(
        _ record: MessageRecord, at event: Int, _ indexOf: (UInt64) -> Int
    ) -> Int {
        if let known = messageIndices[record.number] {
            let first = messages[known].record
            if first.sender != record.sender || first.service != record.service
                || first.destination != record.destination
            {
                contradictions.append((known, event))
            }
            return known
        }
        let message = messages.count
        messageIndices[record.number] = message
        messages.append(
            Message(record: record, sender: indexOf(record.sender), destination: record.destination.map(indexOf)))
        return message
    }

    private mutating func setIndex(_ members: [Int]) -> Int {
        let set = members.sorted()
        if let known = setIndices[set] { return known }
        sets.append(set)
        setIndices[set] = sets.count - 1
        return sets.count - 1
    }
}
