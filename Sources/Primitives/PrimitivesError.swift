/// What the primitives can refuse. No case carries a secret, a pointer or a caller's text.
public enum PrimitivesError: Error, Equatable, Sendable {
    /// libcrypto reported a failure that no input explains (out of memory, a provider that is missing).
    case cryptography
    /// The system's random source gave nothing.
    case entropy
    /// A signature, a tag or a sealed message did not verify.
    case notAuthentic
    /// A key, nonce or output has a size that the algorithm does not take.
    case badSize
    /// The bytes are no private key that this library can read.
    case badKeyFile
    /// The private key is encrypted and no passphrase was given.
    case passphraseRequired
    /// The private key is encrypted under another passphrase.
    case badPassphrase
    /// A name is empty, too long, not UTF-8 or holds a control character.
    case badName
    /// A line of a trust store cannot be read.
    case badTrustLine(line: Int)
    /// A trust store has no room for another key.
    case trustStoreFull
}
