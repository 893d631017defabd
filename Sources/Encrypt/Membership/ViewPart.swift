internal import Primitives

/// One part of a pushed view. Each is signed by itself, so that nothing is gathered that the coordinator did not send.
struct ViewPart: Equatable {
    /// The bytes of one part at least, apart from the last.
    static let smallestSize = 1_000
    /// Bytes that a part has beside its share of the content.
    static let overhead = 2 + 16 + 8 + 32 + 16 + 2 + 2 + Identity.signatureSize
    /// Parts of one push at most.
    static let countLimit: UInt16 = 4_096
    /// The content of one push at most, in bytes.
    static let contentLimit = 16 << 20

    var counter: UInt64
    var coordinator: MemberDigest
    /// Tells the pushes of one view apart: each has wraps and keys of its own.
    var push: [UInt8]
    var index: UInt16
    var count: UInt16
    /// Shares the storage of the whole part when it was read.
    var chunk: ArraySlice<UInt8>

    /// The parts of one push, none longer than `size`.
    static func signed(
        _ content: [UInt8], counter: UInt64, coordinator: MemberDigest, push: [UInt8], size: Int,
        _ cluster: ClusterName, by identity: Identity
    ) throws(EncryptError) -> [[UInt8]] {
        let share = max(size, smallestSize) - overhead
        let count = max((content.count + share - 1) / share, 1)
        guard content.count <= contentLimit, count <= countLimit else { throw .tooLong }
        var parts: [[UInt8]] = []
        for index in 0..<count {
            let chunk = content[(index * share)..<min((index + 1) * share, content.count)]
            var writer = cluster.begin(.viewPart, room: chunk.count + overhead)
            writer.writeUInt64(counter)
            writer.writeDigest(coordinator)
            writer.writeRaw(push)
            writer.writeUInt16(UInt16(index))
            writer.writeUInt16(UInt16(count))
            writer.writeRaw(chunk)
            parts.append(try cluster.sign(writer, by: identity))
        }
        return parts
    }

    static func read(_ bytes: [UInt8], _ cluster: ClusterName) throws(EncryptError) -> Signed<ViewPart> {
        try cluster.readSigned(bytes, .viewPart) { (reader) throws(CodecError) in
            let part = ViewPart(
                counter: try reader.readUInt64(), coordinator: try .read(&reader),
                push: try reader.readRaw(EncryptWire.nonceSize), index: try reader.readUInt16(),
                count: try reader.readUInt16(), chunk: reader.readRest())
            let fits = part.count <= countLimit && part.index < part.count
            guard fits, (1...HeldView.counterLimit).contains(part.counter), part.chunk.count <= contentLimit else {
                throw .badValue
            }
            return part
        }
    }
}
