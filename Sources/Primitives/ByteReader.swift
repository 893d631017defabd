/// Why bytes are not a message.
public enum CodecError: Error, Equatable, Sendable {
    /// The bytes end in the middle of a field.
    case truncated
    /// Bytes follow the last field.
    case trailingBytes
    /// A field holds a value that no writer produces: an unknown number, a length over its bound, a second spelling.
    case badValue
}

/// Reads the canonical wire form; every read is bounded by the bytes that are there.
public struct ByteReader {
    private let bytes: ArraySlice<UInt8>
    private var position: Int

    /// Reads from the first byte.
    public init(_ bytes: [UInt8]) { self.init(bytes[...]) }

    /// Reads a slice from its first byte.
    public init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        position = bytes.startIndex
    }

    /// How many bytes are left.
    public var remaining: Int { bytes.endIndex - position }

    public mutating func readUInt8() throws(CodecError) -> UInt8 { try readInteger() }

    public mutating func readUInt16() throws(CodecError) -> UInt16 { try readInteger() }

    public mutating func readUInt32() throws(CodecError) -> UInt32 { try readInteger() }

    public mutating func readUInt64() throws(CodecError) -> UInt64 { try readInteger() }

    /// One bound and one load for all bytes of a number.
    @inline(__always)
    private mutating func readInteger<I: FixedWidthInteger & BitwiseCopyable>() throws(CodecError) -> I {
        let size = MemoryLayout<I>.size
        guard size <= remaining else { throw .truncated }
        let offset = position - bytes.startIndex
        position += size
        return unsafe bytes.withUnsafeBytes { (raw) in
            unsafe I(bigEndian: raw.loadUnaligned(fromByteOffset: offset, as: I.self))
        }
    }

    /// A flag: one byte that is 0 or 1.
    public mutating func readBool() throws(CodecError) -> Bool {
        switch try readUInt8() {
        case 0: return false
        case 1: return true
        default: throw .badValue
        }
    }

    /// Exactly `count` bytes.
    public mutating func readRaw(_ count: Int) throws(CodecError) -> [UInt8] {
        [UInt8](copying: try readSlice(count))
    }

    /// Exactly `count` bytes, sharing the storage that is read.
    public mutating func readSlice(_ count: Int) throws(CodecError) -> ArraySlice<UInt8> {
        guard count >= 0, count <= remaining else { throw .truncated }
        defer { position += count }
        return bytes[position..<position + count]
    }

    /// A vector with a length of one byte, at most `limit` bytes long.
    public mutating func readVector8(limit: Int = Int(UInt8.max)) throws(CodecError) -> [UInt8] {
        try readVector(Int(try readUInt8()), limit)
    }

    /// A vector with a length of two bytes, at most `limit` bytes long.
    public mutating func readVector16(limit: Int = Int(UInt16.max)) throws(CodecError) -> [UInt8] {
        try readVector(Int(try readUInt16()), limit)
    }

    /// A vector with a length of four bytes, at most `limit` bytes long.
    public mutating func readVector32(limit: Int) throws(CodecError) -> [UInt8] {
        try readVector(Int(try readUInt32()), limit)
    }

    /// Passes over entries of a number (8 bytes) and a vector with a length of two bytes each, and gives the vector of
    /// the first one whose number is `key`, sharing the storage that is read. One walk for all of them: a receiver has
    /// one among a thousand.
    public mutating func readEntry(_ key: UInt64, among count: Int) throws(CodecError) -> ArraySlice<UInt8>? {
        let head = 10
        let start = position - bytes.startIndex
        var found: Range<Int>? = nil
        let end = unsafe bytes.withUnsafeBytes { (raw) -> Int? in
            var offset = start
            for _ in 0..<count {
                guard raw.count - offset >= head else { return nil }
                let number = unsafe UInt64(bigEndian: raw.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
                let size = unsafe UInt16(bigEndian: raw.loadUnaligned(fromByteOffset: offset + 8, as: UInt16.self))
                offset += head
                guard raw.count - offset >= Int(size) else { return nil }
                if number == key, found == nil { found = offset..<offset + Int(size) }
                offset += Int(size)
            }
            return offset
        }
        guard let end else { throw .truncated }
        position = bytes.startIndex + end
        return found.map { bytes[bytes.startIndex + $0.lowerBound..<bytes.startIndex + $0.upperBound] }
    }

    /// Lends all that is left, and passes over as many bytes as `body` says, at most all.
    public mutating func skip(_ body: (UnsafeRawBufferPointer) -> Int) {
        let start = position - bytes.startIndex
        let count = unsafe bytes.withUnsafeBytes { (raw) in
            unsafe body(UnsafeRawBufferPointer(rebasing: raw[start...]))
        }
        position += min(max(count, 0), remaining)
    }

    /// All that is left.
    public mutating func readRest() -> ArraySlice<UInt8> {
        defer { position = bytes.endIndex }
        return bytes[position...]
    }

    /// Refuses bytes after the last field.
    public func finish() throws(CodecError) {
        guard remaining == 0 else { throw .trailingBytes }
    }

    private mutating func readVector(_ count: Int, _ limit: Int) throws(CodecError) -> [UInt8] {
        guard count <= limit else { throw .badValue }
        return try readRaw(count)
    }
}
