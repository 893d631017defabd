public import Primitives

/// Hub to client: one message at its place in the group's order.
///
/// `UInt64 sender · UInt64 destination · payload`, to the end of the frame
public struct HubMessage: HubFrame {
    /// The sender's connection id.
    public let sender: UInt64
    /// Zero when the message went to everybody, the receiver's own connection id otherwise.
    public let destination: UInt64
    /// What the sender gave, unchanged.
    public let payload: ArraySlice<UInt8>

    /// Refuses sender zero and a payload over `HubWire.payloadLimit`.
    public init(sender: UInt64, destination: UInt64, payload: ArraySlice<UInt8>) throws(CodecError) {
        guard sender != HubWire.everybody, payload.count <= HubWire.payloadLimit else { throw .badValue }
        self.sender = sender
        self.destination = destination
        self.payload = payload
    }

    public static func read(_ frame: ArraySlice<UInt8>) throws(CodecError) -> HubMessage {
        var reader = try ByteReader(frame: frame, type: .message)
        let sender = try reader.readUInt64()
        let destination = try reader.readUInt64()
        return try HubMessage(sender: sender, destination: destination, payload: reader.readRest())
    }

    public func write() -> [UInt8] {
        var writer = ByteWriter(frame: .message, bodySize: 16 + payload.count)
        writer.writeUInt64(sender)
        writer.writeUInt64(destination)
        writer.writeRaw(payload)
        return writer.bytes
    }
}
