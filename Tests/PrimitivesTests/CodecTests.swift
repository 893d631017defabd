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

    @Test("of many entries the first with a key is given, and what follows them is read on")
    func entries() throws {
        var writer = ByteWriter()
        writer.writeUInt8(0xaa)
        for (key, value) in [(1, [1]), (2, []), (3, [3, 3]), (3, [4])] as [(UInt64, [UInt8])] {
            writer.writeUInt64(key)
            writer.writeVector16(value)
        }
        writer.writeUInt8(0xbb)
        // A slice that does not begin at 0.
        let bytes = writer.bytes[1...]
        for (key, value) in [(1, [1]), (2, []), (3, [3, 3]), (4, nil)] as [(UInt64, [UInt8]?)] {
            var reader = ByteReader(bytes)
            #expect(try reader.readEntry(key, among: 4).map { Array($0) } == value)
            #expect(try reader.readUInt8() == 0xbb)
            try reader.finish()
        }
        var none = ByteReader(bytes)
        #expect(try none.readEntry(1, among: 0) == nil && none.remaining == bytes.count)
        for size in 0..<bytes.count - 1 {
            var reader = ByteReader(bytes.prefix(size))
            #expect(throws: CodecError.truncated) { try reader.readEntry(9, among: 4) }
        }
    }

    @Test("what is passed over stays within what is there")
    func skipping() throws {
        for (asked, passed) in [(-1, 0), (0, 0), (2, 2), (4, 4), (5, 4)] {
            var reader = ByteReader(([9, 1, 2, 3, 4, 5] as [UInt8])[1...])
            #expect(try reader.readUInt8() == 1)
            reader.skip { (rest) in
                #expect(unsafe rest.count == 4 && rest.first == 2)
                return asked
            }
            #expect(reader.remaining == 4 - passed)
        }
    }
}
