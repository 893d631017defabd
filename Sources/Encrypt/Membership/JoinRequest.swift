internal import Primitives

/// A member asks the coordinator to be let in. Not signed as a whole: the introduction is, and all that a request leads
/// to is a challenge.
struct JoinRequest: Equatable {
    /// The bytes of the sender's introduction.
    var introduction: [UInt8]
    /// Fresh for each request: challenge and refusal answer this one.
    var nonce: [UInt8]

    func written(_ cluster: ClusterName) -> [UInt8] {
        var writer = cluster.begin(.joinRequest, room: introduction.count + 64)
        writer.writeVector32(introduction)
        writer.writeRaw(nonce)
        return writer.bytes
    }

    static func read(_ bytes: [UInt8], _ cluster: ClusterName) throws(EncryptError) -> JoinRequest {
        try cluster.read(bytes[...], .joinRequest) { (reader) throws(CodecError) in
            JoinRequest(
                introduction: try reader.readVector32(limit: Introduction.sizeLimit),
                nonce: try reader.readRaw(EncryptWire.nonceSize))
        }
    }
}
