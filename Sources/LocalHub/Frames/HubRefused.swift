public import Primitives

/// Why the hub ends a connection that did not ask for it. The numbers are the wire's and never change.
public enum HubRefusal: UInt8, Error, Equatable, Sendable {
    /// The client speaks a version of the protocol that the hub does not.
    case unsupportedVersion = 1
    /// The hub has as many clients as it is allowed.
    case tooManyClients = 2
    /// The hub has as many groups as it is allowed.
    case tooManyGroups = 3
    /// A frame that nobody writes, or one that has no place here.
    case malformedFrame = 4
    /// A frame over the hub's limit.
    case frameTooLarge = 5
    /// The client did not attach in time.
    case attachTimeout = 6
    /// The client did not read what the hub had for it and held up its group.
    case stuck = 7
}

/// Hub to client, last frame of a connection: why it ends.
///
/// `UInt8 reason`
public struct HubRefused: HubFrame {
    public let reason: HubRefusal

    public init(reason: HubRefusal) { self.reason = reason }

    public static func read(_ frame: ArraySlice<UInt8>) throws(CodecError) -> HubRefused {
        var reader = try ByteReader(frame: frame, type: .refused)
        guard let reason = HubRefusal(rawValue: try reader.readUInt8()) else { throw .badValue }
        try reader.finish()
        return HubRefused(reason: reason)
    }

    public func write() -> [UInt8] {
        var writer = ByteWriter(frame: .refused, bodySize: 1)
        writer.writeUInt8(reason.rawValue)
        return writer.bytes
    }
}
