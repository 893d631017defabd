internal import Primitives

/// A member proposes to go on without those who have not acknowledged in time (decision 14). It takes effect when it is
/// delivered, for everybody who accepts its sender.
struct Exclusion: Equatable {
    var configuration: UInt64
    var sender: UInt64
    /// The VS view whose flush waits; nil for a newcomer. A proposal that was under way when the next view came has had
    /// its time.
    var view: ViewIdentifier?
    /// In ascending order.
    var connections: [UInt64]

    func unauthenticated(group: [UInt8]) -> ByteWriter {
        var writer = FlushWire.begin(.exclusion, group: group)
        writer.writeUInt64(configuration)
        writer.writeUInt64(sender)
        writer.writeView(view)
        writer.writeUInt16(UInt16(truncatingIfNeeded: connections.count))
        for connection in connections { writer.writeUInt64(connection) }
        return writer
    }

    static func read(_ bytes: [UInt8], group: [UInt8]) throws(FlushError) -> (Exclusion, Authenticator) {
        var reader = ByteReader(bytes)
        try FlushWire.readHead(&reader, .exclusion, group: group)
        do throws(CodecError) {
            var message = Exclusion(
                configuration: try reader.readUInt64(), sender: try reader.readUInt64(), view: try reader.readView(),
                connections: [])
            let count = Int(try reader.readUInt16())
            guard count > 0, count <= FlushWire.memberLimit else { throw .badValue }
            for _ in 0..<count {
                let connection = try reader.readUInt64()
                if let last = message.connections.last, last >= connection { throw .badValue }
                message.connections.append(connection)
            }
            let authenticator = try Authenticator.read(&reader)
            try reader.finish()
            return (message, authenticator)
        } catch {
            throw .malformed(error)
        }
    }
}
