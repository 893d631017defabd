/// A limit is out of its range, or the low-water mark is not below the high-water mark.
public struct HubLimitsError: Error, Equatable, Sendable {}

/// What one hub allows; sizes in bytes, times in milliseconds. A value of this type is always usable.
public struct HubLimits: Equatable, Sendable {
    /// The frame limits that a hub may have: room for some payload, and what the protocol allows.
    public static let frameBytesRange = 1024...HubWire.frameLimit

    /// Connections at the same time.
    public let clients: Int
    /// Groups at the same time.
    public let groups: Int
    /// Bytes of the largest frame that is taken from a client, length field included.
    public let frameBytes: Int
    /// When more bytes than this wait for one member, nothing more is read from its group.
    public let queueHighWater: Int
    /// When at most this many wait again, reading goes on.
    public let queueLowWater: Int
    /// A member above the high-water mark that takes not one byte for so long is disconnected.
    public let stuckTimeout: UInt64
    /// A member that does not come down to the low-water mark for so long is disconnected, however it drips.
    public let congestionTimeout: UInt64
    /// A client that has not attached for so long is disconnected.
    public let attachTimeout: UInt64

    /// The defaults serve a machine with a thousand clients; each limit has a range that it must be in.
    public init(
        clients: Int = 1024, groups: Int = 1024, frameBytes: Int = HubWire.frameLimit,
        queueHighWater: Int = 1024 * 1024, queueLowWater: Int = 256 * 1024,
        stuckTimeout: UInt64 = 5_000, congestionTimeout: UInt64 = 60_000, attachTimeout: UInt64 = 5_000
    ) throws(HubLimitsError) {
        let times = 1...UInt64(24 * 3600 * 1000)
        guard (1...HubWire.memberLimit).contains(clients), (1...HubWire.memberLimit).contains(groups),
            Self.frameBytesRange.contains(frameBytes), (1...1 << 30).contains(queueHighWater),
            (0..<queueHighWater).contains(queueLowWater), times.contains(stuckTimeout),
            times.contains(congestionTimeout), times.contains(attachTimeout)
        else { throw HubLimitsError() }
        self.clients = clients
        self.groups = groups
        self.frameBytes = frameBytes
        self.queueHighWater = queueHighWater
        self.queueLowWater = queueLowWater
        self.stuckTimeout = stuckTimeout
        self.congestionTimeout = congestionTimeout
        self.attachTimeout = attachTimeout
    }
}
