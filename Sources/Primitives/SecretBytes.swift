internal import CPlatform

/// Secret bytes behind one owned heap pointer, wiped when their owner goes.
///
/// Secrets never live in an `Array`, a `String` or an inline field: those are copied by the compiler at will and leave
/// their old bytes behind. The type cannot be copied; it moves as a pointer.
@safe
public struct SecretBytes: ~Copyable, @unchecked Sendable {
    private let pointer: UnsafeMutablePointer<UInt8>
    /// Number of bytes.
    public let count: Int

    /// Allocates `count` bytes, all zero, and lets `fill` write them.
    public init<E: Error>(
        count: Int, filledBy fill: (UnsafeMutableBufferPointer<UInt8>) throws(E) -> Void
    ) throws(E) {
        // One byte at least, so that the pointer is never shared with another empty allocation.
        let pointer = UnsafeMutablePointer<UInt8>.allocate(capacity: max(count, 1))
        unsafe pointer.initialize(repeating: 0, count: max(count, 1))
        unsafe self.pointer = unsafe pointer
        self.count = count
        unsafe try fill(UnsafeMutableBufferPointer(start: pointer, count: count))
    }

    /// Zeros, to be written over.
    public init(zeros count: Int) {
        unsafe self.init(count: count) { (_) in }
    }

    /// A copy of bytes that the caller already holds (and wipes, if they are secret).
    public init(copying bytes: borrowing Span<UInt8>) {
        let size = bytes.count
        let pointer = UnsafeMutablePointer<UInt8>.allocate(capacity: max(size, 1))
        unsafe pointer.initialize(repeating: 0, count: max(size, 1))
        for index in 0..<size { unsafe pointer[index] = bytes[index] }
        unsafe self.pointer = unsafe pointer
        self.count = size
    }

    /// Uniformly random bytes.
    public init(random count: Int, from entropy: Entropy) throws(PrimitivesError) {
        unsafe try self.init(count: count) { (buffer) throws(PrimitivesError) in unsafe try entropy.fill(buffer) }
    }

    deinit {
        unsafe explicit_bzero(pointer, max(count, 1))
        unsafe pointer.deallocate()
    }

    /// Lends the bytes for the duration of `body`; they must not be copied out into an array.
    public borrowing func withBytes<R: ~Copyable, E: Error>(
        _ body: (UnsafeBufferPointer<UInt8>) throws(E) -> R
    ) throws(E) -> R {
        unsafe try body(UnsafeBufferPointer(start: pointer, count: count))
    }

    /// Lends the bytes for change.
    public mutating func withMutableBytes<R: ~Copyable, E: Error>(
        _ body: (UnsafeMutableBufferPointer<UInt8>) throws(E) -> R
    ) throws(E) -> R {
        unsafe try body(UnsafeMutableBufferPointer(start: pointer, count: count))
    }

    /// A second owner of the same value.
    public borrowing func duplicate() -> SecretBytes {
        let source = unsafe pointer
        let size = count
        return unsafe SecretBytes(count: size) { (buffer) in
            unsafe buffer.baseAddress?.update(from: source, count: size)
        }
    }

    /// Equality in time that depends on the sizes alone.
    public borrowing func equals(_ other: borrowing SecretBytes) -> Bool {
        guard count == other.count else { return false }
        var difference: UInt8 = 0
        for index in 0..<count { unsafe difference |= pointer[index] ^ other.pointer[index] }
        return difference == 0
    }
}

/// Whether two public values of equal size are the same, in time that depends on the sizes alone (for tags).
public func constantTimeEquals(_ first: [UInt8], _ second: [UInt8]) -> Bool {
    guard first.count == second.count else { return false }
    var difference: UInt8 = 0
    for index in first.indices { difference |= first[index] ^ second[index] }
    return difference == 0
}
