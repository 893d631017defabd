/// How a secret is wrapped for a member: the kind of its wrapping key.
public enum WrappingKind: UInt8, Sendable, Equatable, CaseIterable {
    /// X25519 (RFC 7748), HKDF-SHA-256 and AES-256-GCM. The public key is 32 bytes.
    case x25519 = 1
    /// ECDH over P-256 (NIST SP 800-56A), HKDF-SHA-256 and AES-256-GCM. The public key is a point, 65 bytes.
    case p256 = 2
    /// RSA-OAEP with SHA-256 (RFC 8017, 7.1). The public key is a SubjectPublicKeyInfo in DER, 2,048 to 8,192 bits.
    case rsa = 3

    /// Whether bytes are a public key that something can be wrapped to.
    public func isUsable(_ publicKey: [UInt8]) -> Bool {
        do throws(PrimitivesError) {
            switch self {
            case .x25519:
                return publicKey.count == 32 && !AgreementKey.isOfSmallOrder(publicKey)
            case .p256:
                #if SIMULATION
                    if SimulatedSignature.isPublicKey(publicKey) { return true }
                #endif
                // Any scalar tells: what is no point of the curve has no product with any of them.
                _ = try AgreementKey(.p256, entropy: .seeded(1)).agree(with: publicKey)
            case .rsa:
                _ = try RSAPublicKey(publicKey)
            }
            return true
        } catch {
            return false
        }
    }

    /// Whether a public key may have this many bytes.
    public func allowsPublicKey(size: Int) -> Bool {
        switch self {
        case .x25519: size == 32
        case .p256: size == EllipticCurve.pointSize
        case .rsa: (256...RSAPublicKey.sizeLimit).contains(size)
        }
    }
}

/// The sender's side of one push of a secret: an ephemeral key, and the secret wrapped for one member after another.
///
/// One wrapper wraps one secret: the key that a wrap is under follows from the ephemeral key, the member's key and the
/// context, and must not be used for two.
public final class KeyWrapper {
    /// Bytes of a secret that can be wrapped.
    public static let secretSize = 32
    /// Bytes of a secret wrapped for an X25519 or P-256 key; for RSA it is the size of the modulus.
    public static let wrappedSize = 48

    /// The kind of public keys that this wrapper wraps to.
    public let kind: WrappingKind
    /// The ephemeral public value that goes with all wraps of this push; empty for RSA.
    public let shared: [UInt8]

    private let ephemeral: AgreementKey?
    private var wrapped: SecretBytes? = nil

    /// Makes the ephemeral key. Throws `.entropy` and `.cryptography`.
    public init(kind: WrappingKind, entropy: Entropy) throws(PrimitivesError) {
        self.kind = kind
        switch kind {
        case .x25519, .p256:
            let key = try AgreementKey(kind, entropy: entropy)
            ephemeral = key
            shared = key.publicKey
        case .rsa:
            ephemeral = nil
            shared = []
        }
    }

    /// Wraps a secret of 32 bytes for one public key; it can be unwrapped only with the same context.
    ///
    /// Throws `.badSize` for a secret of another size, a second secret, or what is no usable public key of this kind. A
    /// wrap to an RSA key is randomized by libcrypto's own generator.
    public func wrap(
        _ secret: borrowing SecretBytes, to publicKey: [UInt8], context: [UInt8]
    ) throws(PrimitivesError) -> [UInt8] {
        guard secret.count == Self.secretSize, kind.allowsPublicKey(size: publicKey.count) else { throw .badSize }
        try remember(secret)
        #if SIMULATION
            if SimulatedSignature.isPublicKey(publicKey) {
                return SimulatedWrapping.wrap(secret, to: publicKey, shared: shared, context: context)
            }
        #endif
        guard let ephemeral else {
            return try RSAPublicKey(publicKey).wrap(secret, label: wrappingContext(kind, shared, publicKey, context))
        }
        let cipher = try AuthenticatedCipher(
            .aes256GCM, key: wrappingKey(kind, try ephemeral.agree(with: publicKey), shared, publicKey, context),
            sealing: true)
        var bytes = [UInt8](repeating: 0, count: Self.wrappedSize)
        var failure: PrimitivesError? = nil
        unsafe bytes.withUnsafeMutableBufferPointer { (target) in
            guard let target = target.baseAddress else { return }
            do throws(PrimitivesError) {
                unsafe try secret.withBytes { (plaintext) throws(PrimitivesError) in
                    unsafe try cipher.seal(
                        plaintext, nonce: 0, header: UnsafeBufferPointer(start: nil, count: 0), to: target)
                }
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return bytes
    }

    private func remember(_ secret: borrowing SecretBytes) throws(PrimitivesError) {
        let isOther =
            switch wrapped {
            case .none: false
            case .some(let first): !first.equals(secret)
            }
        guard !isOther else { throw .badSize }
        if wrapped == nil { wrapped = secret.duplicate() }
    }
}

/// What a wrap is bound to: kind, both public keys and the caller's context, told apart by their lengths.
func wrappingContext(
    _ kind: WrappingKind, _ shared: [UInt8], _ publicKey: [UInt8], _ context: [UInt8]
) -> [UInt8] {
    var writer = ByteWriter(capacity: shared.count + publicKey.count + context.count + 40)
    writer.writeVector8(Array("conclave key wrapping".utf8))
    writer.writeUInt8(kind.rawValue)
    writer.writeVector16(shared)
    writer.writeVector16(publicKey)
    writer.writeVector32(context)
    return writer.bytes
}

/// The key that a secret is wrapped under, from the shared value of both key pairs.
func wrappingKey(
    _ kind: WrappingKind, _ agreed: borrowing SecretBytes, _ shared: [UInt8], _ publicKey: [UInt8],
    _ context: [UInt8]
) throws(PrimitivesError) -> SecretBytes {
    try KeyDerivation.derive(
        from: agreed, label: "conclave key wrapping", context: wrappingContext(kind, shared, publicKey, context),
        count: AuthenticatedCipher.keySize)
}
