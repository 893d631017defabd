internal import Primitives

/// flush_ok_msg: its sender will send nothing more in its view, and says whom it accepts (decision 13).
struct FlushAcknowledgement: Equatable {
    /// A connection whose hello the sender has seen, verified and found in its trust store.
    struct Accepted: Equatable {
        var connection: UInt64
        /// SHA-256 of that hello.
        var hello: [UInt8]
    }

    var configuration: UInt64
    var sender: UInt64
    /// The VS view that this ends for its sender; nil for a newcomer.
    var view: ViewIdentifier?
    /// The VS view with which the sender installed a secure view last; nil before the first. Two members that moved
    /// together, of whom one never got the key list, have delivered different views to their applications: they part
    /// here.
    var secureView: ViewIdentifier?
    /// The highest view counter the sender knows of.
    var highestCounter: UInt64
    /// How many hellos of the configuration were delivered to the sender. Who has not heard all cannot say whom it
    /// accepts of them: only acknowledgements that have heard the same make a view.
    var heard: UInt16
    /// In order of connection, the sender itself included.
    var accepted: AcceptedList

    func unauthenticated(group: [UInt8]) -> ByteWriter {
        var writer = FlushWire.begin(.acknowledgement, group: group, room: 256 + accepted.bytes.count)
        writer.writeUInt64(configuration)
        writer.writeUInt64(sender)
        writer.writeView(view)
        writer.writeView(secureView)
        writer.writeUInt64(highestCounter)
        writer.writeUInt16(heard)
        accepted.write(&writer)
        return writer
    }

    static func read(
        _ bytes: [UInt8], group: [UInt8]
    ) throws(FlushError) -> (FlushAcknowledgement, Authenticator) {
        var reader = ByteReader(bytes)
        try FlushWire.readHead(&reader, .acknowledgement, group: group)
        do throws(CodecError) {
            let message = FlushAcknowledgement(
                configuration: try reader.readUInt64(), sender: try reader.readUInt64(),
                view: try reader.readView(), secureView: try reader.readView(), highestCounter: try reader.readUInt64(),
                heard: try reader.readUInt16(), accepted: try AcceptedList(reading: &reader))
            // The next counter must exist: nobody gets a group to the end of 64 bits by counting.
            guard message.highestCounter < UInt64.max >> 1 else { throw .badValue }
            let authenticator = try Authenticator.read(&reader)
            try reader.finish()
            return (message, authenticator)
        } catch {
            throw .malformed(error)
        }
    }
}
