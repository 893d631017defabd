/// Writes the canonical wire form: big-endian integers, vectors preceded by their length.
public struct ByteWriter {
    /// What was written so far.
    public private(set) var bytes: [UInt8]

    /// Starts empty, with room for `capacity` bytes.
    public init(capacity: Int = 64) {
        bytes = []
        bytes.reserveCapacity(capacity)
    }

    public mutating func writeUInt8(_ value: UInt8) { bytes.append(value) }

    public mutating func writeUInt16(_ value: UInt16) { write(value.bigEndian) }

    public mutating func writeUInt32(_ value: UInt32) { write(value.bigEndian) }

    public mutating func writeUInt64(_ value: UInt64) { write(value.bigEndian) }

    @inline(__always)
    private mutating func write<I: FixedWidthInteger & BitwiseCopyable>(_ value: I) {
        unsafe withUnsafeBytes(of: value) { (raw) in unsafe bytes.append(contentsOf: raw) }
    }

    /// Bytes as they are, for fields of fixed size.
    public mutating func writeRaw(_ value: [UInt8]) { bytes.append(copying: value) }

    /// A slice as it is.
    public mutating func writeRaw(_ value: ArraySlice<UInt8>) { bytes.append(copying: value) }

    /// Bytes after their length in one byte. The writer's own types keep such fields short; a longer one is cut short
    /// rather than written ambiguously, and its reader will refuse it.
    public mutating func writeVector8(_ value: [UInt8]) {
        let fitting = value.prefix(Int(UInt8.max))
        writeUInt8(UInt8(truncatingIfNeeded: fitting.count))
        writeRaw(fitting)
    }

    /// Bytes after their length in two bytes; see `writeVector8` for longer ones.
    public mutating func writeVector16(_ value: [UInt8]) {
        let fitting = value.prefix(Int(UInt16.max))
        writeUInt16(UInt16(truncatingIfNeeded: fitting.count))
        writeRaw(fitting)
    }

    /// Bytes after their length in four bytes; see `writeVector8` for longer ones.
    public mutating func writeVector32(_ value: [UInt8]) {
        let fitting = value.prefix(Int(UInt32.max))
        writeUInt32(UInt32(truncatingIfNeeded: fitting.count))
        writeRaw(fitting)
    }
}
