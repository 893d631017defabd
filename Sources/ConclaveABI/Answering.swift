public import CConclave
internal import Primitives

/// Runs what a function on a handle does.
func answering(_ body: () throws(Failure) -> Void) -> conclave_status {
    do throws(Failure) {
        try body()
        return conclave_status(CONCLAVE_OK)
    } catch {
        return error.status
    }
}

/// The place of an output, which must be there.
@unsafe
func output<T>(
    _ pointer: UnsafeMutablePointer<T>?, what: StaticString
) throws(Failure) -> UnsafeMutablePointer<T> {
    guard let pointer = unsafe pointer else {
        throw Failure(CONCLAVE_E_NULL_ARGUMENT, "the place for the \(what) is NULL")
    }
    return unsafe pointer
}

/// Writes the first `size` bytes of a structure's standard values: a caller that was compiled with an older, shorter
/// structure has no room for more. That it ever had this size is the function's to check first.
@unsafe
func initialize<T>(
    _ pointer: UnsafeMutablePointer<T>?, size: Int, from standard: T
) throws(Failure) {
    guard let pointer = unsafe pointer else { throw Failure(CONCLAVE_E_NULL_ARGUMENT) }
    guard (0...MemoryLayout<T>.size).contains(size) else { throw Failure(CONCLAVE_E_BAD_STRUCT_SIZE) }
    unsafe withUnsafeBytes(of: standard) { (bytes) in
        let room = unsafe UnsafeMutableRawBufferPointer(start: pointer, count: size)
        unsafe room.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes.prefix(size)))
    }
}

/// Exactly `count` bytes of the caller's.
@unsafe
func fixedBytes(
    _ pointer: UnsafePointer<UInt8>?, _ count: Int, what: StaticString
) throws(Failure) -> [UInt8] {
    unsafe try bytes(pointer, count, limit: count, what: what)
}

/// The caller's secret bytes, copied to where they are wiped; nil for NULL.
@unsafe
func secretBytes(
    _ pointer: UnsafePointer<UInt8>?, _ size: Int, limit: Int, what: StaticString
) throws(Failure) -> SecretBytes? {
    guard let pointer = unsafe pointer else {
        guard size == 0 else { throw Failure(CONCLAVE_E_NULL_ARGUMENT, "the \(what) is NULL, and its size is not 0") }
        return nil
    }
    guard size >= 0, size <= limit else {
        throw Failure(CONCLAVE_E_TOO_LARGE, "the \(what) is larger than \(limit) bytes")
    }
    return unsafe SecretBytes(count: size) { (buffer) in
        for index in 0..<size { unsafe buffer[index] = pointer[index] }
    }
}

/// Copies public bytes to the caller.
@unsafe
func copy(_ source: [UInt8], to target: UnsafeMutablePointer<UInt8>) {
    for index in source.indices { unsafe target[index] = source[index] }
}

/// Bytes lent to C, at an address that stays.
@safe
final class LentBytes {
    let pointer: UnsafePointer<UInt8>
    let count: Int
    private let bytes: [UInt8]

    init(_ bytes: [UInt8]) {
        // The elements of an array stay where they are while it is neither changed nor let go, and nothing changes this
        // one: so a large message is not copied once more.
        self.bytes = bytes
        count = bytes.count
        unsafe pointer = bytes.withUnsafeBufferPointer { (elements) in
            unsafe elements.baseAddress ?? UnsafeRawPointer(staticText("")).assumingMemoryBound(to: UInt8.self)
        }
    }
}
