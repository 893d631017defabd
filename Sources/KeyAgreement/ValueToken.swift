internal import Primitives

/// The body of a token of one value of a run: of partial and final token of GDH, and of the controller's value in CKD.
///
///     previous 32 · value (as many bytes as an element has)
struct ValueToken: Equatable {
    /// The binding of the run that the base members continue from; zero when the run is from scratch.
    var previous: [UInt8]
    var value: [UInt8]

    var body: [UInt8] {
        var writer = ByteWriter(capacity: previous.count + value.count)
        writer.writeRaw(previous)
        writer.writeRaw(value)
        return writer.bytes
    }

    init(previous: [UInt8], value: [UInt8]) {
        self.previous = previous
        self.value = value
    }

    init(reading body: [UInt8], elementSize: Int) throws(AgreementError) {
        do throws(CodecError) {
            var reader = ByteReader(body)
            previous = try reader.readRaw(32)
            value = try reader.readRaw(elementSize)
            try reader.finish()
        } catch {
            throw .malformed
        }
    }
}
