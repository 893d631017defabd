internal import Primitives

/// A member tells which safe messages it has received: what all have received may be delivered (property 12).
struct Stability: Equatable {
    /// Bytes of a message's digest here.
    static let digestSize = 16
    /// Digests in one message at most.
    static let limit = 1_000

    var view: ViewIdentifier
    var sender: UInt64
    /// The first 16 bytes of SHA-256 over each data message as it was received.
    var digests: [[UInt8]]

    func unauthenticated(group: [UInt8]) -> ByteWriter {
        var writer = FlushWire.begin(.stability, group: group)
        writer.writeView(view)
        writer.writeUInt64(sender)
        writer.writeUInt16(UInt16(truncatingIfNeeded: digests.count))
        for digest in digests { writer.writeRaw(digest) }
        return writer
    }

    static func read(_ bytes: [UInt8], group: [UInt8]) throws(FlushError) -> (Stability, Authenticator) {
        var reader = ByteReader(bytes)
        try FlushWire.readHead(&reader, .stability, group: group)
        do throws(CodecError) {
            guard let view = try reader.readView() else { throw .badValue }
            var message = Stability(view: view, sender: try reader.readUInt64(), digests: [])
            let count = Int(try reader.readUInt16())
            guard count > 0, count <= limit else { throw .badValue }
            for _ in 0..<count { message.digests.append(try reader.readRaw(digestSize)) }
            let authenticator = try Authenticator.read(&reader)
            try reader.finish()
            return (message, authenticator)
        } catch {
            throw .malformed(error)
        }
    }

    static func digest(of data: [UInt8]) throws(PrimitivesError) -> [UInt8] {
        [UInt8](try Digest.sha256(data).prefix(digestSize))
    }
}
