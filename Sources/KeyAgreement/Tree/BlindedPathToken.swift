internal import Primitives

/// The blinded keys that one member had to compute, from the lowest node to the highest: a path of the tree, never the
/// whole. Which nodes they are for follows from the tree.
///
///     previous 32 · count u16 · count × blinded key
struct BlindedPathToken: Equatable {
    /// The binding of the run that the base members continue from; zero when the run is from scratch.
    var previous: [UInt8]
    /// Each of as many bytes as an element has.
    var blinded: [[UInt8]]

    var body: [UInt8] {
        var writer = ByteWriter(capacity: 64 + blinded.count * (blinded.first?.count ?? 0))
        writer.writeRaw(previous)
        writer.writeUInt16(UInt16(truncatingIfNeeded: blinded.count))
        for key in blinded { writer.writeRaw(key) }
        return writer.bytes
    }

    init(previous: [UInt8], blinded: [[UInt8]]) {
        self.previous = previous
        self.blinded = blinded
    }

    init(reading body: [UInt8], elementSize: Int) throws(AgreementError) {
        do throws(CodecError) {
            var reader = ByteReader(body)
            previous = try reader.readRaw(32)
            let count = Int(try reader.readUInt16())
            guard count <= AgreementRun.memberLimit else { throw .badValue }
            blinded = []
            for _ in 0..<count { blinded.append(try reader.readRaw(elementSize)) }
            try reader.finish()
        } catch {
            throw .malformed
        }
    }
}
