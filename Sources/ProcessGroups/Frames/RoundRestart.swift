internal import Primitives

/// Asks all processes to say their state again: the sender missed something, or is back.
///
/// `UInt64 configuration · UInt64 nonce`
public struct RoundRestart: Equatable, Sendable {
    /// The configuration that it complains of; in any other one it is late.
    public let configuration: UInt64
    /// Random; it names the round.
    public let nonce: UInt64

    public init(configuration: UInt64, nonce: UInt64) {
        self.configuration = configuration
        self.nonce = nonce
    }

    static func read(_ reader: inout ByteReader) throws(CodecError) -> RoundRestart {
        RoundRestart(configuration: try reader.readUInt64(), nonce: try reader.readUInt64())
    }

    func write(_ sequence: UInt64) -> [UInt8] {
        var writer = ByteWriter(.restart, sequence, bodySize: 16)
        writer.writeUInt64(configuration)
        writer.writeUInt64(nonce)
        return writer.bytes
    }
}
