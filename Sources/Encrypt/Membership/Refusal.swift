internal import Primitives

/// The coordinator lets a member not in, or gives it no key. It says who it is, so that the refused can tell whether
/// it is somebody whose refusals count.
struct Refusal: Equatable {
    /// The bytes of the coordinator's introduction.
    var introduction: [UInt8]
    /// Who is refused.
    var refused: MemberDigest
    /// The nonce of its request.
    var requestNonce: [UInt8]
    var cause: AdmissionRefusal

    func signed(_ cluster: ClusterName, by identity: Identity) throws(EncryptError) -> [UInt8] {
        var writer = cluster.begin(.refusal, room: introduction.count + 256)
        writer.writeVector32(introduction)
        writer.writeDigest(refused)
        writer.writeRaw(requestNonce)
        writer.writeUInt8(cause.rawValue)
        return try cluster.sign(writer, by: identity)
    }

    static func read(_ bytes: [UInt8], _ cluster: ClusterName) throws(EncryptError) -> Signed<Refusal> {
        try cluster.readSigned(bytes, .refusal) { (reader) throws(CodecError) in
            Refusal(
                introduction: try reader.readVector32(limit: Introduction.sizeLimit),
                refused: try .read(&reader), requestNonce: try reader.readRaw(EncryptWire.nonceSize),
                cause: try cause(&reader))
        }
    }

    private static func cause(_ reader: inout ByteReader) throws(CodecError) -> AdmissionRefusal {
        guard let cause = AdmissionRefusal(rawValue: try reader.readUInt8()) else { throw .badValue }
        return cause
    }
}
