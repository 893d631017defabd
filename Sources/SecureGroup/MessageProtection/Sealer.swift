public import Flush
internal import Primitives

/// One sealed record, ready for Flush.
public struct SealedRecord: Equatable, Sendable {
    /// The bytes.
    public let payload: [UInt8]
    /// The service with which Flush carries it.
    public let service: Service
}

/// Seals the messages of one member in one secure view.
public final class Sealer {
    /// The records to one audience: a key and a sequence of their own, so that every receiver sees each gap.
    private final class Stream {
        let destination: UInt64
        let cipher: AuthenticatedCipher
        /// Of the last record that was sealed.
        var sequence: UInt64 = 0

        init(destination: UInt64, cipher: AuthenticatedCipher) {
            self.destination = destination
            self.cipher = cipher
        }
    }

    private let keys: KeySchedule
    private let tags: RecordTags
    private let sender: UInt64
    private var toAll: Stream? = nil
    private var toOne: [Stream] = []

    /// - Parameter sender: the id of this member.
    public init(keys: KeySchedule, sender: UInt64) {
        self.keys = keys
        tags = keys.binding.tags
        self.sender = sender
    }

    /// Cuts a message into fragments and seals each. Throws `.messageTooLong`, `.sequenceExhausted` and
    /// `.primitives`; then no sequence number is used.
    ///
    /// - Parameter destination: the id of the one receiver (not 0), or nil for the whole view.
    public func seal(
        _ message: [UInt8], service: Service, to destination: UInt64? = nil
    ) throws(SecureGroupError) -> [SealedRecord] {
        let count = try Fragmentation.count(of: message.count)
        let stream = try stream(to: destination)
        let first = stream.sequence
        // The last number stays unused, so that "one more" never overflows.
        guard first < UInt64.max - UInt64(count) else { throw .sequenceExhausted }
        var records: [SealedRecord] = []
        records.reserveCapacity(count)
        for fragment in 0..<count {
            let header = SealedHeader(
                service: service, destination: destination, fragmentIndex: UInt16(truncatingIfNeeded: fragment),
                fragmentCount: UInt16(truncatingIfNeeded: count), tags: tags,
                sequence: first + UInt64(fragment) + 1)
            let range = Fragmentation.range(of: fragment, size: message.count)
            let payload = try sealRecord(message, range, header, stream.cipher)
            // Counted at once: a nonce that was used is never used again, even when a later fragment fails.
            if !isBroken(.sequenceIsNotAdvanced) { stream.sequence = header.sequence }
            records.append(SealedRecord(payload: payload, service: header.carryingService))
        }
        return records
    }

    /// Writes head, ciphertext and tag into one buffer of exactly their size.
    private func sealRecord(
        _ message: [UInt8], _ range: Range<Int>, _ header: SealedHeader, _ cipher: AuthenticatedCipher
    ) throws(SecureGroupError) -> [UInt8] {
        var failure: PrimitivesError? = nil
        let size = SealedHeader.overhead + range.count
        let record = unsafe [UInt8](unsafeUninitializedCapacity: size) { (buffer, initialized) in
            guard let start = buffer.baseAddress else { return }
            unsafe header.write(to: UnsafeMutableRawPointer(start))
            unsafe message.withUnsafeBufferPointer { (plaintext) in
                do throws(PrimitivesError) {
                    unsafe try cipher.seal(
                        UnsafeBufferPointer(rebasing: plaintext[range]), nonce: header.sequence,
                        header: UnsafeBufferPointer(start: start, count: SealedHeader.size),
                        to: start + SealedHeader.size)
                    initialized = size
                } catch {
                    failure = error
                }
            }
        }
        if let failure { throw .primitives(failure) }
        return record
    }

    private func stream(to destination: UInt64?) throws(SecureGroupError) -> Stream {
        if let destination {
            if let stream = toOne.first(where: { $0.destination == destination }) { return stream }
            let cipher = try keys.cipher(sender: sender, destination: destination, sealing: true)
            let stream = Stream(destination: destination, cipher: cipher)
            toOne.append(stream)
            return stream
        }
        if let toAll { return toAll }
        let stream = Stream(
            destination: 0, cipher: try keys.cipher(sender: sender, destination: nil, sealing: true))
        toAll = stream
        return stream
    }

    /// For tests of exhaustion: as if so many records had been sealed for everybody.
    func skip(to sequence: UInt64) throws(SecureGroupError) {
        let stream = try stream(to: nil)
        stream.sequence = max(stream.sequence, sequence)
    }
}
