/// What is to happen, by time; at one time, in the order in which it was scheduled.
struct EventHeap {
    /// Indices only, so that moving an entry costs no counting of references.
    enum Kind {
        /// A message reaches the order of its sender's component.
        case order(message: Int)
        /// The next entry of a member's inbox is due.
        case deliver(node: Int)
        case tick(node: Int)
        /// The application answers a flush request.
        case answer(node: Int)
        /// Somebody sends.
        case traffic
        /// The next event of the scenario, if it is still the one of this number.
        case scenario(number: Int)
        /// A person connects (again), if nothing has changed for it since.
        case connect(person: Int, attempt: Int)
        /// The transport notices that a member is gone.
        case vanish(node: Int)
        /// A process that hung goes on.
        case resume(node: Int)
    }

    struct Entry {
        let time: UInt64
        let sequence: UInt64
        let kind: Kind

        func isBefore(_ other: Entry) -> Bool {
            time != other.time ? time < other.time : sequence < other.sequence
        }
    }

    private var entries: [Entry] = []
    private var sequence: UInt64 = 0

    var first: Entry? { entries.first }

    mutating func push(_ kind: Kind, at time: UInt64) {
        sequence += 1
        entries.append(Entry(time: time, sequence: sequence, kind: kind))
        var child = entries.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard entries[child].isBefore(entries[parent]) else { return }
            entries.swapAt(child, parent)
            child = parent
        }
    }

    mutating func pop() -> Entry? {
        guard let first = entries.first else { return nil }
        let last = entries.removeLast()
        guard !entries.isEmpty else { return first }
        entries[0] = last
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2]
            where child < entries.count && entries[child].isBefore(entries[least]) { least = child }
            guard least != parent else { return first }
            entries.swapAt(parent, least)
            parent = least
        }
    }
}
