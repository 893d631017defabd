internal import COpenSSL

/// A symmetric key out of a file, with the name that it has there.
public final class StoredKey: Sendable {
    /// Up to 64 bytes; empty when the file has none.
    public let name: [UInt8]
    /// Up to 64 bytes.
    public let secret: SecretBytes

    public init(name: [UInt8], secret: consuming SecretBytes) {
        self.name = name
        self.secret = secret
    }
}

/// Reads keys from files, and makes keys from passphrases.
public enum StoredKeys {
    /// The longest PKCS#12 file that is read, in bytes.
    public static let pkcs12Limit = 1 << 20
    /// The most keys of one file.
    public static let countLimit = 64
    /// What scrypt may cost: 2 to this power, times 1 KiB of memory.
    public static let scryptCosts = 14...18

    /// The keys of a PKCS#12 file (RFC 7292) in their order: secret keys as they are (Java's key stores have them so),
    /// of private keys the SHA-256 of what they are made of.
    ///
    /// The file's authentication code is verified before anything in it is decrypted, and may not cost more than 5
    /// million rounds. Throws `.badPassphrase` when it is wrong; `.badKeyFile` for what is no such file, has no
    /// authentication code, a key of more than 64 bytes, more than 64 keys, or an algorithm that libcrypto has not.
    public static func readPKCS12(
        _ file: [UInt8], passphrase: borrowing SecretBytes
    ) throws(PrimitivesError) -> [StoredKey] {
        guard file.count <= pkcs12Limit, passphrase.count <= 1_024 else { throw .badKeyFile }
        ERR_set_mark()
        defer { ERR_pop_to_mark() }
        var count = 0
        var result = Int32(CONCLAVE_STORE_BAD_FILE)
        // The keys lie in memory that is wiped.
        let stride = MemoryLayout<conclave_store_key>.stride
        let room = unsafe SecretBytes(count: stride * countLimit) { (buffer) in
            unsafe passphrase.withBytes { (passphrase) in
                guard let base = UnsafeMutableRawPointer(buffer.baseAddress) else { return }
                var store = unsafe conclave_store()
                unsafe store.passphrase = UnsafeRawPointer(passphrase.baseAddress)?.assumingMemoryBound(
                    to: CChar.self)
                unsafe store.passphrase_size = Int32(truncatingIfNeeded: passphrase.count)
                unsafe store.keys = base.bindMemory(to: conclave_store_key.self, capacity: countLimit)
                unsafe store.capacity = countLimit
                unsafe result = conclave_store_read(&store, file, file.count)
                unsafe count = store.count
            }
        }
        guard result != CONCLAVE_STORE_BAD_PASSPHRASE else { throw .badPassphrase }
        guard result == CONCLAVE_STORE_READ else { throw .badKeyFile }
        return unsafe room.withBytes { (bytes) in
            (0..<count).map { (index) in
                let key = unsafe UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(bytes)[(index * stride)...])
                return unsafe storedKey(key)
            }
        }
    }

    /// One `conclave_store_key`: 64 bytes, their number, 64 bytes of name, their number.
    @unsafe
    private static func storedKey(_ bytes: UnsafeRawBufferPointer) -> StoredKey {
        let size = unsafe bytes.load(fromByteOffset: 64, as: Int.self)
        let nameSize = unsafe bytes.load(fromByteOffset: 136, as: Int.self)
        let name = unsafe [UInt8](copying: UnsafeRawBufferPointer(rebasing: bytes[72..<72 + nameSize]))
        let secret = unsafe SecretBytes(count: size) { (buffer) in
            unsafe UnsafeMutableRawBufferPointer(buffer).copyMemory(
                from: UnsafeRawBufferPointer(rebasing: bytes[..<size]))
        }
        return StoredKey(name: name, secret: secret)
    }

    /// A key of 32 bytes from a passphrase: scrypt (RFC 7914) with r = 8 and p = 1.
    ///
    /// - Parameter cost: the power of two that N is, one of `scryptCosts`; throws `.badSize` for others.
    public static func derive(
        from passphrase: borrowing SecretBytes, salt: [UInt8], cost: Int
    ) throws(PrimitivesError) -> SecretBytes {
        guard scryptCosts.contains(cost) else { throw .badSize }
        let rounds = UInt64(1) << UInt64(cost)
        return unsafe try SecretBytes(count: 32) { (output) throws(PrimitivesError) in
            let done = unsafe passphrase.withBytes { (bytes) -> Int32 in
                let text = unsafe UnsafeRawPointer(bytes.baseAddress)?.assumingMemoryBound(to: CChar.self)
                return unsafe EVP_PBE_scrypt(
                    text, bytes.count, salt, salt.count, rounds, 8, 1, rounds * 1_024 + (1 << 20), output.baseAddress,
                    output.count)
            }
            guard done == 1 else { throw .cryptography }
        }
    }
}
