internal import Primitives

/// A member that lacks the current key, or an introduction of the current view, asks the coordinator for a push.
struct KeyRequest: Equatable {
    /// More digests than these are not listed: then all introductions are asked for.
    static let missingLimit = 64

    /// Which introductions are to come with the view.
    enum Missing: Equatable {
        case all
        /// At most `missingLimit`.
        case these([MemberDigest])
    }

    var sender: MemberDigest
    var coordinator: MemberDigest
    /// Counted from 1 in each start of the sender, so that none is taken twice.
    var number: UInt64
    /// A refusal answers this one.
    var nonce: [UInt8]
    var held: HeldView
    var missing: Missing

    func signed(_ cluster: ClusterName, by identity: Identity) throws(EncryptError) -> [UInt8] {
        var writer = cluster.begin(.keyRequest)
        writer.writeDigest(sender)
        writer.writeDigest(coordinator)
        writer.writeUInt64(number)
        writer.writeRaw(nonce)
        held.write(&writer)
        switch missing {
        case .all: writer.writeUInt8(.max)
        case .these(let digests):
            writer.writeUInt8(UInt8(min(digests.count, Self.missingLimit)))
            for digest in digests.prefix(Self.missingLimit) { writer.writeDigest(digest) }
        }
        return try cluster.sign(writer, by: identity)
    }

    static func read(_ bytes: [UInt8], _ cluster: ClusterName) throws(EncryptError) -> Signed<KeyRequest> {
        try cluster.readSigned(bytes, .keyRequest) { (reader) throws(CodecError) in
            KeyRequest(
                sender: try .read(&reader), coordinator: try .read(&reader), number: try reader.readUInt64(),
                nonce: try reader.readRaw(EncryptWire.nonceSize), held: try .read(&reader),
                missing: try missing(&reader))
        }
    }

    private static func missing(_ reader: inout ByteReader) throws(CodecError) -> Missing {
        let count = try reader.readUInt8()
        guard count != .max else { return .all }
        guard count <= missingLimit else { throw .badValue }
        var digests: [MemberDigest] = []
        for _ in 0..<count { digests.append(try .read(&reader)) }
        return .these(digests)
    }
}
