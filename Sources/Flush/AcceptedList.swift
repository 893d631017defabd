internal import Primitives

/// Whom an acknowledgement accepts, as it stands on the wire: in strictly ascending order of connection, each with the
/// hash of its hello. It shares the bytes of the message it came in, which in a large group is most of it.
struct AcceptedList: Equatable {
    private static let entrySize = 8 + FlushWire.hashSize

    private(set) var bytes: ArraySlice<UInt8> = []

    init() {}

    /// Entries in ascending order of connection.
    init(_ entries: [FlushAcknowledgement.Accepted]) {
        var writer = ByteWriter(capacity: entries.count * Self.entrySize)
        for entry in entries {
            writer.writeUInt64(entry.connection)
            writer.writeRaw(entry.hello)
        }
        bytes = writer.bytes[...]
    }

    /// Reads the entries after their count. Only strictly ascending connections are accepted, so that there is one
    /// spelling.
    init(reading reader: inout ByteReader) throws(CodecError) {
        let count = Int(try reader.readUInt16())
        guard count <= FlushWire.memberLimit else { throw .badValue }
        bytes = try reader.readSlice(count * Self.entrySize)
        var previous: UInt64? = nil
        for index in 0..<count {
            let connection = connection(at: index)
            if let previous, previous >= connection { throw .badValue }
            previous = connection
        }
    }

    var count: Int { bytes.count / Self.entrySize }

    func connection(at index: Int) -> UInt64 {
        var number: UInt64 = 0
        let start = bytes.startIndex + index * Self.entrySize
        for offset in start..<start + 8 { number = number << 8 | UInt64(bytes[offset]) }
        return number
    }

    /// The bytes are compared a word at a time: in a large group a list has thousands.
    static func == (first: AcceptedList, second: AcceptedList) -> Bool {
        guard first.bytes.count == second.bytes.count else { return false }
        return unsafe first.bytes.withUnsafeBytes { (one) in
            unsafe second.bytes.withUnsafeBytes { (other) in
                for offset in stride(from: 0, to: one.count, by: 8) {
                    let word = unsafe one.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
                    let others = unsafe other.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
                    if word != others { return false }
                }
                return true
            }
        }
    }

    /// Whether an entry names this hash of a hello.
    func names(_ hello: [UInt8], at index: Int) -> Bool {
        let start = bytes.startIndex + index * Self.entrySize + 8
        guard hello.count == FlushWire.hashSize else { return false }
        for offset in 0..<FlushWire.hashSize where bytes[start + offset] != hello[offset] { return false }
        return true
    }

    func write(_ writer: inout ByteWriter) {
        writer.writeUInt16(UInt16(truncatingIfNeeded: count))
        writer.writeRaw(bytes)
    }
}

/// What an acknowledgement's list means in the configuration it was made in: places of those who introduced themselves.
struct Acceptance: Equatable {
    /// Connections named with the hello that was delivered here.
    var accepted = PlaceSet()
    /// All connections named that introduced themselves, also with another hello.
    var named = PlaceSet()
    /// Connections named that introduced themselves to nobody here.
    var unheard: [UInt64] = []
}
