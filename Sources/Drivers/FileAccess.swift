internal import CPlatform
public import Primitives

/// Why a file was not read or written.
public enum FileError: Error, Equatable, Sendable {
    /// There is no such file, or no such directory.
    case notFound
    /// There is a file already.
    case exists
    /// The system denies access.
    case permission
    /// The disk is full.
    case noSpace
    /// The file is larger than what it should hold can be.
    case tooLarge
    /// The system refused for another reason: errno.
    case system(Int32)

    init(errno number: Int32) {
        switch number {
        case ENOENT, ENOTDIR: self = .notFound
        case EEXIST: self = .exists
        case EACCES, EPERM, EROFS: self = .permission
        case ENOSPC, EDQUOT: self = .noSpace
        default: self = .system(number)
        }
    }
}

/// Reads and writes the small files that identities and trust stores are kept in.
///
/// A file that is written appears under its name whole, and on the disk, or not at all: it is written under another
/// name beside it first, and nothing is left behind when that fails.
public enum FileAccess {
    /// Reads a secret file of at most `limit` bytes.
    public static func readSecret(_ path: [UInt8], limit: Int) throws(FileError) -> SecretBytes {
        let descriptor = try open(path)
        var used = 0
        let room = unsafe try SecretBytes(count: limit + 1) { (buffer) throws(FileError) in
            unsafe used = try fill(buffer, from: descriptor)
        }
        guard used <= limit else { throw .tooLarge }
        return unsafe room.withBytes { (bytes) in
            unsafe SecretBytes(count: used) { (copy) in
                for index in 0..<used { unsafe copy[index] = bytes[index] }
            }
        }
    }

    /// Reads a public file of at most `limit` bytes.
    public static func read(_ path: [UInt8], limit: Int) throws(FileError) -> [UInt8] {
        let descriptor = try open(path)
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            var outcome: Result<Int, FileError> = .success(0)
            unsafe chunk.withUnsafeMutableBufferPointer { (buffer) in
                do throws(FileError) { outcome = .success(unsafe try fill(buffer, from: descriptor)) } catch {
                    outcome = .failure(error)
                }
            }
            let count = try outcome.get()
            bytes.append(contentsOf: chunk[..<count])
            guard bytes.count <= limit else { throw .tooLarge }
            guard count == chunk.count else { return bytes }
        }
    }

    /// Writes a new file of mode 0600.
    public static func create(_ path: [UInt8], holding bytes: borrowing SecretBytes) throws(FileError) {
        let temporary = try temporaryName(beside: path)
        unsafe try bytes.withBytes { (buffer) throws(FileError) in
            unsafe try write(buffer, to: temporary, mode: 0o600)
        }
        unsafe try move(temporary, to: path) { (from, to) in unsafe conclave_rename_new(from, to) }
    }

    /// Writes a public file, in the place of one that is there.
    public static func replace(_ path: [UInt8], with bytes: [UInt8]) throws(FileError) {
        let temporary = try temporaryName(beside: path)
        var failure: FileError? = nil
        unsafe bytes.withUnsafeBufferPointer { (buffer) in
            do throws(FileError) { unsafe try write(buffer, to: temporary, mode: 0o644) } catch { failure = error }
        }
        if let failure { throw failure }
        unsafe try move(temporary, to: path) { (from, to) in unsafe rename(from, to) }
    }

    private static func open(_ path: [UInt8]) throws(FileError) -> Descriptor {
        let number = unsafe withCPath(path) { (name) in unsafe conclave_open_to_read(name) }
        guard let descriptor = Descriptor(taking: number) else { throw FileError(errno: conclave_errno()) }
        return descriptor
    }

    /// Reads until the buffer is full or the file ends.
    @unsafe
    private static func fill(
        _ buffer: UnsafeMutableBufferPointer<UInt8>, from descriptor: borrowing Descriptor
    ) throws(FileError) -> Int {
        var used = 0
        while used < buffer.count, let base = buffer.baseAddress {
            let count = unsafe CPlatform.read(descriptor.number, base + used, buffer.count - used)
            if count == 0 { break }
            if count < 0 {
                let number = conclave_errno()
                guard number == EINTR else { throw FileError(errno: number) }
                continue
            }
            used += count
        }
        return used
    }

    @unsafe
    private static func write(
        _ bytes: UnsafeBufferPointer<UInt8>, to path: [UInt8], mode: mode_t
    ) throws(FileError) {
        let number = unsafe withCPath(path) { (name) in unsafe conclave_open_new(name, mode) }
        guard let descriptor = Descriptor(taking: number) else { throw FileError(errno: conclave_errno()) }
        var written = 0
        var failure: Int32 = 0
        while failure == 0, written < bytes.count, let base = bytes.baseAddress {
            let count = unsafe CPlatform.write(descriptor.number, base + written, bytes.count - written)
            if count >= 0 { written += count } else if conclave_errno() != EINTR { failure = conclave_errno() }
        }
        if failure == 0, fsync(descriptor.number) != 0 { failure = conclave_errno() }
        guard failure == 0 else {
            _ = unsafe withCPath(path) { (name) in unsafe unlink(name) }
            throw FileError(errno: failure)
        }
    }

    @unsafe
    private static func move(
        _ temporary: [UInt8], to path: [UInt8],
        _ rename: (UnsafePointer<CChar>, UnsafePointer<CChar>) -> Int32
    ) throws(FileError) {
        let failure = unsafe withCPath(temporary) { (from) in
            unsafe withCPath(path) { (to) -> Int32 in
                guard unsafe rename(from, to) != 0 else { return 0 }
                let number = conclave_errno()
                _ = unsafe unlink(from)
                return number
            }
        }
        guard failure == 0 else { throw FileError(errno: failure) }
    }

    private static func temporaryName(beside path: [UInt8]) throws(FileError) -> [UInt8] {
        do throws(PrimitivesError) {
            return path + Array(".new-\(hexadecimal(try Entropy.system().publicBytes(8)))".utf8)
        } catch {
            throw .system(EIO)
        }
    }
}
