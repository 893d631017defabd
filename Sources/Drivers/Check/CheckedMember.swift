internal import CPlatform
internal import Primitives

/// What a member of a check was told, without the bytes.
enum CheckedItem: Equatable {
    case configuration(id: UInt64, members: [UInt64], transitional: [UInt64])
    case message(id: UInt64, sender: UInt64)
}

/// One member that takes part in a check, and all that it was told.
final class CheckedMember {
    let transport: Transport
    private(set) var connection: UInt64? = nil
    private(set) var items: [CheckedItem] = []
    private(set) var end: TransportError? = nil
    /// What nothing may tell: an event before the attachment, a message whose bytes were changed, and the like.
    private(set) var flaw: String? = nil
    /// Messages by the number in their first bytes; how many came, of each how often is seen in `items`.
    private(set) var messageCount = 0
    private(set) var emptyCount = 0
    private var nextNumber: UInt32 = 0
    private let number: UInt32

    /// - Parameter number: distinguishes this member's messages from all others'.
    init(_ transport: Transport, number: UInt32) {
        self.transport = transport
        self.number = number
    }

    /// Does what is to be done now and writes down what is told.
    func process(now: UInt64) {
        transport.process(now: now)
        while !transport.isReadingPaused, let event = transport.nextEvent() { note(event) }
        transport.writeQueued()
    }

    private func note(_ event: TransportEvent) {
        if end != nil { flaw = "an event came after the end" }
        switch event {
        case .attached(let connection):
            if self.connection != nil || !items.isEmpty { flaw = "attached twice, or too late" }
            self.connection = connection
        case .configuration(let id, let members, let transitional):
            if connection == nil { flaw = "a configuration came before the attachment" }
            items.append(.configuration(id: id, members: members, transitional: transitional))
        case .message(let sender, let bytes):
            if items.isEmpty { flaw = "a message came before the first configuration" }
            note(bytes, from: sender)
        case .lost(let error): end = error
        }
    }

    private func note(_ bytes: ArraySlice<UInt8>, from sender: UInt64) {
        messageCount += 1
        guard !bytes.isEmpty else {
            emptyCount += 1
            return
        }
        guard let id = CheckedMessage.read([UInt8](copying: bytes)) else {
            flaw = "the bytes of a message were changed"
            return
        }
        items.append(.message(id: id, sender: sender))
    }

    /// Sends a new message of `size` bytes; its number, or what refused it.
    func send(size: Int, to destination: UInt64? = nil) -> (id: UInt64, outcome: TransportSend) {
        let mark = destination == nil ? 0 : CheckedUnicast.mark
        let id = UInt64(number) << 32 | UInt64(nextNumber | mark)
        let bytes = CheckedMessage.bytes(id, size: size)
        let outcome =
            destination.map { transport.unicast(bytes[...], to: $0) } ?? transport.multicast(bytes[...])
        if outcome == .queued { nextNumber += 1 }
        return (id, outcome)
    }

    var lastMembers: [UInt64] {
        for index in items.indices.reversed() {
            if case .configuration(_, let members, _) = items[index] { return members }
        }
        return []
    }

    var lastConfiguration: UInt64? {
        for index in items.indices.reversed() {
            if case .configuration(let id, _, _) = items[index] { return id }
        }
        return nil
    }

    /// Where a message stands among what this member was told.
    func place(of id: UInt64) -> Int? {
        items.lastIndex { item in
            if case .message(id, _) = item { return true }
            return false
        }
    }
}

/// The bytes of a message of a check: its number, then a pattern that follows from it.
enum CheckedMessage {
    static let leastSize = 8

    static func bytes(_ id: UInt64, size: Int) -> [UInt8] {
        var writer = ByteWriter(capacity: size)
        writer.writeUInt64(id)
        var bytes = writer.bytes
        while bytes.count < size { bytes.append(pattern(id, bytes.count)) }
        return Array(bytes.prefix(max(size, leastSize)))
    }

    static func read(_ bytes: [UInt8]) -> UInt64? {
        var reader = ByteReader(bytes)
        guard let id = try? reader.readUInt64() else { return nil }
        for index in leastSize..<bytes.count where bytes[index] != pattern(id, index) { return nil }
        return id
    }

    private static func pattern(_ id: UInt64, _ index: Int) -> UInt8 {
        UInt8(truncatingIfNeeded: id &* 31 &+ UInt64(index) &* 7)
    }
}

/// Waits for members' descriptors and lets them work.
struct CheckedWait {
    private static let longestPause: UInt64 = 50

    /// Drives the members until `isDone` or until the time is over; whether it was done.
    static func drive(
        _ members: [CheckedMember], milliseconds: UInt64, until isDone: () -> Bool
    ) -> Bool {
        let start = conclave_monotonic_milliseconds()
        while true {
            let now = conclave_monotonic_milliseconds()
            for member in members { member.process(now: now) }
            if isDone() { return true }
            let elapsed = now &- start
            guard elapsed < milliseconds else { return false }
            var pause = min(longestPause, milliseconds - elapsed)
            for member in members {
                if let deadline = member.transport.deadline { pause = min(pause, deadline > now ? deadline - now : 0) }
            }
            wait(members, Int32(clamping: pause))
        }
    }

    private static func wait(_ members: [CheckedMember], _ pause: Int32) {
        var watched: [pollfd] = []
        for member in members {
            let wanted = member.transport.wantedEvents
            guard wanted != 0 else { continue }
            watched.append(
                pollfd(fd: member.transport.descriptor, events: Int16(truncatingIfNeeded: wanted), revents: 0))
        }
        let count = UInt(watched.count)
        unsafe watched.withUnsafeMutableBufferPointer { buffer in
            _ = unsafe poll(buffer.baseAddress, count, pause)
        }
    }
}
