internal import Primitives

/// The coordinator's answer to a join request: who it is, and what the newcomer has to sign.
struct Challenge: Equatable {
    /// The bytes of the coordinator's introduction.
    var introduction: [UInt8]
    /// The newcomer.
    var newcomer: MemberDigest
    /// The nonce of its request.
    var requestNonce: [UInt8]
    /// Fresh for this challenge.
    var nonce: [UInt8]
    /// The coordinator's proof that it holds the pre-shared secret now, over `proven`; empty when it has none.
    var proof: [UInt8]

    /// What the proof is made over.
    static func proven(
        coordinator: MemberDigest, newcomer: MemberDigest, requestNonce: [UInt8], nonce: [UInt8]
    ) -> [UInt8] {
        var writer = ByteWriter(capacity: 100)
        writer.writeDigest(coordinator)
        writer.writeDigest(newcomer)
        writer.writeRaw(requestNonce)
        writer.writeRaw(nonce)
        return writer.bytes
    }

    func signed(_ cluster: ClusterName, by identity: Identity) throws(EncryptError) -> [UInt8] {
        var writer = cluster.begin(.challenge, room: introduction.count + 256)
        writer.writeVector32(introduction)
        writer.writeDigest(newcomer)
        writer.writeRaw(requestNonce)
        writer.writeRaw(nonce)
        writer.writeVector8(proof)
        return try cluster.sign(writer, by: identity)
    }

    static func read(_ bytes: [UInt8], _ cluster: ClusterName) throws(EncryptError) -> Signed<Challenge> {
        try cluster.readSigned(bytes, .challenge) { (reader) throws(CodecError) in
            Challenge(
                introduction: try reader.readVector32(limit: Introduction.sizeLimit),
                newcomer: try .read(&reader), requestNonce: try reader.readRaw(EncryptWire.nonceSize),
                nonce: try reader.readRaw(EncryptWire.nonceSize), proof: try reader.readProof())
        }
    }
}

extension ByteReader {
    /// A proof of a pre-shared secret: 32 bytes, or none.
    mutating func readProof() throws(CodecError) -> [UInt8] {
        let proof = try readVector8(limit: 32)
        guard proof.isEmpty || proof.count == 32 else { throw .badValue }
        return proof
    }
}
