public import Primitives

/// Client to hub: bytes for every member of the group, the sender included.
///
/// `payload`, to the end of the frame
public struct HubMulticast: HubFrame {
    /// What to deliver; the hub never looks into it.
    public let payload: ArraySlice<UInt8>

    /// Refuses a payload over `HubWire.payloadLimit`.
    public init(payload: ArraySlice<UInt8>) throws(CodecError) {
        guard payload.count <= HubWire.payloadLimit else { throw .badValue }
        self.payload = payload
    }

    public static func read(_ frame: ArraySlice<UInt8>) throws(CodecError) -> HubMulticast {
        var reader = try ByteReader(frame: frame, type: .multicast)
        return try HubMulticast(payload: reader.readRest())
    }

    public func write() -> [UInt8] {
        var writer = ByteWriter(frame: .multicast, bodySize: payload.count)
        writer.writeRaw(payload)
        return writer.bytes
    }
}
