public import Flush
public import Primitives

/// What an application sees of its membership, in order.
public enum GroupEvent {
    /// The view is about to change; without an automatic acknowledgement the application answers.
    case flushRequest
    /// The transitional signal.
    case transitionalSignal
    /// A new secure view.
    case view(InstalledSecureView)
    /// A message, opened and verified.
    case message(sender: Member, service: Service, isPrivate: Bool, payload: [UInt8])
    /// Something was refused or is amiss; the membership goes on.
    case problem(GroupProblem, about: Member?)
}

/// What went wrong, and at which floor.
public enum GroupProblem: Equatable, Sendable {
    case flush(FlushError)
    case secureGroup(SecureGroupError)
    /// The others excluded this member because it did not answer in time, or went on to a view that it missed.
    case excluded
    /// What carries the group is gone for now; the member joins again when it is back.
    case disconnected
    /// A message is larger than what the transport carries, and was not sent: so many members do not fit with this
    /// agreement and group of numbers. (What an application sends is cut into fragments, and fits.)
    case messageExceedsTransport(size: Int, limit: Int)
}

/// A secure view with the secret from which the application's own keys are derived. The secret belongs to this view for
/// as long as the application holds it, even when the next view is installed already.
public final class InstalledSecureView: @unchecked Sendable {
    public let view: SecureView
    /// This member's own id in it.
    public let ownID: UInt64
    /// The members of this member's previous secure view; empty before the first.
    public let previousMembers: [Member]
    private let exporter: SecretBytes

    init(view: SecureView, ownID: UInt64, previousMembers: [Member], exporter: consuming SecretBytes) {
        self.view = view
        self.ownID = ownID
        self.previousMembers = previousMembers
        self.exporter = exporter
    }

    /// A key of the application's own, the same at every member of the view for the same label, context and size (1 to
    /// 8,160 bytes). Throws `.badSize`.
    public func export(label: [UInt8], context: [UInt8], count: Int) throws(PrimitivesError) -> SecretBytes {
        var info = ByteWriter(capacity: label.count + context.count + 16)
        info.writeVector16(label)
        info.writeVector32(context)
        info.writeUInt32(UInt32(truncatingIfNeeded: count))
        return try KeyDerivation.derive(from: exporter, salt: [], info: info.bytes, count: count)
    }
}

/// What the driver carries out for the engine.
public enum GroupAction {
    /// Send to all connections, oneself included, in agreed order.
    case multicast([UInt8])
    /// Send to one connection, in order with the multicasts.
    case unicast(connection: UInt64, bytes: [UInt8])
    /// Queue for the application.
    case event(GroupEvent)
    /// This membership cannot go on; join again with a new incarnation.
    case rejoin(GroupProblem)
    /// The same identity joined again elsewhere: this membership is over.
    case replaced
}
