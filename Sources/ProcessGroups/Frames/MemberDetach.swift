internal import Primitives

/// A member of the sender leaves; everything that it sent came before.
///
/// `UInt64 connection`
public struct MemberDetach: Equatable, Sendable {
    public let connection: UInt64

    public init(connection: UInt64) { self.connection = connection }

    static func read(_ reader: inout ByteReader) throws(CodecError) -> MemberDetach {
        MemberDetach(connection: try reader.readConnection())
    }

    func write(_ sequence: UInt64) -> [UInt8] {
        var writer = ByteWriter(.detach, sequence, bodySize: 8)
        writer.writeUInt64(connection)
        return writer.bytes
    }
}
