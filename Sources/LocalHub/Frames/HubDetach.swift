public import Primitives

/// Client to hub, last frame of a connection: everything before it is sequenced, then the hub ends the connection.
///
/// No body.
public struct HubDetach: HubFrame {
    public init() {}

    public static func read(_ frame: ArraySlice<UInt8>) throws(CodecError) -> HubDetach {
        try ByteReader(frame: frame, type: .detach).finish()
        return HubDetach()
    }

    public func write() -> [UInt8] { ByteWriter(frame: .detach, bodySize: 0).bytes }
}
