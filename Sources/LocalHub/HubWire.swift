public import Primitives

/// What both ends of the hub's protocol agree on beforehand.
///
/// Every frame is `UInt32 length · UInt8 type · body`, big-endian; the length counts the type and the body.
public enum HubWire {
    /// The version that this code speaks; `HubAttach` carries it, and everything after follows from it.
    public static let version: UInt16 = 1
    /// Bytes of the largest frame, its length field included.
    public static let frameLimit = 256 * 1024
    /// Bytes before the body: the length field and the type.
    public static let headerSize = 5
    /// Bytes that a `HubMessage` adds to the payload: header, sender and destination.
    public static let messageOverhead = headerSize + 16
    /// Bytes of the largest payload, chosen so that the frame which delivers it stays within `frameLimit`.
    public static let payloadLimit = frameLimit - messageOverhead
    /// Bytes of the longest group name.
    public static let groupNameLimit = 128
    /// Members of the largest group: its configuration has to fit into one frame.
    public static let memberLimit = (frameLimit - headerSize - 16) / 16
    /// The destination of a message that is for everybody.
    public static let everybody: UInt64 = 0
}

/// The type byte of each frame; those of the hub have the high bit set.
public enum HubFrameType: UInt8, Sendable {
    case attach = 0x01
    case multicast = 0x02
    case unicast = 0x03
    case detach = 0x04
    case attached = 0x81
    case configuration = 0x82
    case message = 0x83
    case refused = 0x84
}

/// One frame of the hub's protocol: what `write` gives, `read` takes, and nothing else.
public protocol HubFrame: Equatable, Sendable {
    /// Reads one whole frame, length field included, sharing the storage of `frame`.
    static func read(_ frame: ArraySlice<UInt8>) throws(CodecError) -> Self
    /// The whole frame, length field included.
    func write() -> [UInt8]
}

extension HubFrame {
    /// Reads one whole frame, length field included.
    public static func read(_ bytes: [UInt8]) throws(CodecError) -> Self { try read(bytes[...]) }
}

extension ByteWriter {
    /// Starts a frame whose body will be exactly `bodySize` bytes.
    init(frame type: HubFrameType, bodySize: Int) {
        self.init(capacity: HubWire.headerSize + bodySize)
        writeUInt32(UInt32(truncatingIfNeeded: 1 + bodySize))
        writeUInt8(type.rawValue)
    }
}

extension ByteReader {
    /// Opens a frame of the given type and leaves the reader at its body.
    init(frame bytes: ArraySlice<UInt8>, type: HubFrameType) throws(CodecError) {
        guard bytes.count <= HubWire.frameLimit else { throw .badValue }
        self.init(bytes)
        let length = Int(try readUInt32())
        guard length <= remaining else { throw .truncated }
        guard length == remaining else { throw .trailingBytes }
        guard try readUInt8() == type.rawValue else { throw .badValue }
    }
}
