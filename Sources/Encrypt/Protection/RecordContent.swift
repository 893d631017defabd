/// What is inside a record: one message as it is, or, as the record's flags say, with more before it.
///
///     whole message:  length of the host's headers (4 bytes), headers
///     batch:          number of messages (1 byte, 2 to 64), their lengths (4 bytes each)
///     then the messages, one behind the other
enum RecordContent {
    /// The most messages of one record.
    static let batchLimit = 64

    /// Bytes of the content; nil when it is over the limit.
    @unsafe
    static func size(
        _ messages: UnsafeBufferPointer<UnsafeBufferPointer<UInt8>>, headers: Int, _ flags: RecordHeader.Flags
    ) -> Int? {
        var size = framing(messages.count, flags)
        if flags.contains(.wholeMessage) { size += min(headers, MessageProtection.contentLimit) }
        for index in messages.indices {
            guard size <= MessageProtection.contentLimit else { return nil }
            unsafe size += min(messages[index].count, MessageProtection.contentLimit + 1)
        }
        let fits = size <= MessageProtection.contentLimit && headers <= MessageProtection.contentLimit
        return fits ? size : nil
    }

    /// Bytes before the headers and the messages.
    private static func framing(_ count: Int, _ flags: RecordHeader.Flags) -> Int {
        (flags.contains(.wholeMessage) ? 4 : 0) + (flags.contains(.batch) ? 1 + 4 * count : 0)
    }

    /// Writes the content to memory with room for it.
    @unsafe
    static func write(
        _ messages: UnsafeBufferPointer<UnsafeBufferPointer<UInt8>>, headers: UnsafeBufferPointer<UInt8>,
        _ flags: RecordHeader.Flags, to target: UnsafeMutableRawPointer
    ) {
        var position = unsafe target
        func write(_ number: Int) {
            unsafe position.storeBytes(of: UInt32(truncatingIfNeeded: number).bigEndian, as: UInt32.self)
            unsafe position += 4
        }
        func write(_ bytes: UnsafeBufferPointer<UInt8>) {
            guard let source = bytes.baseAddress else { return }
            unsafe position.copyMemory(from: source, byteCount: bytes.count)
            unsafe position += bytes.count
        }
        if flags.contains(.wholeMessage) {
            write(headers.count)
            unsafe write(headers)
        }
        if flags.contains(.batch) {
            unsafe position.storeBytes(of: UInt8(truncatingIfNeeded: messages.count), as: UInt8.self)
            unsafe position += 1
            for index in messages.indices { unsafe write(messages[index].count) }
        }
        for index in messages.indices { unsafe write(messages[index]) }
    }
}

/// Where headers and messages are in the content of a record that was opened.
public struct OpenedContent: Equatable, Sendable {
    /// The host's headers; empty when they travelled beside the record.
    public let headers: Range<Int>
    /// How many messages there are, 1 to 64.
    public let count: Int
    /// The end of the last message.
    let end: Int
    /// Where the lengths of a batch are; nil for one message.
    private let lengths: Int?
    private let firstMessage: Int

    /// Finds them. Throws `.malformed` when the lengths do not fill the content exactly.
    @unsafe
    init(reading content: UnsafeRawBufferPointer, _ flags: RecordHeader.Flags) throws(EncryptError) {
        var position = 0
        end = content.count
        if flags.contains(.wholeMessage) {
            guard content.count >= 4 else { throw .malformed }
            let size = unsafe Self.length(in: content, at: 0)
            guard size <= content.count - 4 else { throw .malformed }
            headers = 4..<4 + size
            position = 4 + size
        } else {
            headers = 0..<0
        }
        guard flags.contains(.batch) else {
            count = 1
            lengths = nil
            firstMessage = position
            return
        }
        guard position < content.count else { throw .malformed }
        count = unsafe Int(content[position])
        position += 1
        guard (2...RecordContent.batchLimit).contains(count), content.count - position >= 4 * count else {
            throw .malformed
        }
        lengths = position
        firstMessage = position + 4 * count
        // Lengths have 32 bits, and there are at most 64: their sum fits.
        var size = firstMessage
        for index in 0..<count { unsafe size += Self.length(in: content, at: position + 4 * index) }
        guard size == content.count else { throw .malformed }
    }

    /// Where the next message is.
    ///
    /// - Parameters:
    ///   - previous: the one before; nil for the first.
    ///   - index: from 0, below `count`.
    ///   - content: what was opened.
    @unsafe
    public func message(at index: Int, after previous: Range<Int>?, in content: UnsafeRawBufferPointer) -> Range<Int> {
        let start = previous?.upperBound ?? firstMessage
        guard let lengths else { return start..<end }
        let size = unsafe Self.length(in: content, at: lengths + 4 * index)
        return start..<min(start + size, end)
    }

    @unsafe
    private static func length(in content: UnsafeRawBufferPointer, at position: Int) -> Int {
        unsafe Int(UInt32(bigEndian: content.loadUnaligned(fromByteOffset: position, as: UInt32.self)))
    }
}
