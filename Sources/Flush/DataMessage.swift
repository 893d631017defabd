internal import Primitives

/// A message of the layer above, stamped with the view it is sent in. It is not authenticated here: tokens carry
/// signatures and application messages are sealed, service and destination included.
struct DataMessage: Equatable {
    var view: ViewIdentifier
    var service: Service
    /// The member it is for; 0 for all.
    var destination: UInt64
    var payload: ArraySlice<UInt8>

    /// Whether bytes say that they are one: most are, and are read where they lie.
    static func isOne(_ bytes: ArraySlice<UInt8>) -> Bool {
        bytes.count >= 2 && bytes[bytes.startIndex] == FlushWire.protocolVersion
            && bytes[bytes.startIndex + 1] == FlushWire.MessageType.data.rawValue
    }

    func written() -> [UInt8] {
        var writer = ByteWriter(capacity: payload.count + 64)
        writer.writeUInt8(FlushWire.protocolVersion)
        writer.writeUInt8(FlushWire.MessageType.data.rawValue)
        writer.writeView(view)
        writer.writeUInt8(service.rawValue)
        writer.writeUInt64(destination)
        writer.writeRaw(payload)
        return writer.bytes
    }

    static func read(_ bytes: ArraySlice<UInt8>) throws(FlushError) -> DataMessage {
        var reader = ByteReader(bytes)
        do throws(CodecError) {
            guard try reader.readUInt8() == FlushWire.protocolVersion else { throw .badValue }
            guard try reader.readUInt8() == FlushWire.MessageType.data.rawValue else { throw .badValue }
            guard let view = try reader.readView() else { throw .badValue }
            guard let service = Service(rawValue: try reader.readUInt8()) else { throw .badValue }
            let destination = try reader.readUInt64()
            return DataMessage(view: view, service: service, destination: destination, payload: reader.readRest())
        } catch {
            throw .malformed(error)
        }
    }
}
