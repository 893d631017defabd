internal import Primitives

/// What stands at the head of every message of the Flush layer.
enum FlushWire {
    static let protocolVersion: UInt8 = 1
    static let domain: [UInt8] = [UInt8]("conclave flush 1".utf8)
    static let hashSize = 32
    static let groupNameLimit = 128
    static let nameLimit = 64
    /// Members of one configuration at most.
    static let memberLimit = 1_000

    enum MessageType: UInt8 {
        case hello = 1
        case acknowledgement = 2
        case exclusion = 3
        case stability = 4
        case data = 5
    }

    static func begin(_ type: MessageType, group: [UInt8], room: Int = 256) -> ByteWriter {
        var writer = ByteWriter(capacity: room)
        writer.writeUInt8(protocolVersion)
        writer.writeUInt8(type.rawValue)
        writer.writeVector8(group)
        return writer
    }

    /// Reads version, type and group of a control message and checks them.
    static func readHead(
        _ reader: inout ByteReader, _ type: MessageType, group: [UInt8]
    ) throws(FlushError) {
        let name: [UInt8]
        do throws(CodecError) {
            guard try reader.readUInt8() == protocolVersion, try reader.readUInt8() == type.rawValue else {
                throw .badValue
            }
            name = try reader.readVector8(limit: groupNameLimit)
        } catch {
            throw .malformed(error)
        }
        guard name == group else { throw .wrongGroup }
    }
}

/// The view identifier on the wire: counter, then hash; counter 0 with a zero hash stands for "no view yet".
extension ByteWriter {
    mutating func writeView(_ view: ViewIdentifier?) {
        writeUInt64(view?.counter ?? 0)
        writeRaw(view?.hash ?? [UInt8](repeating: 0, count: FlushWire.hashSize))
    }
}

extension ByteReader {
    mutating func readView() throws(CodecError) -> ViewIdentifier? {
        let counter = try readUInt64()
        let hash = try readRaw(FlushWire.hashSize)
        if counter > 0 { return ViewIdentifier(counter: counter, hash: hash) }
        guard hash.allSatisfy({ $0 == 0 }) else { throw .badValue }
        return nil
    }
}
