public import LocalHub

/// What a transport tells the layers above it. The same for every kind of transport.
public enum TransportEvent: Equatable, Sendable {
    /// This end is a member now; the number is its own in every later event.
    case attached(connection: UInt64)
    /// Who is connected from this point of the order on. `members` and `transitional` are ascending; `transitional` are
    /// those of the receiver's previous configuration that continue, of a newcomer itself alone.
    case configuration(id: UInt64, members: [UInt64], transitional: [UInt64])
    /// A message at its place in the group's order, own ones included.
    case message(sender: UInt64, bytes: ArraySlice<UInt8>)
    /// The last event: nothing comes and nothing goes any more.
    case lost(TransportError)
}

/// Why a transport cannot be opened, or has ended. System errors carry their errno.
public enum TransportError: Error, Equatable, Sendable {
    /// The URL is neither `corosync:` nor `local:PATH`, or the path is empty, over 107 bytes or holds a zero byte.
    case badAddress
    /// The group's name is empty, over 128 bytes or not UTF-8.
    case badGroupName
    /// Nobody answers at the address: no such socket, nobody listening, no permission, or (EAGAIN) too many at once.
    case unreachable(errno: Int32)
    /// The transport does not take, or no longer keeps, this member.
    case refused(HubRefusal)
    /// The connection has ended without a reason given; errno 0 for an orderly end.
    case lost(errno: Int32)
    /// The other end does not keep to the protocol.
    case protocolViolation
    /// libcpg is not installed.
    case libraryMissing
    /// No Corosync daemon answers on this machine; CPG's error.
    case noDaemon(code: Int32)
    /// The Corosync daemon does not take this user.
    case noDaemonAccess
    /// A program's own engine gave something that docs/transports.md rules out; what, in a few words.
    case unfit(StaticText)
    /// A program's own engine answered with this status.
    case engine(status: Int32)
    /// This end has detached, and everything that it sent before has been ordered.
    case detached
    /// The system refused a resource.
    case system(errno: Int32)
}

/// Text of the program itself, comparable.
public struct StaticText: Equatable, Sendable, ExpressibleByStringLiteral {
    public let text: StaticString

    public init(stringLiteral text: StaticString) { self.text = text }

    public static func == (left: StaticText, right: StaticText) -> Bool {
        left.text.description == right.text.description
    }
}

/// What became of a message given to a transport.
public enum TransportSend: Equatable, Sendable {
    /// It will be sent, in the order of the calls.
    case queued
    /// Too much waits already; nothing was taken. Try again when the transport has become writable and was processed.
    case queueFull
    /// Larger than `payloadLimit`; nothing was taken.
    case tooLarge
    /// Not a member (yet, or any more); nothing was taken.
    case notAttached
    /// The destination is zero, which is nobody's connection; nothing was taken.
    case noDestination
}
