public import Flush
public import Primitives

/// What an authentic record brought.
public struct OpenedRecord: Equatable, Sendable {
    /// How many records of the sender to this audience should have come before it and did not; each gap is told once.
    public var missing: UInt64
    /// Whether a message is lost: its fragments have a gap or contradict each other.
    public var isMessageBroken: Bool
    /// Whether a message begins for which there is no memory: it is lost, and this is told once.
    public var isMessageDropped = false
    /// The message that the record completes.
    public var message: [UInt8]?
    /// The service that its sender asked for.
    public var service: Service
}

/// Opens the records of the other members (and one's own) in one secure view. A record that is refused changes nothing.
public final class Opener {
    /// The records of one sender to one audience.
    private final class Stream {
        let cipher: AuthenticatedCipher
        /// Of the last authentic record.
        var sequence: UInt64 = 0
        var reassembly: Reassembly? = nil

        init(cipher: AuthenticatedCipher) { self.cipher = cipher }
    }

    private struct Sender {
        let id: UInt64
        var toAll: Stream? = nil
        var toMe: Stream? = nil
    }

    private let keys: KeySchedule
    private let tags: RecordTags
    private let me: UInt64
    /// In ascending order of ids.
    private var senders: [Sender]
    private let hasRoom: (_ size: Int) -> Bool

    /// - Parameters:
    ///   - me: the id of this member.
    ///   - members: the ids of all members of the view.
    ///   - hasRoom: tells whether so many bytes of memory could be had; asked before a message of several fragments.
    public init(
        keys: KeySchedule, me: UInt64, members: [UInt64], hasRoom: @escaping (_ size: Int) -> Bool = Memory.hasRoom
    ) {
        self.keys = keys
        self.hasRoom = hasRoom
        tags = keys.binding.tags
        self.me = me
        senders = members.sorted().map { Sender(id: $0) }
    }

    /// Verifies a record, decrypts it, and puts fragments together.
    ///
    /// Throws `.malformed`, `.unknownSender`, `.wrongGroup`, `.wrongView`, `.wrongDestination`, `.wrongService`,
    /// `.replayed`, `.badSeal` or `.primitives`; then nothing has changed.
    ///
    /// - Parameters:
    ///   - record: the payload as Flush delivered it, with the byte of its kind.
    ///   - id: the member whom Flush names as the sender.
    ///   - service: the service with which Flush delivered it.
    ///   - isPrivate: whether it came to this member alone.
    public func open(
        _ record: [UInt8], from id: UInt64, service: Service, isPrivate: Bool
    ) throws(SecureGroupError) -> OpenedRecord {
        try open(record[...], from: id, service: service, isPrivate: isPrivate)
    }

    /// The same, for a record that lies among other bytes.
    public func open(
        _ record: ArraySlice<UInt8>, from id: UInt64, service: Service, isPrivate: Bool
    ) throws(SecureGroupError) -> OpenedRecord {
        let header = try SealedHeader(reading: record.span)
        guard header.tags.group == tags.group else { throw .wrongGroup }
        guard header.tags.view == tags.view else { throw .wrongView }
        guard (header.destination ?? me) == me, (header.destination != nil) == isPrivate else {
            throw .wrongDestination
        }
        guard header.carryingService == service || isBroken(.serviceIsNotChecked) else { throw .wrongService }
        let stream = try stream(of: id, isPrivate: isPrivate)
        guard header.sequence > stream.sequence || isBroken(.replayIsAccepted) else { throw .replayed }
        return try open(record, header, stream)
    }

    /// The record is this view's and new: what is left is the seal.
    private func open(
        _ record: ArraySlice<UInt8>, _ header: SealedHeader, _ stream: Stream
    ) throws(SecureGroupError) -> OpenedRecord {
        let missing = isBroken(.replayIsAccepted) ? 0 : header.sequence - stream.sequence - 1
        var opened = OpenedRecord(missing: missing, isMessageBroken: false, message: nil, service: header.service)
        let cipher = stream.cipher
        if missing == 0, stream.reassembly?.expects(header) == true {
            try stream.reassembly?.append { (message) throws(SecureGroupError) in
                try Self.decrypt(record, header, cipher, appendingTo: &message)
            }
            stream.sequence = header.sequence
            if stream.reassembly?.isComplete == true {
                opened.message = stream.reassembly?.message
                stream.reassembly = nil
            }
            return opened
        }
        let room = roomForMessage(header)
        let plaintext = try Self.decrypt(record, header, cipher, room: room ?? 0)
        stream.sequence = header.sequence
        opened.isMessageBroken = stream.reassembly != nil || header.fragmentIndex > 0
        stream.reassembly = nil
        if header.fragmentCount == 1 {
            opened.message = plaintext
        } else if header.fragmentIndex == 0 {
            opened.isMessageDropped = room == nil
            stream.reassembly = Reassembly(header, room == nil ? nil : plaintext)
        }
        return opened
    }

