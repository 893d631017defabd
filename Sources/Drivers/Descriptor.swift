internal import CPlatform

/// Owns one file descriptor and closes it when its owner goes.
struct Descriptor: ~Copyable {
    let number: Int32

    /// Takes over a descriptor that a system call has returned; nil for -1.
    init?(taking number: Int32) {
        guard number >= 0 else { return nil }
        self.number = number
    }

    deinit { _ = close(number) }
}

/// Interest and readiness, in the bits of both poll and epoll.
enum Readiness {
    static let readable: UInt32 = 0x001
    static let writable: UInt32 = 0x004
    static let failed: UInt32 = 0x008
    static let hungUp: UInt32 = 0x010
}

/// What a non-blocking read gave.
enum Reception {
    case bytes(Int)
    /// Nothing is there now.
    case nothing
    /// The stream has ended; errno 0 for an orderly end.
    case ended(errno: Int32)
}

/// Reads once, without blocking, to the start of a buffer.
func receive(from descriptor: Int32, into buffer: inout [UInt8]) -> Reception {
    let count = unsafe buffer.withUnsafeMutableBytes { storage in
        unsafe conclave_receive(descriptor, storage.baseAddress, storage.count)
    }
    if count > 0 { return .bytes(count) }
    if count == 0 { return .ended(errno: 0) }
    let error = conclave_errno()
    return error == EAGAIN || error == EINTR ? .nothing : .ended(errno: error)
}

/// Fills a local address for a path; nil when it does not fit.
func localAddress(_ path: [UInt8]) -> sockaddr_un? {
    var address = sockaddr_un()
    let status = unsafe path.withUnsafeBytes { bytes in
        unsafe conclave_local_address(&address, bytes.baseAddress, bytes.count)
    }
    return status == 0 ? address : nil
}

/// Calls `body` with a path as C wants it, ended by a zero byte.
@unsafe
func withCPath<R>(_ path: [UInt8], _ body: (UnsafePointer<CChar>) -> R) -> R {
    var terminated = path.map { CChar(bitPattern: $0) }
    terminated.append(0)
    return unsafe body(terminated)
}
