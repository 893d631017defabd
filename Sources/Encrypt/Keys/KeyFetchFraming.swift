internal import Primitives

// How the messages of a key fetch follow one another in a session: each after its length in two bytes.

/// The one message that comes over a session, as far as it is there. There may be a key in it.
struct FramedInput: ~Copyable {
    private var input = SecretBytes(zeros: 0)
    /// Bytes of the longest message.
    let limit: Int

    init(limit: Int) { self.limit = limit }

    /// Bytes that are there, those of the length among them.
    var count: Int { input.count }

    /// The size that the message is to have; nil while that has not come.
    var size: Int? { input.count < 2 ? nil : Int(byte(0)) << 8 | Int(byte(1)) }

    /// Takes in what a session has, one byte more than the longest message at most: who sends more is told by that.
    mutating func read(from session: TLSSession) throws(TLSError) {
        while input.count <= limit + 2, let more = try session.read(limit: limit + 3) { append(more) }
    }

    /// Whether the message is there. Throws `.malformed` when it is too long, or something comes behind it.
    func isWhole() throws(KeyFetchFailure) -> Bool {
        guard let size else { return false }
        guard size <= limit, input.count <= size + 2 else { throw .malformed }
        return input.count == size + 2
    }

    /// Some of the message's bytes, which have to be there.
    func bytes(_ range: Range<Int>) -> [UInt8] {
        unsafe input.withBytes { (bytes) in
            let part = unsafe UnsafeRawBufferPointer(bytes)[range.lowerBound + 2..<range.upperBound + 2]
            return unsafe [UInt8](copying: UnsafeRawBufferPointer(rebasing: part))
        }
    }

    /// The same of what is secret.
    func secret(_ range: Range<Int>) -> SecretBytes {
        unsafe input.withBytes { (bytes) in
            unsafe SecretBytes(count: range.count) { (target) in
                for index in 0..<target.count { unsafe target[index] = bytes[2 + range.lowerBound + index] }
            }
        }
    }

    private func byte(_ index: Int) -> UInt8 { unsafe input.withBytes { (bytes) in unsafe bytes[index] } }

    private mutating func append(_ more: borrowing SecretBytes) {
        let size = input.count
        input = unsafe SecretBytes(count: size + more.count) { (target) in
            unsafe input.withBytes { (bytes) in
                for index in 0..<bytes.count { unsafe target[index] = bytes[index] }
            }
            unsafe more.withBytes { (bytes) in
                for index in 0..<bytes.count { unsafe target[size + index] = bytes[index] }
            }
        }
    }
}

/// A message after its length in two bytes, and the key behind it.
func framed(_ bytes: [UInt8], key: borrowing SecretBytes) -> SecretBytes {
    let size = bytes.count + key.count
    return unsafe SecretBytes(count: size + 2) { (target) in
        unsafe target[0] = UInt8(truncatingIfNeeded: size >> 8)
        unsafe target[1] = UInt8(truncatingIfNeeded: size)
        for index in bytes.indices { unsafe target[2 + index] = bytes[index] }
        unsafe key.withBytes { (source) in
            for index in 0..<source.count { unsafe target[2 + bytes.count + index] = source[index] }
        }
    }
}
