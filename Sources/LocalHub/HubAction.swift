/// One connection, named by whoever drives the sequencer: a small number, free again after `close` or `gone`.
public struct HubConnection: Hashable, Sendable {
    /// Index into the driver's table of connections, less than the hub's limit of clients plus one.
    public let slot: Int

    public init(slot: Int) { self.slot = slot }
}

/// Why a connection is closed.
public enum HubCloseReason: Equatable, Sendable {
    /// The client asked for it.
    case detached
    /// The hub ends it; the client was sent the reason.
    case refused(HubRefusal)
}

/// Why an event changed nothing.
public enum HubIgnoreReason: Equatable, Sendable {
    /// The connection is not, or no longer, one of the sequencer's.
    case unknownConnection
    /// The connection is already known.
    case alreadyConnected
    /// A unicast names a member that has left; its sender was told by the configuration before.
    case destinationGone(UInt64)
}

/// What the driver has to do, in this order.
public enum HubAction: Equatable, Sendable {
    /// Append the bytes to the connection's output and report with `drained` what the system took of it. The same
    /// array goes to all receivers of a message: keeping it costs no copy.
    case send(HubConnection, bytes: [UInt8])
    /// Try once to write what waits, then end the connection; the sequencer has forgotten it.
    case close(HubConnection, reason: HubCloseReason)
    /// Read nothing more from the connection until `resumeReading`.
    case pauseReading(HubConnection)
    /// Read from the connection again.
    case resumeReading(HubConnection)
    /// Nothing to do; for counters and tests.
    case ignored(HubConnection, reason: HubIgnoreReason)
}
