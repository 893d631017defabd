public import Primitives

/// Why the encryption of a cluster refuses something. Whatever is refused changes nothing.
public enum EncryptError: Error, Equatable, Sendable {
    // What came from the network

    /// Not a message of this protocol.
    case malformed
    /// A protocol version that this build does not speak.
    case unsupportedVersion
    /// Made for another cluster.
    case wrongCluster
    /// A record of an epoch that is not known (yet), or no longer.
    case unknownEpoch
    /// A message of a member that is in no view that is known here, or not yet introduced.
    case unknownSender
    /// Not the member who may send this: a view of somebody who does not coordinate, a refusal of a stranger.
    case wrongSender
    /// Meant for another member.
    case wrongDestination
    /// The signature, or the proof of a pre-shared secret, is wrong.
    case badSignature
    /// A record or a wrapped key was altered, or is under another key.
    case badSeal
    /// Received before, or too old to tell.
    case replayed
    /// Older than what is known already: a view, a request, an answer to another challenge.
    case stale
    /// Nothing that is awaited now.
    case notAwaited
    /// A member whom the admission policy does not accept.
    case notAdmitted(AdmissionRefusal)

    // What the caller asked for

    /// A value outside what is documented.
    case badArgument
    /// Longer than the documented bound.
    case tooLong
    /// There is no key to seal with yet.
    case noKey
    /// This member has left.
    case hasLeft
    /// No key by this identifier.
    case unknownKey
    /// An epoch has no more record numbers, or a store no room.
    case exhausted

    /// A primitive failed.
    case primitives(PrimitivesError)
}

/// Why an admission policy does not accept a member.
public enum AdmissionRefusal: UInt8, Error, Equatable, Sendable {
    /// The public key is not among those that are accepted.
    case unknownKey = 1
    /// There is no certificate, or none that a trust anchor vouches for.
    case certificateUntrusted = 2
    /// The certificate is not valid now.
    case certificateExpired = 3
    /// The certificate was revoked.
    case certificateRevoked = 4
    /// The certificate is for another name.
    case certificateWrongName = 5
    /// The certificate cannot be read, is too weak, or does not vouch for the member's key.
    case certificateUnfit = 6
    /// The member does not hold the pre-shared secret.
    case wrongSecret = 7
    /// Neither name nor address fits the patterns.
    case patternMismatch = 8
    /// The member has left the cluster: it may come again with a new introduction.
    case hasLeft = 9
    /// Refused by the others, for a reason that this build does not know.
    case other = 255
}
