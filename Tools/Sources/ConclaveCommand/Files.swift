import COpenSSL
import CConclave
import Glibc

/// An open file, closed when it is forgotten.
final class File {
    let descriptor: Int32
    let path: String

    init(reading path: String) throws(Failure) {
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        self.path = path
        if descriptor < 0 { throw Failure.system(path) }
    }

    /// Takes over a descriptor.
    init(descriptor: Int32, path: String) {
        self.descriptor = descriptor
        self.path = path
    }

    deinit { close(descriptor) }

    /// The size of a regular file; anything else has none that could be promised.
    func size() throws(Failure) -> UInt64 {
        var facts = stat()
        guard fstat(descriptor, &facts) == 0 else { throw Failure.system(path) }
        guard facts.st_mode & S_IFMT == S_IFREG else {
            throw Failure(CONCLAVE_E_INVALID_ARGUMENT, "\(path): not a regular file")
        }
        return UInt64(clamping: facts.st_size)
    }

    /// Seconds since it was written.
    func age() throws(Failure) -> Int {
        var facts = stat()
        guard fstat(descriptor, &facts) == 0 else { throw Failure.system(path) }
        return max(0, time(nil) - facts.st_mtim.tv_sec)
    }

    /// The next bytes, at most `limit`; none at the end.
    func read(limit: Int) throws(Failure) -> [UInt8] {
        while true {
            var count = 0
            let bytes = [UInt8](unsafeUninitializedCapacity: limit) { buffer, initialized in
                count = Glibc.read(descriptor, buffer.baseAddress, limit)
                initialized = max(count, 0)
            }
            if count >= 0 { return bytes }
            if errno != EINTR { throw Failure.system(path) }
        }
    }

    func write(_ bytes: ArraySlice<UInt8>) throws(Failure) {
        var rest = bytes
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count >= 0 {
                rest = rest.dropFirst(count)
            } else if errno != EINTR {
                throw Failure.system(path)
            }
        }
    }
}

/// The content of a passphrase file without the line's end.
func readPassphrase(_ path: String?) throws(Failure) -> [UInt8]? {
    guard let path else { return nil }
    var bytes = try File(reading: path).read(limit: 4096)
    if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
    if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
    guard !bytes.isEmpty else { throw Failure(CONCLAVE_E_BAD_PASSPHRASE, "\(path): the passphrase is empty") }
    return bytes
}

/// SHA-256 over what is added.
final class Digest {
    static let size = 32
    private let context: OpaquePointer

    init() throws(Failure) {
        guard let context = EVP_MD_CTX_new() else { throw Self.failure }
        self.context = context
        guard EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1 else { throw Self.failure }
    }

    deinit { EVP_MD_CTX_free(context) }

    func add(_ bytes: ArraySlice<UInt8>) throws(Failure) {
        let status = bytes.withUnsafeBytes { EVP_DigestUpdate(context, $0.baseAddress, $0.count) }
        guard status == 1 else { throw Self.failure }
    }

    func finish() throws(Failure) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: Self.size)
        guard EVP_DigestFinal_ex(context, &digest, nil) == 1 else { throw Self.failure }
        return digest
    }

    private static let failure = Failure(CONCLAVE_E_CRYPTOGRAPHY, "libcrypto gave no SHA-256")
}
