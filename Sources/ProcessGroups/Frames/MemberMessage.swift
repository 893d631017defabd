public import Primitives

/// A message of a member of the sender.
///
/// `UInt64 sender · UInt64 destination` (0: everybody) · payload
public struct MemberMessage: Equatable, Sendable {
    public let sender: UInt64
    public let destination: UInt64
    public let payload: ArraySlice<UInt8>

    /// Refuses a sender 0 and a payload that is too large.
    public init(sender: UInt64, destination: UInt64, payload: ArraySlice<UInt8>) throws(CodecError) {
        guard sender != 0, payload.count <= ProcessGroupWire.payloadLimit else { throw .badValue }
        self.sender = sender
        self.destination = destination
        self.payload = payload
    }

    static func read(_ reader: inout ByteReader) throws(CodecError) -> MemberMessage {
        let sender = try reader.readUInt64()
        let destination = try reader.readUInt64()
        return try MemberMessage(sender: sender, destination: destination, payload: reader.readRest())
    }

    func write(_ sequence: UInt64) -> [UInt8] {
        var writer = writer(sequence, room: payload.count)
        writer.writeRaw(payload)
        return writer.bytes
    }

    /// All that comes before the payload.
    func head(_ sequence: UInt64) -> [UInt8] { writer(sequence, room: 0).bytes }

    private func writer(_ sequence: UInt64, room: Int) -> ByteWriter {
        var writer = ByteWriter(.message, sequence, bodySize: 16 + room)
        writer.writeUInt64(sender)
        writer.writeUInt64(destination)
        return writer
    }
}