    /// Bytes that the fragments of the message can hold whose first one this is: it is put where the others will
    /// follow. 0 when there are no others; nil when so much memory is not to be had.
    private func roomForMessage(_ header: SealedHeader) -> Int? {
        guard header.fragmentIndex == 0, header.fragmentCount > 1 else { return 0 }
        // Within the limit of a message; what is never filled is never touched either.
        let size = Int(header.fragmentCount) * Fragmentation.fragmentSize
        return hasRoom(size) ? size : nil
    }

    /// Decrypts into a buffer of the plaintext's size, or of `room` bytes where that is more.
    private static func decrypt(
        _ record: ArraySlice<UInt8>, _ header: SealedHeader, _ cipher: AuthenticatedCipher, room: Int
    ) throws(SecureGroupError) -> [UInt8] {
        var failure: SecureGroupError? = nil
        let size = record.count - SealedHeader.overhead
        let plaintext = unsafe [UInt8](unsafeUninitializedCapacity: max(size, room)) { (buffer, initialized) in
            let target = buffer.baseAddress
            failure = unsafe decrypt(record, header, cipher, to: target)
            initialized = failure == nil ? size : 0
        }
        if let failure { throw failure }
        return plaintext
    }

    /// Decrypts behind the bytes that `message` has; on failure it is unchanged.
    private static func decrypt(
        _ record: ArraySlice<UInt8>, _ header: SealedHeader, _ cipher: AuthenticatedCipher,
        appendingTo message: inout [UInt8]
    ) throws(SecureGroupError) {
        let size = record.count - SealedHeader.overhead
        let before = message.count
        // Any bytes make room: these are there, and copied in one piece.
        message.append(copying: record.prefix(size))
        let failure = unsafe message.withUnsafeMutableBufferPointer { (buffer) in
            unsafe decrypt(record, header, cipher, to: buffer.baseAddress.map { unsafe $0 + before })
        }
        guard let failure else { return }
        message.removeLast(size)
        throw failure
    }

    @unsafe
    private static func decrypt(
        _ record: ArraySlice<UInt8>, _ header: SealedHeader, _ cipher: AuthenticatedCipher,
        to target: UnsafeMutablePointer<UInt8>?
    ) -> SecureGroupError? {
        unsafe record.withUnsafeBufferPointer { (bytes) in
            do throws(PrimitivesError) {
                unsafe try cipher.open(
                    UnsafeBufferPointer(rebasing: bytes[SealedHeader.size...]), nonce: header.sequence,
                    header: UnsafeBufferPointer(rebasing: bytes[..<SealedHeader.size]), to: target)
                return nil
            } catch {
                return error == .notAuthentic ? .badSeal : .primitives(error)
            }
        }
    }

    /// The stream of a sender; its key is derived when it is first needed.
    private func stream(of id: UInt64, isPrivate: Bool) throws(SecureGroupError) -> Stream {
        guard let index = index(of: id) else { throw .unknownSender }
        if let stream = isPrivate ? senders[index].toMe : senders[index].toAll { return stream }
        let cipher = try keys.cipher(sender: id, destination: isPrivate ? me : nil, sealing: false)
        let stream = Stream(cipher: cipher)
        if isPrivate { senders[index].toMe = stream } else { senders[index].toAll = stream }
        return stream
    }

    private func index(of id: UInt64) -> Int? {
        var low = 0
        var high = senders.count
        while low < high {
            let middle = low + (high - low) / 2
            if senders[middle].id < id { low = middle + 1 } else { high = middle }
        }
        return low < senders.count && senders[low].id == id ? low : nil
    }
}
