internal import Primitives

/// The head of a sealed record, big-endian, 29 bytes; ciphertext, tag (16 bytes) and, when signed, a signature (64)
/// follow.
///
///     0   version (1)               19  sender's place in the view (2 bytes)
///     1   kind (1: sealed record)   21  number (8 bytes), from 1
///     2   flags                     29  ciphertext
///     3   epoch identifier (16)
///
/// All of it is authenticated, and the number is the nonce.
struct RecordHeader: Equatable {
    static let size = 29
    static let version: UInt8 = 1
    /// The kind of message that a sealed record is.
    static let kind: UInt8 = 1
    /// Bytes that sealing adds without a signature.
    static let overhead = size + AuthenticatedCipher.tagSize

    /// What the flags say.
    struct Flags: OptionSet {
        let rawValue: UInt8
        /// The host's headers are inside, encrypted; otherwise they travel beside the record and are authenticated.
        static let wholeMessage = Flags(rawValue: 1)
        /// A signature ends the record.
        static let signed = Flags(rawValue: 2)
        /// Two or more messages are inside.
        static let batch = Flags(rawValue: 4)
        static let all: Flags = [.wholeMessage, .signed, .batch]
    }

    let flags: Flags
    let epoch: EpochIdentifier
    let place: UInt16
    let number: UInt64

    init(flags: Flags, epoch: EpochIdentifier, place: UInt16, number: UInt64) {
        self.flags = flags
        self.epoch = epoch
        self.place = place
        self.number = number
    }

    /// Bytes of the record that are not content.
    var overhead: Int { Self.overhead + (flags.contains(.signed) ? Identity.signatureSize : 0) }

    /// Writes the head to memory with room for it.
    @unsafe
    func write(to target: UnsafeMutableRawPointer) {
        unsafe target.storeBytes(of: Self.version, as: UInt8.self)
        unsafe target.storeBytes(of: Self.kind, toByteOffset: 1, as: UInt8.self)
        unsafe target.storeBytes(of: flags.rawValue, toByteOffset: 2, as: UInt8.self)
        unsafe target.storeBytes(of: epoch.first.bigEndian, toByteOffset: 3, as: UInt64.self)
        unsafe target.storeBytes(of: epoch.second.bigEndian, toByteOffset: 11, as: UInt64.self)
        unsafe target.storeBytes(of: place.bigEndian, toByteOffset: 19, as: UInt16.self)
        unsafe target.storeBytes(of: number.bigEndian, toByteOffset: 21, as: UInt64.self)
    }

    /// Reads the head of a record and checks that the rest has room for what the flags promise. Throws `.malformed`
    /// and `.unsupportedVersion`.
    @unsafe
    init(reading record: UnsafeRawBufferPointer) throws(EncryptError) {
        guard record.count >= Self.overhead, unsafe record[1] == Self.kind else { throw .malformed }
        guard unsafe record[0] == Self.version else { throw .unsupportedVersion }
        unsafe flags = Flags(rawValue: record[2])
        let first = unsafe UInt64(bigEndian: record.loadUnaligned(fromByteOffset: 3, as: UInt64.self))
        let second = unsafe UInt64(bigEndian: record.loadUnaligned(fromByteOffset: 11, as: UInt64.self))
        epoch = EpochIdentifier(first: first, second: second)
        unsafe place = UInt16(bigEndian: record.loadUnaligned(fromByteOffset: 19, as: UInt16.self))
        unsafe number = UInt64(bigEndian: record.loadUnaligned(fromByteOffset: 21, as: UInt64.self))
        guard flags.isSubset(of: .all), number > 0, record.count >= overhead else { throw .malformed }
    }
}

/// The identifier of an epoch as two words: comparing it costs no more than that.
struct EpochIdentifier: Equatable, Sendable {
    let first: UInt64
    let second: UInt64

    init(first: UInt64, second: UInt64) {
        self.first = first
        self.second = second
    }

    /// From 16 bytes.
    init(_ bytes: [UInt8]) {
        first = bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
        second = bytes.dropFirst(8).prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }
}
