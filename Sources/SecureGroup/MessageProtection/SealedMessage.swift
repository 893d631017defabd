import Flush
import Primitives

/// The head of a sealed record, authenticated whole; ciphertext and tag (16 bytes) follow. Big-endian, 40 bytes:
///
///     0   payload kind (3)          8   group tag
///     1   version (1)               16  view tag
///     2   service                   24  destination, 0 for everybody
///     3   flags: 1 = private        32  sequence number
///     4   fragment index (2 bytes)
///     6   fragment count (2 bytes)
///
/// The sender is not in it: each sender has keys of its own. It is written and read as five words, since every message
/// pays for it.
struct SealedHeader: Equatable {
    static let size = 40
    /// Bytes that sealing adds to a fragment.
    static let overhead = size + AuthenticatedCipher.tagSize
    static let version: UInt8 = 1

    let service: Service
    /// nil for everybody.
    let destination: UInt64?
    let fragmentIndex: UInt16
    let fragmentCount: UInt16
    let tags: RecordTags
    /// From 1, one more for each record of a sender to the same audience in a view.
    let sequence: UInt64

    /// Writes the head to memory with room for it.
    @unsafe
    func write(to target: UnsafeMutableRawPointer) {
        var first = UInt64(PayloadKind.sealedRecord.rawValue) << 56 | UInt64(Self.version) << 48
        first |= UInt64(service.rawValue) << 40 | (destination == nil ? 0 : 1) << 32
        first |= UInt64(fragmentIndex) << 16 | UInt64(fragmentCount)
        unsafe target.storeBytes(of: first.bigEndian, as: UInt64.self)
        unsafe target.storeBytes(of: tags.group.bigEndian, toByteOffset: 8, as: UInt64.self)
        unsafe target.storeBytes(of: tags.view.bigEndian, toByteOffset: 16, as: UInt64.self)
        unsafe target.storeBytes(of: (destination ?? 0).bigEndian, toByteOffset: 24, as: UInt64.self)
        unsafe target.storeBytes(of: sequence.bigEndian, toByteOffset: 32, as: UInt64.self)
    }

    /// Reads the head of a record and checks that its size fits; throws `.malformed`.
    init(reading record: borrowing Span<UInt8>) throws(SecureGroupError) {
        guard record.count >= Self.overhead else { throw .malformed }
        let bytes = unsafe record.bytes
        let first = unsafe UInt64(bigEndian: bytes.unsafeLoadUnaligned(fromByteOffset: 0, as: UInt64.self))
        let group = unsafe UInt64(bigEndian: bytes.unsafeLoadUnaligned(fromByteOffset: 8, as: UInt64.self))
        let view = unsafe UInt64(bigEndian: bytes.unsafeLoadUnaligned(fromByteOffset: 16, as: UInt64.self))
        let address = unsafe UInt64(bigEndian: bytes.unsafeLoadUnaligned(fromByteOffset: 24, as: UInt64.self))
        sequence = unsafe UInt64(bigEndian: bytes.unsafeLoadUnaligned(fromByteOffset: 32, as: UInt64.self))
        tags = RecordTags(group: group, view: view)
        fragmentIndex = UInt16(truncatingIfNeeded: first >> 16)
        fragmentCount = UInt16(truncatingIfNeeded: first)
        let flags = UInt8(truncatingIfNeeded: first >> 32)
        guard UInt8(truncatingIfNeeded: first >> 56) == PayloadKind.sealedRecord.rawValue,
            UInt8(truncatingIfNeeded: first >> 48) == Self.version,
            let service = Service(rawValue: UInt8(truncatingIfNeeded: first >> 40)),
            flags <= 1, (flags == 1) == (address != 0), sequence > 0,
            Fragmentation.isCanonical(
                index: Int(fragmentIndex), count: Int(fragmentCount), size: record.count - Self.overhead)
        else { throw .malformed }
        self.service = service
        destination = flags == 1 ? address : nil
    }

    init(
        service: Service, destination: UInt64?, fragmentIndex: UInt16, fragmentCount: UInt16, tags: RecordTags,
        sequence: UInt64
    ) {
        self.service = service
        self.destination = destination
        self.fragmentIndex = fragmentIndex
        self.fragmentCount = fragmentCount
        self.tags = tags
        self.sequence = sequence
    }

    var isLastFragment: Bool { fragmentIndex == fragmentCount - 1 }

    /// The service with which the Flush layer carries the record. Only the last fragment of a safe message waits until
    /// it is stable; it comes after the others, so that the message as a whole is safe.
    var carryingService: Service {
        isLastFragment && !isBroken(.safeTravelsAsAgreed) ? service : min(service, .agreed)
    }
}

/// What the first byte of a payload that Flush carries says.
enum PayloadKind: UInt8 {
    case agreementToken = 1
    case restartRequest = 2
    case sealedRecord = 3
}
