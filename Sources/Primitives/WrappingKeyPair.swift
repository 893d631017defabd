/// The key pair to which secrets are wrapped for a member; made anew at each start of it, so that what was wrapped for
/// an earlier start stays closed. Used by one thread at a time.
public final class WrappingKeyPair {
    private enum PrivateHalf {
        case agreement(AgreementKey)
        case rsa(CertificateKey)
        #if SIMULATION
            case simulated
        #endif
    }

    /// The kind of the key.
    public let kind: WrappingKind
    /// What others wrap to; see `WrappingKind` for its form.
    public let publicKey: [UInt8]

    private let privateHalf: PrivateHalf

    /// Makes a key pair of one start of a member. An RSA key has 3,072 bits, takes a second or so to make, and comes
    /// from libcrypto's own generator. Throws `.entropy` and `.cryptography`.
    public static func generate(_ kind: WrappingKind, entropy: Entropy) throws(PrimitivesError) -> WrappingKeyPair {
        switch kind {
        case .x25519, .p256: try WrappingKeyPair(AgreementKey(kind, entropy: entropy))
        case .rsa: try WrappingKeyPair(rsa: CertificateKey.generateRSA())
        }
    }

    /// The pair of a key that is there already.
    init(_ key: AgreementKey) {
        kind = key.kind
        publicKey = key.publicKey
        privateHalf = .agreement(key)
    }

    /// Uses the private key of an RSA certificate. What is wrapped to it opens as long as that key exists: the kinds
    /// with a key for each start do better. Throws `.badSize` for another kind of key.
    public init(rsa key: CertificateKey) throws(PrimitivesError) {
        guard key.algorithm == .rsa else { throw .badSize }
        kind = .rsa
        publicKey = try key.publicKey()
        guard WrappingKind.rsa.isUsable(publicKey) else { throw .badSize }
        privateHalf = .rsa(key)
    }

    #if SIMULATION
        private init(simulated seed: UInt64) {
            kind = .x25519
            publicKey = SimulatedSignature.publicKey(seed: seed)
            privateHalf = .simulated
        }

        /// A key pair for the simulator: it costs nothing and protects nothing (SimulatedSignature.swift).
        public static func simulated(seed: UInt64) -> WrappingKeyPair { WrappingKeyPair(simulated: seed) }
    #endif

    /// Opens what a `KeyWrapper` with the ephemeral value `shared` wrapped to this key, with the same context.
    ///
    /// Throws `.notAuthentic` for anything else.
    public func unwrap(
        _ wrapped: [UInt8], shared: [UInt8], context: [UInt8]
    ) throws(PrimitivesError) -> SecretBytes {
        do throws(PrimitivesError) {
            switch privateHalf {
            case .agreement(let key):
                guard wrapped.count == KeyWrapper.wrappedSize else { throw .notAuthentic }
                return try unwrap(
                    wrapped, under: wrappingKey(kind, try key.agree(with: shared), shared, publicKey, context))
            case .rsa(let key):
                guard shared.isEmpty else { throw .notAuthentic }
                return try key.unwrap(wrapped, label: wrappingContext(kind, shared, publicKey, context))
            #if SIMULATION
                case .simulated:
                    return try SimulatedWrapping.unwrap(wrapped, with: publicKey, shared: shared, context: context)
            #endif
            }
        } catch {
            // One answer for every reason: a point that is none, a zero share, another key, altered bytes.
            throw .notAuthentic
        }
    }

    private func unwrap(
        _ wrapped: [UInt8], under key: borrowing SecretBytes
    ) throws(PrimitivesError) -> SecretBytes {
        let cipher = try AuthenticatedCipher(.aes256GCM, key: key, sealing: false)
        return unsafe try SecretBytes(count: KeyWrapper.secretSize) { (target) throws(PrimitivesError) in
            var failure: PrimitivesError? = nil
            unsafe wrapped.withUnsafeBufferPointer { (sealed) in
                do throws(PrimitivesError) {
                    unsafe try cipher.open(
                        sealed, nonce: 0, header: UnsafeBufferPointer(start: nil, count: 0), to: target.baseAddress)
                } catch {
                    failure = error
                }
            }
            if let failure { throw failure }
        }
    }
}

#if SIMULATION
    /// What wraps to simulated key pairs: the key follows from the public key, so that anybody could unwrap; but who
    /// asks with another key, another context or altered bytes is refused as it would be by the real one.
    enum SimulatedWrapping {
        static func wrap(
            _ secret: borrowing SecretBytes, to publicKey: [UInt8], shared: [UInt8], context: [UInt8]
        ) -> [UInt8] {
            let bound = wrappingContext(.x25519, shared, publicKey, context)
            let mask = SimulatedSignature.tag(publicKey, bound)
            var bytes: [UInt8] = []
            unsafe secret.withBytes { (secret) in
                for index in 0..<secret.count { unsafe bytes.append(secret[index] ^ mask[index % mask.count]) }
            }
            return bytes + SimulatedSignature.tag(publicKey, bytes + bound).prefix(AuthenticatedCipher.tagSize)
        }

        static func unwrap(
            _ wrapped: [UInt8], with publicKey: [UInt8], shared: [UInt8], context: [UInt8]
        ) throws(PrimitivesError) -> SecretBytes {
            let bound = wrappingContext(.x25519, shared, publicKey, context)
            let masked = Array(wrapped.prefix(KeyWrapper.secretSize))
            let tag = SimulatedSignature.tag(publicKey, masked + bound).prefix(AuthenticatedCipher.tagSize)
            guard wrapped.count == KeyWrapper.wrappedSize, wrapped.suffix(AuthenticatedCipher.tagSize) == tag else {
                throw .notAuthentic
            }
            let mask = SimulatedSignature.tag(publicKey, bound)
            return unsafe SecretBytes(count: KeyWrapper.secretSize) { (target) in
                for index in 0..<target.count { unsafe target[index] = masked[index] ^ mask[index % mask.count] }
            }
        }
    }
#endif
