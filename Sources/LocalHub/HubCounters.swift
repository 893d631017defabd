/// What a hub has seen.
public struct HubCounters: Equatable, Sendable {
    /// Connections now.
    public var clients: UInt64
    /// Groups with a member now.
    public var groups: UInt64
    /// Messages that were given a place in an order so far, each counted once however many members get it.
    public var messages: UInt64
    /// Bytes of their payloads.
    public var messageBytes: UInt64
    /// Connections that were refused so far: stuck, malformed, late or over a limit.
    public var droppedClients: UInt64

    public init(
        clients: UInt64 = 0, groups: UInt64 = 0, messages: UInt64 = 0, messageBytes: UInt64 = 0,
        droppedClients: UInt64 = 0
    ) {
        self.clients = clients
        self.groups = groups
        self.messages = messages
        self.messageBytes = messageBytes
        self.droppedClients = droppedClients
    }
}
