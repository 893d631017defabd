public import Primitives

/// Client to hub, first frame of a connection: which version it speaks and which group it becomes a member of.
///
/// `UInt16 version · vector8 group`
public struct HubAttach: HubFrame {
    /// The protocol version that the client speaks.
    public let version: UInt16
    /// The group's name: 1 to 128 bytes of UTF-8.
    public let group: [UInt8]

    /// Refuses a name that is empty, too long or not UTF-8.
    public init(version: UInt16 = HubWire.version, group: [UInt8]) throws(CodecError) {
        guard (1...HubWire.groupNameLimit).contains(group.count), isUTF8(group) else { throw .badValue }
        self.version = version
        self.group = group
    }

    public static func read(_ frame: ArraySlice<UInt8>) throws(CodecError) -> HubAttach {
        var reader = try ByteReader(frame: frame, type: .attach)
        let version = try reader.readUInt16()
        let group = try reader.readVector8(limit: HubWire.groupNameLimit)
        try reader.finish()
        return try HubAttach(version: version, group: group)
    }

    public func write() -> [UInt8] {
        var writer = ByteWriter(frame: .attach, bodySize: 3 + group.count)
        writer.writeUInt16(version)
        writer.writeVector8(group)
        return writer.bytes
    }
}

private func isUTF8(_ bytes: [UInt8]) -> Bool {
    var iterator = bytes.makeIterator()
    var decoder = Unicode.UTF8()
    while true {
        switch decoder.decode(&iterator) {
        case .scalarValue: continue
        case .emptyInput: return true
        case .error: return false
        }
    }
}
