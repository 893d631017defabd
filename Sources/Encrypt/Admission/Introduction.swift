public import Primitives

/// Who a member is, for one start of it: signed by its identity, and with what it has to show for itself.
///
/// version, kind, cluster, public key, name, address, incarnation, nonce, kind of the wrapping key, wrapping key,
/// evidence, pre-shared tag, signature. The tag and the certificate's signature are over all that stands before the
/// evidence (the tag over the evidence as well): neither proves anything for another identity, cluster or start.
public struct Introduction: Equatable, Sendable {
    public static let version: UInt8 = 1
    /// What tells an introduction from other things that begin with a version.
    static let kind: UInt8 = 1
    /// Bytes of the longest name of a cluster.
    public static let clusterLimit = 255
    /// Bytes of the longest address.
    public static let addressLimit = 64
    /// Bytes of a nonce.
    public static let nonceSize = 32
    /// Bytes of a digest.
    public static let digestSize = 32
    /// Bytes of the longest evidence.
    public static let evidenceLimit = 16_384
    /// Bytes of the longest introduction.
    public static let sizeLimit = 18_432

    private static let label = Array("conclave introduction".utf8)

    /// The cluster's name: 1 to 255 bytes of UTF-8.
    public let cluster: [UInt8]
    /// The public key of the member's identity, Ed25519.
    public let publicKey: [UInt8]
    /// The identity's name.
    public let name: [UInt8]
    /// What the host's messaging system calls the member: 1 to 64 bytes.
    public let address: [UInt8]
    /// A random number of this start, not zero.
    public let incarnation: UInt64
    /// 32 random bytes of this start.
    public let nonce: [UInt8]
    /// The kind of the wrapping key.
    public let wrappingKind: WrappingKind
    /// What keys for this member are wrapped to.
    public let wrappingKey: [UInt8]
    /// A certificate's chain and signature (`CertificateEvidence`); empty without one.
    public let evidence: [UInt8]
    /// The proof of a pre-shared secret, 32 bytes; empty without one.
    public let preSharedTag: [UInt8]
    /// The identity's signature, 64 bytes.
    public let signature: [UInt8]
    /// All of it, as on the wire.
    public let bytes: [UInt8]
    /// SHA-256 of all of it: what the introduction is called by elsewhere.
    public let digest: [UInt8]

    /// Reads an introduction, its bounds and forms; whether it is authentic is asked by `authenticate(cluster:)`, once.
    ///
    /// Throws `.malformed` and `.unsupportedVersion`.
    public init(reading bytes: [UInt8]) throws(EncryptError) {
        guard bytes.count <= Self.sizeLimit else { throw .malformed }
        guard bytes.first == Self.version || bytes.isEmpty else { throw .unsupportedVersion }
        do throws(CodecError) {
            var reader = ByteReader(bytes)
            guard try reader.readUInt8() == Self.version, try reader.readUInt8() == Self.kind else { throw .badValue }
            cluster = try reader.readVector8()
            publicKey = try reader.readRaw(Identity.publicKeySize)
            name = try reader.readVector8(limit: 64)
            address = try reader.readVector8(limit: Self.addressLimit)
            incarnation = try reader.readUInt64()
            nonce = try reader.readRaw(Self.nonceSize)
            guard let kind = WrappingKind(rawValue: try reader.readUInt8()) else { throw .badValue }
            wrappingKind = kind
            wrappingKey = try reader.readVector16()
            evidence = try reader.readVector16(limit: Self.evidenceLimit)
            preSharedTag = try reader.readVector8(limit: PreSharedSecret.tagSize)
            signature = try reader.readRaw(Identity.signatureSize)
            try reader.finish()
        } catch {
            throw .malformed
        }
        self.bytes = bytes
        digest = try Self.digest(of: bytes)
        guard Self.isValidCluster(cluster), !address.isEmpty, incarnation != 0, Self.isValidName(name),
            wrappingKind.allowsPublicKey(size: wrappingKey.count),
            preSharedTag.isEmpty || preSharedTag.count == PreSharedSecret.tagSize
        else { throw .malformed }
    }

    /// Whether bytes may be the name of a cluster.
    public static func isValidCluster(_ name: [UInt8]) -> Bool {
        (1...clusterLimit).contains(name.count) && String(validating: name, as: UTF8.self) != nil
    }

    private static func isValidName(_ bytes: [UInt8]) -> Bool {
        guard let name = String(validating: bytes, as: UTF8.self) else { return false }
        return Identity.isValidName(name)
    }

    private static func digest(of bytes: [UInt8]) throws(EncryptError) -> [UInt8] {
        do throws(PrimitivesError) { return try Digest.sha256(bytes) } catch { throw .primitives(error) }
    }
}

// MARK: - Authenticity

extension Introduction {
    /// Checks that the introduction is of this cluster, signed by the identity in it, and has a usable wrapping key:
    /// else what is pushed to everybody would fail at this member. It costs a verification of a signature and an
    /// agreement of keys; the answer never changes, so that who knows the digest need not ask again.
    ///
    /// Throws `.wrongCluster`, `.badSignature` and `.malformed`. Whether the member is admitted is asked of a policy.
    public func authenticate(cluster: [UInt8]) throws(EncryptError) {
        guard cluster == self.cluster else { throw .wrongCluster }
        let message = Self.labelled(bytes.dropLast(Identity.signatureSize))
        guard Identity.verify(publicKey: publicKey, signature: signature, message: message) else {
            throw .badSignature
        }
        guard wrappingKind.isUsable(wrappingKey) else { throw .malformed }
    }

    /// Whether `authenticate(cluster:)` throws nothing.
    public func isAuthentic(cluster: [UInt8]) -> Bool {
        do throws(EncryptError) {
            try authenticate(cluster: cluster)
            return true
        } catch {
            return false
        }
    }

    /// What the certificate's key signs: all that stands before the evidence.
    var certifiedBytes: [UInt8] {
        let sizeBehind = 2 + evidence.count + 1 + preSharedTag.count + Identity.signatureSize
        return CertificateEvidence.signedBytes(bytes.dropLast(sizeBehind))
    }

    /// What the pre-shared secret proves: all that stands before the tag.
    var taggedParts: [[UInt8]] {
        [[UInt8](copying: bytes.dropLast(1 + preSharedTag.count + Identity.signatureSize))]
    }

    static func labelled(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        var writer = ByteWriter(capacity: bytes.count + 32)
        writer.writeVector8(label)
        writer.writeRaw(bytes)
        return writer.bytes
    }
}
