/// A group communication engine that a program brings, as functions. They are called by whoever drives the transport,
/// never from inside a transition of a state machine, and must not call back into the group that they serve.
public struct OwnEngine {
    /// Bytes of the largest message that it carries.
    public let payloadLimit: Int
    /// Asks to become a member of the group of this name; returns at once.
    public let join: (_ group: [UInt8]) -> Result<OwnEngineMember, TransportError>

    public init(
        payloadLimit: Int, join: @escaping (_ group: [UInt8]) -> Result<OwnEngineMember, TransportError>
    ) {
        self.payloadLimit = payloadLimit
        self.join = join
    }
}

/// What became of a message that was handed to a program's engine.
public enum OwnEngineSend: Equatable {
    case taken
    /// No room for now.
    case full
    case tooLarge
    /// The engine is at its end, for this reason.
    case failed(TransportError)
}

/// One membership in a program's engine.
public struct OwnEngineMember {
    /// Readable whenever `nextEvent` may have something; the same as long as the member lives.
    public let descriptor: Int32
    public let multicast: (_ bytes: [UInt8]) -> OwnEngineSend
    /// Nil: the engine has no unicast; a multicast stands in, which the others drop.
    public let unicast: ((_ bytes: [UInt8], _ connection: UInt64) -> OwnEngineSend)?
    /// The next event, or nil.
    public let nextEvent: () -> TransportEvent?
    /// Leaves after all that was sent; nil, or why that is impossible.
    public let leave: () -> TransportError?
    /// Called once, last: disconnects at once if that was not done.
    public let release: () -> Void

    public init(
        descriptor: Int32, multicast: @escaping (_ bytes: [UInt8]) -> OwnEngineSend,
        unicast: ((_ bytes: [UInt8], _ connection: UInt64) -> OwnEngineSend)?,
        nextEvent: @escaping () -> TransportEvent?, leave: @escaping () -> TransportError?,
        release: @escaping () -> Void
    ) {
        self.descriptor = descriptor
        self.multicast = multicast
        self.unicast = unicast
        self.nextEvent = nextEvent
        self.leave = leave
        self.release = release
    }
}
