public import KeyAgreement
public import Primitives

/// What the secure group refuses or reports. No case carries a secret or a caller's bytes.
public enum SecureGroupError: Error, Equatable, Sendable {
    // MARK: Calls of the application

    /// No secure view is installed yet: there is no key to seal or to export with.
    case noSecureView
    /// A flush was acknowledged, or the next key is being agreed: send again in the next view.
    case flushPending
    /// `secureFlushOk` without a flush request before it.
    case noFlushRequest
    /// A message is longer than 16 MiB.
    case messageTooLong
    /// The destination of a private message is not in the secure view.
    case unknownDestination
    /// A sender's sequence numbers of this view are used up; a refresh gives new keys.
    case sequenceExhausted
    /// An export asks for no bytes, for more than 8,160, or with a label longer than 255 bytes.
    case badExport
    /// This membership is over: it asked to leave and to join again.
    case ended

    // MARK: What came from others

    /// The bytes are no message of this protocol.
    case malformed
    /// The sender is not in the view.
    case unknownSender
    /// A message of another suite.
    case wrongSuite
    /// A word that only the other robust algorithm has, or only agreements whose members continue.
    case wrongAlgorithm
    /// A message of another group.
    case wrongGroup
    /// A message of another view.
    case wrongView
    /// A request about a run that this view does not have.
    case wrongRun
    /// A private record for somebody else, or one that came as something other than what it says it is.
    case wrongDestination
    /// A record was delivered with another service than its sender asked for.
    case wrongService
    /// A signature does not verify under the sender's key.
    case badSignature
    /// A sealed record was changed on its way, or was not sealed under the sender's key.
    case badSeal
    /// A sealed record that was delivered before.
    case replayed
    /// So many records of this sender never came; what follows them is delivered.
    case outOfOrder(missing: UInt64)
    /// The fragments of a message contradict each other or have a gap; the message is lost.
    case brokenMessage
    /// There was no memory for a large message; it is lost.
    case noRoomForMessage
    /// More data overtook the key list than the queue holds; this record is lost.
    case queueFull
    /// A view without this member, or one for which no flush was acknowledged.
    case unexpectedView
    /// The agreement refused a token or could not go on.
    case agreement(AgreementError)

    // MARK: Why a membership cannot go on

    /// Others have installed this view, and this member never got its key.
    case keyMissing
    /// Every restart of the agreement ended without a key.
    case restartsUsedUp

    // MARK: The machinery

    /// libcrypto or the random source failed.
    case primitives(PrimitivesError)
}
