internal import Primitives

/// The key tree of the base, for those who come: its shape and all blinded keys that are still valid, without the new
/// members' leaves. Those who are in the base have it, and do not look into this token.
///
///     previous 32 · count u16 · count × node, children before their parents and left before right
///     node: 0 (leaf) or 1 (inner), with 2 added when there is a blinded key, u8 · place u16 of a leaf · blinded key
struct KeyTreeToken: Equatable {
    struct Node: Equatable {
        /// A leaf's member's place in the run; nil for an inner node.
        var place: Int?
        /// As many bytes as an element has; nil where it is missing, and of the root.
        var blinded: [UInt8]?
    }

    /// The binding of the run that the base members continue from.
    var previous: [UInt8]
    var nodes: [Node]

    var body: [UInt8] {
        var writer = ByteWriter(capacity: 64 + nodes.count * (4 + (nodes.first?.blinded?.count ?? 0)))
        writer.writeRaw(previous)
        writer.writeUInt16(UInt16(truncatingIfNeeded: nodes.count))
        for node in nodes {
            writer.writeUInt8((node.place == nil ? 1 : 0) | (node.blinded == nil ? 0 : 2))
            if let place = node.place { writer.writeUInt16(UInt16(truncatingIfNeeded: place)) }
            if let blinded = node.blinded { writer.writeRaw(blinded) }
        }
        return writer.bytes
    }

    init(previous: [UInt8], nodes: [Node]) {
        self.previous = previous
        self.nodes = nodes
    }

    init(reading body: [UInt8], elementSize: Int) throws(AgreementError) {
        do throws(CodecError) {
            var reader = ByteReader(body)
            previous = try reader.readRaw(32)
            let count = Int(try reader.readUInt16())
            guard count < 2 * AgreementRun.memberLimit else { throw .badValue }
            nodes = []
            nodes.reserveCapacity(count)
            for _ in 0..<count {
                let form = try reader.readUInt8()
                guard form < 4 else { throw .badValue }
                nodes.append(
                    Node(
                        place: form & 1 == 0 ? Int(try reader.readUInt16()) : nil,
                        blinded: form & 2 == 2 ? try reader.readRaw(elementSize) : nil))
            }
            try reader.finish()
        } catch {
            throw .malformed
        }
    }
}
