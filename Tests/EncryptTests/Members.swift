import Certificates
import Primitives

@testable import Encrypt

/// Members of a test's cluster, and what they need.
enum Members {
    static let cluster = Array("orders".utf8)
    /// The wall clock of these tests, in seconds.
    static let day: Int64 = 86_400

    static func identity(_ name: String) throws -> Identity {
        try Identity.generate(name: name, entropy: .seeded(name.utf8.reduce(7) { $0 &* 31 &+ UInt64($1) }))
    }

    static func secret(_ byte: UInt8 = 5) throws -> PreSharedSecret {
        try PreSharedSecret(SecretBytes(copying: [UInt8](repeating: byte, count: 32).span))
    }

    static func key(_ issued: IssuedCertificate) throws -> CertificateKey {
        try CertificateKey(pem: SecretBytes(copying: issued.privateKey.span))
    }

    static func certified(_ issued: IssuedCertificate) throws -> CertifiedKey {
        try CertifiedKey(chain: issued.chain, key: key(issued))
    }

    static func introduce(_ credential: Credential, seed: UInt64 = 5) throws -> Introduction {
        try credential.introduce(cluster: cluster, address: Array("host-1".utf8), entropy: .seeded(seed)).introduction
    }

    /// An introduction's bytes with something else in it, signed again by an identity.
    static func changed(
        _ introduction: Introduction, cluster: [UInt8]? = nil, publicKey: [UInt8]? = nil, incarnation: UInt64? = nil,
        evidence: [UInt8]? = nil, preSharedTag: [UInt8]? = nil, signedBy identity: Identity
    ) throws -> Introduction {
        var writer = ByteWriter()
        writer.writeUInt8(Introduction.version)
        writer.writeUInt8(Introduction.kind)
        writer.writeVector8(cluster ?? introduction.cluster)
        writer.writeRaw(publicKey ?? identity.publicKey)
        writer.writeVector8(introduction.name)
        writer.writeVector8(introduction.address)
        writer.writeUInt64(incarnation ?? introduction.incarnation)
        writer.writeRaw(introduction.nonce)
        writer.writeUInt8(introduction.wrappingKind.rawValue)
        writer.writeVector16(introduction.wrappingKey)
        writer.writeVector16(evidence ?? introduction.evidence)
        writer.writeVector8(preSharedTag ?? introduction.preSharedTag)
        writer.writeRaw(try identity.sign(Introduction.labelled(writer.bytes[...])))
        return try Introduction(reading: writer.bytes)
    }
}
