internal import Primitives

/// A process has one member more.
///
/// `UInt64 connection`
public struct MemberAttach: Equatable, Sendable {
    public let connection: UInt64

    public init(connection: UInt64) { self.connection = connection }

    static func read(_ reader: inout ByteReader) throws(CodecError) -> MemberAttach {
        MemberAttach(connection: try reader.readConnection())
    }

    func write(_ sequence: UInt64) -> [UInt8] {
        var writer = ByteWriter(.attach, sequence, bodySize: 8)
        writer.writeUInt64(connection)
        return writer.bytes
    }
}
