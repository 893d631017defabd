internal import CGMP

/// A number of fixed width: GMP's limbs, the lowest first, on the heap, wiped when their owner goes.
///
/// Nothing of it can be used outside this module. It is public because the Embedded compiler refuses a class of another
/// module with a `Scalar` in it ("deinit of non-copyable type not visible in the current module") when it is not.
@safe
public struct Limbs: ~Copyable {
    static let bytesInLimb = 8
    static let bitsInLimb = 64

    let pointer: UnsafeMutablePointer<UInt>
    let count: Int

    /// Zero.
    init(count: Int) {
        self.count = max(count, 1)
        unsafe pointer = .allocate(capacity: self.count)
        unsafe pointer.initialize(repeating: 0, count: self.count)
    }

    /// A constant; digits beyond the width are dropped from the top.
    init(hexadecimal digits: StaticString, count: Int) {
        self.init(count: count)
        digits.withUTF8Buffer { (text) in
            for position in 0..<min(text.count, self.count * 16) {
                let digit = unsafe text[text.count - 1 - position]
                let isLetter = digit >= UInt8(ascii: "a")
                let value = UInt(digit &- (isLetter ? UInt8(ascii: "a") &- 10 : UInt8(ascii: "0")))
                unsafe pointer[position / 16] |= value << UInt(4 * (position % 16))
            }
        }
    }

    deinit {
        unsafe conclave_wipe_limbs(pointer, count)
        unsafe pointer.deallocate()
    }

    /// Overwrites with zero.
    func wipe() { unsafe conclave_wipe_limbs(pointer, count) }

    func copy(from other: borrowing Limbs) {
        for index in 0..<min(count, other.count) { unsafe pointer[index] = other.pointer[index] }
    }

    /// Halves, rounding down.
    func halve() {
        for index in 0..<count {
            let above = unsafe index + 1 < count ? pointer[index + 1] << 63 : 0
            unsafe pointer[index] = pointer[index] >> 1 | above
        }
    }

    /// Reads big-endian bytes of exactly this width.
    func set(bigEndian bytes: [UInt8]) {
        unsafe bytes.withUnsafeBufferPointer { (buffer) in unsafe set(bigEndian: buffer) }
    }

    /// Reads big-endian bytes of exactly this width.
    @unsafe
    func set(bigEndian bytes: UnsafeBufferPointer<UInt8>) {
        guard bytes.count == count * Self.bytesInLimb else { return wipe() }
        for index in 0..<count {
            let end = bytes.count - index * Self.bytesInLimb
            var limb: UInt = 0
            for position in end - Self.bytesInLimb..<end { limb = unsafe limb << 8 | UInt(bytes[position]) }
            unsafe pointer[index] = limb
        }
    }

    /// Writes big-endian bytes into a buffer of this width.
    @unsafe
    func write(bigEndian buffer: UnsafeMutableBufferPointer<UInt8>) {
        guard buffer.count == count * Self.bytesInLimb else { return }
        unsafe Self.write(pointer, bigEndian: buffer)
    }

    /// Writes limbs, as many as fill a buffer, into it as big-endian bytes.
    @unsafe
    static func write(_ limbs: UnsafePointer<UInt>, bigEndian buffer: UnsafeMutableBufferPointer<UInt8>) {
        for index in 0..<buffer.count {
            let position = buffer.count - 1 - index
            let shift = UInt(8 * (index % bytesInLimb))
            unsafe buffer[position] = UInt8(truncatingIfNeeded: limbs[index / bytesInLimb] >> shift)
        }
    }

    /// Whether all limbs are zero, in time that depends on the width alone.
    var isZero: Bool {
        var bits: UInt = 0
        for index in 0..<count { unsafe bits |= pointer[index] }
        return bits == 0
    }

    /// Whether this number is less than another of the same width, in time that depends on the width alone.
    func isLess(than other: borrowing Limbs) -> Bool {
        var borrow: UInt = 0
        for index in 0..<min(count, other.count) {
            let first = unsafe pointer[index].subtractingReportingOverflow(other.pointer[index])
            let second = first.partialValue.subtractingReportingOverflow(borrow)
            borrow = (first.overflow ? 1 : 0) | (second.overflow ? 1 : 0)
        }
        return borrow == 1
    }
}
