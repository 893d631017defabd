internal import Arithmetic
internal import Primitives

/// Why a run cannot begin, or why a token is refused. A refused token has changed nothing but the counters.
public enum AgreementError: Error, Equatable, Sendable {
    // What the caller asked for.

    /// A run has no members or too many, an identifier that is zero or used twice, a field of a wrong size, a count of
    /// continuing members outside the list, or the identifier of a run that has begun before.
    case invalidRun
    /// This member is not in the run, or is there with another public key.
    case notAMember
    /// This member or one that it should continue with has not completed the previous run, or its key has changed
    /// since.
    case notContinuing
    /// There is no agreed key yet.
    case noKey

    // What a token is refused for.

    /// Not a token: truncated, extended, or a field without meaning.
    case malformed
    /// A protocol version other than this one.
    case unsupportedVersion
    /// Another suite's token.
    case wrongSuite
    /// The signature does not verify under the sender's key.
    case badSignature
    /// Made for another group of members.
    case wrongGroup
    /// Made for another view.
    case wrongView
    /// Made for another run, or by members who continue from another run than this member.
    case wrongRun
    /// The sender is no member, is not who the transport says, or may not send this token.
    case wrongSender
    /// Meant for another member.
    case wrongDestination
    /// Seen before, or older than what was seen.
    case replayed
    /// Not a token that is awaited in this state.
    case wrongPhase
    /// A value outside the subgroup of prime order, an identity element, or not the value it must be.
    case badElement
    /// The sender works with another list of members.
    case memberListMismatch
    /// The sender of the key list holds another key.
    case keyConfirmation

    // Faults inside.

    /// The source of entropy gave nothing.
    case entropy
    /// libcrypto or the arithmetic failed without a reason that input explains.
    case cryptography

    init(_ error: ArithmeticError) {
        switch error {
        case .notMember, .badSize, .zeroExponent: self = .badElement
        case .entropy: self = .entropy
        case .groupMismatch, .notInvertible, .library: self = .cryptography
        }
    }

    init(_ error: PrimitivesError) { self = error == .entropy ? .entropy : .cryptography }
}
