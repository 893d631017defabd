public import Primitives

/// Proposes to end a round without processes that are silent: stopped, or stuck.
///
/// `UInt64 round · UInt8 count · count × (UInt32 node · UInt32 process)`
public struct ProcessExclusion: Equatable, Sendable {
    public let round: UInt64
    /// Ascending, 1 to 128.
    public let processes: [ProcessAddress]

    /// Refuses a list that is empty, too long or not ascending.
    public init(round: UInt64, processes: [ProcessAddress]) throws(CodecError) {
        guard (1...ProcessGroupWire.processLimit).contains(processes.count) else { throw .badValue }
        for index in processes.indices.dropFirst() where !(processes[index - 1] < processes[index]) {
            throw .badValue
        }
        self.round = round
        self.processes = processes
    }

    static func read(_ reader: inout ByteReader) throws(CodecError) -> ProcessExclusion {
        let round = try reader.readUInt64()
        let count = Int(try reader.readUInt8())
        guard count <= ProcessGroupWire.processLimit else { throw .badValue }
        var processes: [ProcessAddress] = []
        for _ in 0..<count {
            processes.append(ProcessAddress(node: try reader.readUInt32(), process: try reader.readUInt32()))
        }
        return try ProcessExclusion(round: round, processes: processes)
    }

    func write(_ sequence: UInt64) -> [UInt8] {
        var writer = ByteWriter(.exclusion, sequence, bodySize: 9 + 8 * processes.count)
        writer.writeUInt64(round)
        writer.writeUInt8(UInt8(truncatingIfNeeded: processes.count))
        for process in processes {
            writer.writeUInt32(process.node)
            writer.writeUInt32(process.process)
        }
        return writer.bytes
    }
}
