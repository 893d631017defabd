public import Primitives

/// Every frame that a client may send.
public enum HubClientFrame: Equatable, Sendable {
    case attach(HubAttach)
    case multicast(HubMulticast)
    case unicast(HubUnicast)
    case detach(HubDetach)

    /// Reads one whole frame, length field included.
    public static func read(_ bytes: [UInt8]) throws(CodecError) -> HubClientFrame { try read(bytes[...]) }

    /// Reads one whole frame, length field included, sharing the storage of `frame`.
    public static func read(_ frame: ArraySlice<UInt8>) throws(CodecError) -> HubClientFrame {
        switch try readType(frame) {
        case .attach: return .attach(try HubAttach.read(frame))
        case .multicast: return .multicast(try HubMulticast.read(frame))
        case .unicast: return .unicast(try HubUnicast.read(frame))
        case .detach: return .detach(try HubDetach.read(frame))
        case .attached, .configuration, .message, .refused: throw .badValue
        }
    }
}

/// Every frame that the hub may send.
public enum HubServerFrame: Equatable, Sendable {
    case attached(HubAttached)
    case configuration(HubConfiguration)
    case message(HubMessage)
    case refused(HubRefused)

    /// Reads one whole frame, length field included.
    public static func read(_ bytes: [UInt8]) throws(CodecError) -> HubServerFrame { try read(bytes[...]) }

    /// Reads one whole frame, length field included, sharing the storage of `frame`.
    public static func read(_ frame: ArraySlice<UInt8>) throws(CodecError) -> HubServerFrame {
        switch try readType(frame) {
        case .attached: return .attached(try HubAttached.read(frame))
        case .configuration: return .configuration(try HubConfiguration.read(frame))
        case .message: return .message(try HubMessage.read(frame))
        case .refused: return .refused(try HubRefused.read(frame))
        case .attach, .multicast, .unicast, .detach: throw .badValue
        }
    }
}

private func readType(_ frame: ArraySlice<UInt8>) throws(CodecError) -> HubFrameType {
    var reader = ByteReader(frame)
    _ = try reader.readUInt32()
    guard let type = HubFrameType(rawValue: try reader.readUInt8()) else { throw .badValue }
    return type
}
