internal import Primitives

/// What is known of a record that was opened.
public struct OpenedRecord: Equatable, Sendable {
    /// The sender's place in its epoch's view.
    public let place: Int
    /// Its number.
    public let number: UInt64
    /// The view's counter.
    public let counter: UInt64
    /// Whether it was sealed in the current epoch.
    public let isCurrent: Bool
    /// Where its messages are in what was opened.
    public let content: OpenedContent
}

/// A record that was opened into arrays.
public struct OpenedMessages: Equatable, Sendable {
    /// Who sealed it.
    public let sender: EpochMember
    public let record: OpenedRecord
    /// The host's headers when they were inside.
    public let headers: [UInt8]
    /// 1 to 64.
    public let messages: [[UInt8]]
}

extension MessageProtection {
    /// Bytes that opening a record needs room for; 0 for what is none.
    public static func openedSize(_ record: Int) -> Int { max(record - RecordHeader.overhead, 0) }

    /// Verifies and opens a record. Whatever is wrong with it, nothing changes but the counters, and nothing is left in
    /// `target`.
    ///
    /// - Parameters:
    ///   - headers: what came beside the record; not looked at when its own are inside.
    ///   - target: room for `openedSize` bytes, not where the record is.
    ///   - now: in milliseconds, by the clock of `install`.
    /// - Throws: `.malformed`, `.unsupportedVersion`, `.unknownEpoch`, `.unknownSender`, `.badSeal`, `.badSignature`,
    ///   `.replayed`; `.badArgument` without room, `.primitives`.
    @unsafe
    public mutating func open(
        _ record: UnsafeBufferPointer<UInt8>, headers: UnsafeBufferPointer<UInt8>,
        into target: UnsafeMutableBufferPointer<UInt8>, now: UInt64
    ) throws(EncryptError) -> OpenedRecord {
        do throws(EncryptError) {
            let opened = unsafe try openVerified(record, headers: headers, into: target, now: now)
            counters.openedRecords &+= 1
            counters.openedMessages &+= UInt64(opened.content.count)
            if !opened.isCurrent { counters.openedEarlier &+= 1 }
            return opened
        } catch {
            counters.refused(error)
            throw error
        }
    }

    /// The epoch that a record says it is of: for those who keep records of epochs that are still to come.
    public static func epochIdentifier(of record: [UInt8]) throws(EncryptError) -> [UInt8] {
        var failure: EncryptError? = nil
        unsafe record.withUnsafeBytes { (bytes) in
            do throws(EncryptError) { _ = unsafe try RecordHeader(reading: bytes) } catch { failure = error }
        }
        if let failure { throw failure }
        return [UInt8](copying: record[3..<19])
    }

    @unsafe
    private mutating func openVerified(
        _ record: UnsafeBufferPointer<UInt8>, headers: UnsafeBufferPointer<UInt8>,
        into target: UnsafeMutableBufferPointer<UInt8>, now: UInt64
    ) throws(EncryptError) -> OpenedRecord {
        let header = unsafe try RecordHeader(reading: UnsafeRawBufferPointer(record))
        let epoch = try epoch(header.epoch, now: now)
        let isSigned = header.flags.contains(.signed)
        guard isSigned == (epoch.parameters.authenticity == .signatures) else { throw .malformed }
        let sender = try epoch.sender(at: Int(header.place))
        guard isMember(sender, at: Int(header.place), of: epoch) || isBroken(.encryptLeaversSpeakOn) else {
            throw .unknownSender
        }
        guard sender.window.accepts(header.number) || isBroken(.encryptReplayIsAccepted) else { throw .replayed }

        let isWhole = header.flags.contains(.wholeMessage)
        let isBare = isWhole || isBroken(.encryptHeadersAreNotAuthenticated)
        let beside = unsafe isBare ? UnsafeBufferPointer(start: nil, count: 0) : headers
        let size = record.count - header.overhead
        guard target.count >= size else { throw .badArgument }
        let sealed = unsafe UnsafeBufferPointer(rebasing: record[RecordHeader.size..<RecordHeader.overhead + size])
        do throws(PrimitivesError) {
            let head = unsafe UnsafeBufferPointer(rebasing: record[..<RecordHeader.size])
            unsafe try sender.cipher.open(
                sealed, nonce: header.number, header: head, furtherHeader: beside, to: target.baseAddress)
        } catch {
            guard size == 0, isBroken(.encryptEmptyRecordsAreNotVerified) else {
                throw error == .notAuthentic ? .badSeal : .primitives(error)
            }
        }
        do throws(EncryptError) {
            let isChecked = isSigned && !isBroken(.encryptRecordSignaturesAreNotVerified)
            if isChecked { unsafe try verify(record, beside, epoch, Int(header.place), of: sender) }
            let opened = unsafe UnsafeRawBufferPointer(start: target.baseAddress, count: size)
            let content = unsafe try OpenedContent(reading: opened, header.flags)
            sender.window.note(header.number)
            return OpenedRecord(
                place: Int(header.place), number: header.number, counter: epoch.counter,
                isCurrent: epoch === current, content: content)
        } catch {
            // The caller's memory: these stores are seen, and stay.
            unsafe target.baseAddress?.update(repeating: 0, count: size)
            throw error
        }
    }

