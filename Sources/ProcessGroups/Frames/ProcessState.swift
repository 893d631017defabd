public import Primitives

/// What a process brings into the next configuration; every process says it in every round.
///
/// `UInt64 round · UInt64 nonce · UInt64 configuration · UInt64 heard · UInt32 count · count × UInt64 connection`
public struct ProcessState: Equatable, Sendable {
    /// Which round it was said in.
    public let round: UInt64
    /// Random, so that no two configurations have one number.
    public let nonce: UInt64
    /// The configuration that the process was in as the round began; 0: in none.
    public let configuration: UInt64
    /// Stands for everything that it had heard in that configuration by then.
    public let heard: UInt64
    /// Its members, ascending.
    public let connections: [UInt64]

    /// Refuses connections that are 0, not ascending or too many, and what was heard in no configuration.
    public init(
        round: UInt64, nonce: UInt64, configuration: UInt64, heard: UInt64, connections: [UInt64]
    ) throws(CodecError) {
        guard connections.count <= ProcessGroupWire.memberLimit else { throw .badValue }
        var last: UInt64 = 0
        for connection in connections {
            guard connection > last else { throw .badValue }
            last = connection
        }
        guard configuration != 0 || heard == 0 else { throw .badValue }
        self.round = round
        self.nonce = nonce
        self.configuration = configuration
        self.heard = heard
        self.connections = connections
    }

    static func read(_ reader: inout ByteReader) throws(CodecError) -> ProcessState {
        let round = try reader.readUInt64()
        let nonce = try reader.readUInt64()
        let configuration = try reader.readUInt64()
        let heard = try reader.readUInt64()
        let count = Int(try reader.readUInt32())
        guard count <= ProcessGroupWire.memberLimit else { throw .badValue }
        // Before any memory is reserved for them, so that a short frame cannot ask for a long list.
        guard count * 8 <= reader.remaining else { throw .truncated }
        var connections: [UInt64] = []
        connections.reserveCapacity(count)
        for _ in 0..<count { connections.append(try reader.readUInt64()) }
        return try ProcessState(
            round: round, nonce: nonce, configuration: configuration, heard: heard, connections: connections)
    }

    func write(_ sequence: UInt64) -> [UInt8] {
        var writer = ByteWriter(.state, sequence, bodySize: 36 + 8 * connections.count)
        writer.writeUInt64(round)
        writer.writeUInt64(nonce)
        writer.writeUInt64(configuration)
        writer.writeUInt64(heard)
        writer.writeUInt32(UInt32(truncatingIfNeeded: connections.count))
        for connection in connections { writer.writeUInt64(connection) }
        return writer.bytes
    }
}
