public import Primitives

/// Hub to client: who is connected to the group from this point of the order on.
///
/// `UInt64 id · UInt32 count · count × UInt64 member · UInt32 count · count × UInt64 transitional member`
public struct HubConfiguration: HubFrame {
    /// Number of the configuration; it grows from one configuration of a group to the next.
    public let id: UInt64
    /// The members' connection ids in the order in which they attached, which is ascending.
    public let members: [UInt64]
    /// Those of the receiver's previous configuration that continue; of a newcomer, itself alone. Ascending.
    public let transitional: [UInt64]

    /// Refuses lists that are empty, too long or not ascending, and a transitional member that is no member.
    public init(id: UInt64, members: [UInt64], transitional: [UInt64]) throws(CodecError) {
        guard members.count <= HubWire.memberLimit, isAscending(members), isAscending(transitional),
            isSubset(transitional, of: members)
        else { throw .badValue }
        self.id = id
        self.members = members
        self.transitional = transitional
    }

    public static func read(_ frame: ArraySlice<UInt8>) throws(CodecError) -> HubConfiguration {
        var reader = try ByteReader(frame: frame, type: .configuration)
        let id = try reader.readUInt64()
        let members = try readConnections(&reader)
        let transitional = try readConnections(&reader)
        try reader.finish()
        return try HubConfiguration(id: id, members: members, transitional: transitional)
    }

    public func write() -> [UInt8] {
        var writer = ByteWriter(frame: .configuration, bodySize: 16 + 8 * (members.count + transitional.count))
        writer.writeUInt64(id)
        Self.writeConnections(members, &writer)
        Self.writeConnections(transitional, &writer)
        return writer.bytes
    }

    private static func readConnections(_ reader: inout ByteReader) throws(CodecError) -> [UInt64] {
        let count = Int(try reader.readUInt32())
        guard count <= HubWire.memberLimit else { throw .badValue }
        // Before any memory is reserved for them, so that a short frame cannot ask for a long list.
        guard count * 8 <= reader.remaining else { throw .truncated }
        var connections: [UInt64] = []
        connections.reserveCapacity(count)
        for _ in 0..<count { connections.append(try reader.readUInt64()) }
        return connections
    }

    private static func writeConnections(_ connections: [UInt64], _ writer: inout ByteWriter) {
        writer.writeUInt32(UInt32(truncatingIfNeeded: connections.count))
        for connection in connections { writer.writeUInt64(connection) }
    }
}

private func isAscending(_ connections: [UInt64]) -> Bool {
    guard let first = connections.first, first != HubWire.everybody else { return false }
    for index in connections.indices.dropFirst() where connections[index - 1] >= connections[index] { return false }
    return true
}

/// Both ascending, so that one walk decides.
private func isSubset(_ some: [UInt64], of all: [UInt64]) -> Bool {
    var matched = 0
    for connection in all where matched < some.count && some[matched] == connection { matched += 1 }
    return matched == some.count
}
