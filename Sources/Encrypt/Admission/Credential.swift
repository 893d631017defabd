public import Primitives

/// What a member proves itself with: its identity and, as the cluster asks for it, a certificate and a pre-shared
/// secret.
///
/// A value that never changes: whoever renews a certificate makes another credential, with the same identity, and hands
/// it in for the next start or the next session.
public final class Credential: Sendable {
    /// The member's identity.
    public let identity: Identity
    /// The kind of key to which secrets are wrapped for it.
    public let wrapping: WrappingKind
    /// Its certificate.
    public let certificate: CertifiedKey?
    /// The cluster's pre-shared secret.
    public let preSharedSecret: PreSharedSecret?

    /// A credential. With `wrapping` RSA the certificate's key is used when it is one, else a new RSA key at each
    /// start.
    public init(
        identity: Identity, wrapping: WrappingKind = .x25519, certificate: CertifiedKey? = nil,
        preSharedSecret: PreSharedSecret? = nil
    ) {
        self.identity = identity
        self.wrapping = wrapping
        self.certificate = certificate
        self.preSharedSecret = preSharedSecret
    }

    /// Introduces the member, for one start of it: draws incarnation and nonce, makes a wrapping key pair, and signs.
    ///
    /// Throws `.badArgument` for a name of a cluster or an address outside their bounds, or evidence that is too long,
    /// and `.primitives`.
    public func introduce(
        cluster: [UInt8], address: [UInt8], entropy: Entropy
    ) throws(EncryptError) -> (introduction: Introduction, wrappingKeys: WrappingKeyPair) {
        guard Introduction.isValidCluster(cluster), (1...Introduction.addressLimit).contains(address.count) else {
            throw .badArgument
        }
        let keys = try withPrimitives { () throws(PrimitivesError) in try makeWrappingKeys(entropy) }
        var writer = ByteWriter(capacity: 512)
        writer.writeUInt8(Introduction.version)
        writer.writeUInt8(Introduction.kind)
        writer.writeVector8(cluster)
        writer.writeRaw(identity.publicKey)
        writer.writeVector8(Array(identity.name.utf8))
        writer.writeVector8(address)
        writer.writeUInt64(try withPrimitives { () throws(PrimitivesError) in try entropy.nonzeroUInt64() })
        writer.writeRaw(
            try withPrimitives { () throws(PrimitivesError) in try entropy.publicBytes(Introduction.nonceSize) })
        writer.writeUInt8(keys.kind.rawValue)
        writer.writeVector16(keys.publicKey)
        let evidence = try evidence(over: writer.bytes)
        guard evidence.count <= Introduction.evidenceLimit else { throw .badArgument }
        writer.writeVector16(evidence)
        writer.writeVector8(try preSharedSecret?.tag(.introduction, [writer.bytes]) ?? [])
        let message = Introduction.labelled(writer.bytes[...])
        writer.writeRaw(try withPrimitives { () throws(PrimitivesError) in try identity.sign(message) })
        return (try Introduction(reading: writer.bytes), keys)
    }

    private func makeWrappingKeys(_ entropy: Entropy) throws(PrimitivesError) -> WrappingKeyPair {
        #if SIMULATION
            if identity.isSimulated { return WrappingKeyPair.simulated(seed: try entropy.nonzeroUInt64()) }
        #endif
        if wrapping == .rsa, let key = certificate?.key, key.algorithm == .rsa { return try WrappingKeyPair(rsa: key) }
        return try WrappingKeyPair.generate(wrapping, entropy: entropy)
    }

    private func evidence(over bytes: [UInt8]) throws(EncryptError) -> [UInt8] {
        guard let certificate else { return [] }
        let message = CertificateEvidence.signedBytes(bytes[...])
        let signature = try withPrimitives { () throws(PrimitivesError) in try certificate.key.sign(message) }
        return CertificateEvidence(chain: certificate.chain.map { $0.bytes }, signature: signature).bytes
    }
}

/// Calls a primitive, whose errors become this module's.
func withPrimitives<R: ~Copyable>(_ body: () throws(PrimitivesError) -> R) throws(EncryptError) -> R {
    do throws(PrimitivesError) { return try body() } catch { throw .primitives(error) }
}
