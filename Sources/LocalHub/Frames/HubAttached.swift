public import Primitives

/// Hub to client, answer to `HubAttach`: the client is a member from here on.
///
/// `UInt64 connection · UInt32 frameLimit`
public struct HubAttached: HubFrame {
    /// The member's connection id, never zero and never used again, not even by a restarted hub.
    public let connection: UInt64
    /// Bytes of the largest frame that this hub takes, at most `HubWire.frameLimit`.
    public let frameLimit: Int

    /// Refuses connection zero and a frame limit that no hub has.
    public init(connection: UInt64, frameLimit: Int) throws(CodecError) {
        guard connection != HubWire.everybody, HubLimits.frameBytesRange.contains(frameLimit) else { throw .badValue }
        self.connection = connection
        self.frameLimit = frameLimit
    }

    public static func read(_ frame: ArraySlice<UInt8>) throws(CodecError) -> HubAttached {
        var reader = try ByteReader(frame: frame, type: .attached)
        let connection = try reader.readUInt64()
        let frameLimit = Int(try reader.readUInt32())
        try reader.finish()
        return try HubAttached(connection: connection, frameLimit: frameLimit)
    }

    public func write() -> [UInt8] {
        var writer = ByteWriter(frame: .attached, bodySize: 12)
        writer.writeUInt64(connection)
        writer.writeUInt32(UInt32(truncatingIfNeeded: frameLimit))
        return writer.bytes
    }
}
