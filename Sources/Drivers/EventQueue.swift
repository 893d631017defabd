/// Events in order, with the bytes they hold.
struct EventQueue<Event> {
    private var items: [(event: Event?, bytes: Int)] = []
    private var start = 0
    /// Bytes of all that wait.
    private(set) var byteCount = 0

    var isEmpty: Bool { start == items.count }

    var count: Int { items.count - start }

    mutating func append(_ event: Event, bytes: Int) {
        items.append((event, bytes))
        byteCount += bytes
    }

    mutating func removeFirst() -> Event? {
        guard start < items.count else { return nil }
        let item = items[start]
        items[start].event = nil
        start += 1
        byteCount -= item.bytes
        // What was taken is given back when it is the greater part, so that each removal costs the same on average.
        if start == items.count {
            items.removeAll(keepingCapacity: items.capacity <= 64)
            start = 0
        } else if start * 2 >= items.count {
            items.removeFirst(start)
            start = 0
        }
        return item.event
    }
}

/// Messages that the transport has not taken yet.
struct OutgoingMessages {
    struct Message {
        /// What a transport puts before the bytes.
        let head: [UInt8]
        let bytes: ArraySlice<UInt8>
        /// Nil: to all.
        let connection: UInt64?

        var count: Int { head.count + bytes.count }
    }

    private var items: [Message?] = []
    private var start = 0
    /// Bytes of all that wait.
    private(set) var byteCount = 0

    var isEmpty: Bool { start == items.count }

    var first: Message? { start < items.count ? items[start] : nil }

    mutating func append(_ bytes: ArraySlice<UInt8>, after head: [UInt8] = [], to connection: UInt64?) {
        let message = Message(head: head, bytes: bytes, connection: connection)
        items.append(message)
        byteCount += message.count
    }

    mutating func removeFirst() {
        guard let message = first else { return }
        byteCount -= message.count
        items[start] = nil
        start += 1
        if start == items.count {
            items.removeAll(keepingCapacity: items.capacity <= 64)
            start = 0
        } else if start * 2 >= items.count {
            items.removeFirst(start)
            start = 0
        }
    }
}
