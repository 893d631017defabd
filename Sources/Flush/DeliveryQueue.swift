internal import Primitives

/// Keeps the total order while a safe message waits to become stable: what comes after it waits behind it.
struct DeliveryQueue: Equatable {
    struct Entry: Equatable {
        let sender: UInt64
        let service: Service
        let isPrivate: Bool
        let payload: ArraySlice<UInt8>
        /// Of a safe message: what members acknowledge it by.
        let digest: [UInt8]?
        /// Places in the view of the members that have received it.
        var receivers = PlaceSet()
    }

    private var entries: [Entry] = []
    /// How many bytes of payload wait.
    private(set) var bytes = 0
    /// Digests that this member has yet to acknowledge.
    private(set) var unacknowledged: [[UInt8]] = []

    var isEmpty: Bool { entries.isEmpty }

    /// Whether a safe message waits.
    var hasUnstable: Bool { entries.contains { $0.digest != nil } }

    /// Appends a message; a safe one is to be acknowledged.
    mutating func append(_ entry: Entry) {
        entries.append(entry)
        bytes += entry.payload.count
        if let digest = entry.digest { unacknowledged.append(digest) }
    }

    /// Takes the digests to acknowledge now.
    mutating func takeUnacknowledged() -> [[UInt8]] {
        let digests = [[UInt8]](unacknowledged.prefix(Stability.limit))
        unacknowledged.removeFirst(digests.count)
        return digests
    }

    /// Digests of safe messages that are still waiting, to be acknowledged once more when an acknowledgement was lost.
    var waitingDigests: [[UInt8]] { entries.compactMap { $0.digest } }

    /// Notes that a member has received safe messages.
    mutating func note(_ digests: [[UInt8]], receivedBy member: Int) {
        for index in entries.indices {
            guard let digest = entries[index].digest, digests.contains(digest) else { continue }
            entries[index].receivers.insert(member)
        }
    }

    /// Takes what may be delivered: everything up to the first safe message that some member has not received.
    mutating func takeStable(members: PlaceSet) -> [Entry] {
        let end = entries.firstIndex { entry in
            entry.digest != nil && !isBroken(.stabilityIsNotAwaited) && !members.isSubset(of: entry.receivers)
        }
        let stable = [Entry](entries.prefix(end ?? entries.count))
        entries.removeFirst(stable.count)
        for entry in stable { bytes -= entry.payload.count }
        return stable
    }

    /// Takes everything: after the transitional signal nothing waits for stability.
    mutating func takeAll() -> [Entry] {
        defer {
            entries = []
            bytes = 0
        }
        return entries
    }
}
