import Primitives

/// What an introduction carries of a certificate: the chain, the member's own first, and the signature of its key over
/// the introduction. count, certificates, signature.
struct CertificateEvidence: Equatable {
    private static let label = Array("conclave certified introduction".utf8)
    private static let signatureLimit = 1_024

    /// The chain in DER, the member's own certificate first: 1 to 8.
    let chain: [[UInt8]]
    let signature: [UInt8]

    init(chain: [[UInt8]], signature: [UInt8]) {
        self.chain = chain
        self.signature = signature
    }

    init(reading bytes: [UInt8]) throws(EncryptError) {
        do throws(CodecError) {
            var reader = ByteReader(bytes)
            let count = Int(try reader.readUInt8())
            guard (1...CertifiedKey.chainLimit).contains(count) else { throw .badValue }
            var chain: [[UInt8]] = []
            for _ in 0..<count { chain.append(try reader.readVector16(limit: Certificate.sizeLimit)) }
            self.chain = chain
            signature = try reader.readVector16(limit: Self.signatureLimit)
            try reader.finish()
        } catch {
            throw .malformed
        }
    }

    /// What the certificate's key signs, of an introduction that stands as far as its evidence.
    static func signedBytes(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        var writer = ByteWriter(capacity: bytes.count + 40)
        writer.writeVector8(label)
        writer.writeRaw(bytes)
        return writer.bytes
    }

    var bytes: [UInt8] {
        var writer = ByteWriter(capacity: 4_096)
        writer.writeUInt8(UInt8(truncatingIfNeeded: chain.count))
        for certificate in chain { writer.writeVector16(certificate) }
        writer.writeVector16(signature)
        return writer.bytes
    }
}
