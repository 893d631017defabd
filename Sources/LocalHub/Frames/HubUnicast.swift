public import Primitives

/// Client to hub: bytes for one member, at their place in the order of the whole group.
///
/// `UInt64 destination · payload`, to the end of the frame
public struct HubUnicast: HubFrame {
    /// The connection id of the member that is to get it; never zero.
    public let destination: UInt64
    /// What to deliver; the hub never looks into it.
    public let payload: ArraySlice<UInt8>

    /// Refuses destination zero and a payload over `HubWire.payloadLimit`.
    public init(destination: UInt64, payload: ArraySlice<UInt8>) throws(CodecError) {
        guard destination != HubWire.everybody, payload.count <= HubWire.payloadLimit else { throw .badValue }
        self.destination = destination
        self.payload = payload
    }

    public static func read(_ frame: ArraySlice<UInt8>) throws(CodecError) -> HubUnicast {
        var reader = try ByteReader(frame: frame, type: .unicast)
        let destination = try reader.readUInt64()
        return try HubUnicast(destination: destination, payload: reader.readRest())
    }

    public func write() -> [UInt8] {
        var writer = ByteWriter(frame: .unicast, bodySize: 8 + payload.count)
        writer.writeUInt64(destination)
        writer.writeRaw(payload)
        return writer.bytes
    }
}
