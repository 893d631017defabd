import Primitives
import Testing

@Suite struct CodecTests {
    @Test("what is written is read back, and nothing more")
    func roundTrip() throws {
        var writer = ByteWriter()
        writer.writeUInt8(0xfe)
        writer.writeUInt16(0x0102)
        writer.writeUInt32(0x0304_0506)
        writer.writeUInt64(0x0708_090a_0b0c_0d0e)
        writer.writeVector8([1])
        writer.writeVector16([2, 2])
        writer.writeVector32([3, 3, 3])
        #expect(writer.bytes.prefix(7) == [0xfe, 1, 2, 3, 4, 5, 6])
        for size in 0..<writer.bytes.count {
            #expect(throws: CodecError.truncated) { try Self.readAll(Array(writer.bytes.prefix(size))) }
        }
        try Self.readAll(writer.bytes)
        #expect(throws: CodecError.trailingBytes) { try Self.readAll(writer.bytes + [0]) }
    }

    private static func readAll(_ bytes: [UInt8]) throws {
        var reader = ByteReader(bytes)
        #expect(try reader.readUInt8() == 0xfe)
        #expect(try reader.readUInt16() == 0x0102)
        #expect(try reader.readUInt32() == 0x0304_0506)
        #expect(try reader.readUInt64() == 0x0708_090a_0b0c_0d0e)
        #expect(try reader.readVector8() == [1])
        #expect(try reader.readVector16() == [2, 2])
        #expect(try reader.readVector32(limit: 3) == [3, 3, 3])
        try reader.finish()
    }

    @Test("a vector over its bound is refused")
    func bound() {
        var reader = ByteReader([0, 3, 1, 2, 3])
        #expect(throws: CodecError.badValue) { try reader.readVector16(limit: 2) }
    }
}
