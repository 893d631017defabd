public import Primitives

/// Why the Flush layer refused something. What was refused changed nothing.
public enum FlushError: Error, Equatable, Sendable {
    /// Bytes that are no message of this layer.
    case malformed(CodecError)
    /// A protocol version that is not spoken here.
    case unsupportedVersion
    /// Made for another group.
    case wrongGroup
    /// Made in another transport configuration, or by another connection than it says.
    case wrongConfiguration
    /// Stamped with a view that its sender and this member do not share.
    case wrongView
    /// A hello of another suite than this member's.
    case wrongSuite
    /// A hello of a member that runs the other robust algorithm.
    case wrongAlgorithm
    /// The signature or authentication code is wrong.
    case notAuthentic
    /// A message of somebody who has sent no valid hello.
    case unknownSender
    /// The name is held by a senior member with another key.
    case nameTaken
    /// The members present do not accept this member's key.
    case notAdmitted
    /// Sending is over until the next view: the flush was acknowledged.
    case flushPending
    /// There is no view yet.
    case noView
    /// Nothing was requested that could be acknowledged.
    case noFlushRequest
    /// The destination is not a member of the view.
    case unknownMember
    /// The primitives failed.
    case primitives(PrimitivesError)
}

/// Why an event that is in order had no effect. Named, so that silence is never an accident.
public enum FlushIgnoreReason: Equatable, Sendable {
    /// Bytes of a connection that is not in the configuration.
    case departedConnection
    /// The same hello once more.
    case repeatedHello
    /// An acknowledgement or proposal of a configuration or view that is over.
    case outdated
    /// A control message of a connection whose hello was refused, which was told then.
    case refusedHello
    /// Authenticated under a key that this member does not share.
    case notForUs
    /// Data of a view that this member is not in.
    case otherView
    /// A unicast for somebody else, on a transport that multicasts everything.
    case otherDestination
    /// A proposal to exclude somebody who has acknowledged in the meantime.
    case hasAcknowledged
    /// A key or answer that came when there was nothing to do with it.
    case notAwaited
}