    @unsafe
    private mutating func verify(
        _ record: UnsafeBufferPointer<UInt8>, _ beside: UnsafeBufferPointer<UInt8>, _ epoch: Epoch, _ place: Int,
        of sender: Epoch.Sender
    ) throws(EncryptError) {
        let size = record.count - Identity.signatureSize
        unsafe gatherSigned(
            epoch, UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(record)[..<size]),
            UnsafeRawBufferPointer(beside))
        let signature = unsafe [UInt8](
            copying: UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(record)[size...]))
        let key = epoch.members[place].publicKey
        guard sender.verification.verify(publicKey: key, signature: signature, message: signed) else {
            throw .badSignature
        }
    }

    /// Whether the sender of a record is in the current view as well, by the same introduction.
    private func isMember(_ sender: Epoch.Sender, at place: Int, of epoch: Epoch) -> Bool {
        guard let current, epoch !== current else { return true }
        if let standing = sender.standing, standing.counter == current.counter { return standing.isMember }
        let digest = epoch.members[place].introductionDigest
        let isMember = current.members.indices.contains { current.members[$0].introductionDigest == digest }
        sender.standing = (current.counter, isMember)
        return isMember
    }

    /// The same for arrays.
    public mutating func open(
        _ record: [UInt8], headers: [UInt8] = [], now: UInt64
    ) throws(EncryptError) -> OpenedMessages {
        var failure: EncryptError? = nil
        var opened: OpenedRecord? = nil
        let room = Self.openedSize(record.count)
        let content = unsafe [UInt8](unsafeUninitializedCapacity: max(room, 1)) { (buffer, initialized) in
            do throws(EncryptError) {
                let result = unsafe try record.withUnsafeBufferPointer { (record) throws(EncryptError) in
                    unsafe try headers.withUnsafeBufferPointer { (headers) throws(EncryptError) in
                        unsafe try open(record, headers: headers, into: buffer, now: now)
                    }
                }
                initialized = result.content.end
                opened = result
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        guard let opened, let epoch = knownEpoch(opened.counter) else { throw .unknownEpoch }
        var messages: [[UInt8]] = []
        unsafe content.withUnsafeBytes { (bytes) in
            var previous: Range<Int>? = nil
            for index in 0..<opened.content.count {
                let range = unsafe opened.content.message(at: index, after: previous, in: bytes)
                unsafe messages.append([UInt8](copying: UnsafeRawBufferPointer(rebasing: bytes[range])))
                previous = range
            }
        }
        return OpenedMessages(
            sender: epoch.members[opened.place], record: opened, headers: Array(content[opened.content.headers]),
            messages: messages)
    }

    /// The member at a place of an epoch that is still known.
    func member(at place: Int, counter: UInt64) -> EpochMember? {
        guard let epoch = knownEpoch(counter), epoch.members.indices.contains(place) else { return nil }
        return epoch.members[place]
    }

    private func knownEpoch(_ counter: UInt64) -> Epoch? {
        current?.counter == counter ? current : earlier.first { $0.epoch.counter == counter }?.epoch
    }
}
