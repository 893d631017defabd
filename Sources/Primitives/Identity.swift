internal import COpenSSL

/// Who a member is: an Ed25519 key pair (RFC 8032) and the name its owner gave it.
///
/// The private key stays inside libcrypto and is wiped there when the identity goes. Signing changes nothing in the
/// key, so that one identity serves any number of groups and threads.
@safe
public final class Identity: @unchecked Sendable {
    /// Bytes of a public key.
    public static let publicKeySize = 32
    /// Bytes of a signature.
    public static let signatureSize = 64
    /// Bytes of the seed that a private key is made of.
    public static let seedSize = 32
    /// The longest PEM text that is read, in bytes.
    public static let pemLimit = 65_536

    /// 1 to 64 bytes of UTF-8 without control characters.
    public let name: String
    /// The public key, 32 bytes.
    public let publicKey: [UInt8]
    /// SHA-256 of the public key, 32 bytes.
    public let fingerprint: [UInt8]

    private let key: OpaquePointer

    /// Takes over the reference to `key`, and releases it when anything is wrong with it. Without a name the identity
    /// is called by the first 16 hexadecimal digits of its fingerprint.
    @unsafe
    private init(owning key: OpaquePointer, name: String?) throws(PrimitivesError) {
        var publicKey = [UInt8](repeating: 0, count: Self.publicKeySize)
        var size = Self.publicKeySize
        let isEd25519 = unsafe EVP_PKEY_get_id(key) == EVP_PKEY_ED25519
        guard isEd25519, unsafe EVP_PKEY_get_raw_public_key(key, &publicKey, &size) == 1, size == Self.publicKeySize
        else {
            unsafe EVP_PKEY_free(key)
            throw isEd25519 ? .cryptography : .badKeyFile
        }
        do throws(PrimitivesError) {
            let fingerprint = try Digest.sha256(publicKey)
            let chosen = name ?? hexadecimal(fingerprint.prefix(8))
            guard Self.isValidName(chosen) else { throw .badName }
            self.name = chosen
            self.fingerprint = fingerprint
        } catch {
            unsafe EVP_PKEY_free(key)
            throw error
        }
        self.publicKey = publicKey
        unsafe self.key = key
    }

    #if SIMULATION
        /// An identity that signs with keyed-hash tags; the seed makes its public key.
        private init(simulated name: String, seed: UInt64) throws(PrimitivesError) {
            guard Self.isValidName(name) else { throw .badName }
            guard let key = unsafe EVP_PKEY_new() else { throw .cryptography }
            unsafe self.key = key
            self.name = name
            publicKey = SimulatedSignature.publicKey(seed: seed)
            fingerprint = try Digest.sha256(publicKey)
        }

        /// An identity for the simulator: it costs nothing and protects nothing (SimulatedSignature.swift).
        public static func simulated(name: String, seed: UInt64) throws(PrimitivesError) -> Identity {
            try Identity(simulated: name, seed: seed)
        }

        /// Whether it is such an identity.
        public var isSimulated: Bool { SimulatedSignature.isPublicKey(publicKey) }
    #endif

    deinit { unsafe EVP_PKEY_free(key) }

    /// The identity of a seed of 32 bytes (for generation, and for tests that replay).
    public convenience init(name: String, seed: borrowing SecretBytes) throws(PrimitivesError) {
        guard seed.count == Self.seedSize else { throw .badSize }
        let key = unsafe seed.withBytes { (bytes) in
            unsafe EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nil, bytes.baseAddress, bytes.count)
        }
        guard let key = unsafe key else { throw .cryptography }
        unsafe try self.init(owning: key, name: name)
    }

    /// A new identity.
    public static func generate(
        name: String, entropy: Entropy = .system()
    ) throws(PrimitivesError) -> Identity {
        guard isValidName(name) else { throw .badName }
        return try Identity(name: name, seed: try SecretBytes(random: seedSize, from: entropy))
    }

    /// Whether a text may be a name.
    public static func isValidName(_ name: String) -> Bool {
        guard (1...64).contains(name.utf8.count) else { return false }
        return !name.unicodeScalars.contains { $0.value < 0x20 || (0x7f...0x9f).contains($0.value) }
    }

    /// The name in bytes that came from outside.
    public static func name(from bytes: [UInt8]) throws(PrimitivesError) -> String {
        guard let name = String(validating: bytes, as: UTF8.self), isValidName(name) else { throw .badName }
        return name
    }
}

// MARK: - Signatures

extension Identity {
    /// Signs a message (Ed25519, deterministic): 64 bytes.
    public func sign(_ message: [UInt8]) throws(PrimitivesError) -> [UInt8] {
        #if SIMULATION
            if SimulatedSignature.isPublicKey(publicKey) { return SimulatedSignature.tag(publicKey, message) }
        #endif
        guard let context = unsafe EVP_MD_CTX_new() else { throw .cryptography }
        defer { unsafe EVP_MD_CTX_free(context) }
        var signature = [UInt8](repeating: 0, count: Self.signatureSize)
        var size = signature.count
        guard unsafe EVP_DigestSignInit(context, nil, nil, nil, key) == 1,
            unsafe EVP_DigestSign(context, &signature, &size, message, message.count) == 1,
            size == Self.signatureSize
        else { throw .cryptography }
        return signature
    }

    /// Whether `signature` over `message` was made with the private half of `publicKey`; false for a key or a
    /// signature of the wrong size as well.
    public static func verify(publicKey: [UInt8], signature: [UInt8], message: [UInt8]) -> Bool {
        var keys = VerificationKeys(limit: 1)
        return keys.verify(publicKey: publicKey, signature: signature, message: message)
    }
}

// MARK: - PEM

extension Identity {
    private static let namePrefix = "Conclave-Name:"
    private static let blockPrefix = "-----BEGIN "

    /// Reads what `privateKeyPEM` writes, or any PEM file with an Ed25519 private key.
    ///
    /// Throws `.passphraseRequired` when the key is encrypted and no passphrase is given, `.badPassphrase` when it does
    /// not decrypt, `.badName` for a bad name line and `.badKeyFile` for anything else.
    public convenience init(
        pem: borrowing SecretBytes, passphrase: borrowing SecretBytes? = nil
    ) throws(PrimitivesError) {
        guard pem.count > 0, pem.count <= Self.pemLimit else { throw .badKeyFile }
        let name = unsafe try pem.withBytes { (text) throws(PrimitivesError) in unsafe try Self.nameLine(in: text) }
        let key =
            switch passphrase {
            case .none: unsafe try Self.readKey(pem, nil)
            case .some(let passphrase):
                unsafe try passphrase.withBytes { (bytes) throws(PrimitivesError) in unsafe try Self.readKey(pem, bytes)
                }
            }
        unsafe try self.init(owning: key, name: name)
    }

    /// The name line and the private key as PKCS#8 PEM. When a passphrase (1 to 1,024 bytes) is given, it is encrypted
    /// with AES-256-CBC under PBKDF2 of 600,000 rounds with HMAC-SHA-256, which takes some tenths of a second, as
    /// reading it again does. The result is secret either way.
    public func privateKeyPEM(passphrase: borrowing SecretBytes? = nil) throws(PrimitivesError) -> SecretBytes {
        switch passphrase {
        case .none: return unsafe try writeKey(nil)
        case .some(let passphrase):
            guard (1...1_024).contains(passphrase.count) else { throw .badSize }
            return unsafe try passphrase.withBytes { (bytes) throws(PrimitivesError) in unsafe try writeKey(bytes) }
        }
    }

    @unsafe
    static func readKey(
        _ pem: borrowing SecretBytes, _ passphrase: UnsafeBufferPointer<UInt8>?
    ) throws(PrimitivesError) -> OpaquePointer {
        ERR_set_mark()
        defer { ERR_pop_to_mark() }
        let bio = unsafe pem.withBytes { (text) in unsafe BIO_new_mem_buf(text.baseAddress, Int32(text.count)) }
        guard let bio = unsafe bio else { throw .cryptography }
        defer { unsafe BIO_free(bio) }
        var request = unsafe conclave_passphrase(
            bytes: passphrase?.baseAddress, size: passphrase?.count ?? 0, asked: 0)
        if let key = unsafe conclave_read_private_key(bio, &request) { return unsafe key }
        guard unsafe request.asked != 0 else { throw .badKeyFile }
        throw unsafe passphrase == nil ? .passphraseRequired : .badPassphrase
    }

    @unsafe
    private func writeKey(_ passphrase: UnsafeBufferPointer<UInt8>?) throws(PrimitivesError) -> SecretBytes {
        // The memory of this kind of BIO is wiped when it is released.
        guard let bio = unsafe BIO_new(BIO_s_secmem()) else { throw .cryptography }
        defer { unsafe BIO_free(bio) }
        let line = Array((Self.namePrefix + " " + name + "\n").utf8)
        guard unsafe BIO_write(bio, line, Int32(line.count)) == Int32(line.count),
            unsafe conclave_write_private_key(bio, key, passphrase?.baseAddress, passphrase?.count ?? 0) == 1
        else { throw .cryptography }
        var start: UnsafeMutablePointer<CChar>? = nil
        let size = unsafe conclave_bio_memory(bio, &start)
        guard size > 0, let start = unsafe start else { throw .cryptography }
        return unsafe SecretBytes(count: size) { (buffer) in
            unsafe UnsafeMutableRawBufferPointer(buffer).copyMemory(
                from: UnsafeRawBufferPointer(start: start, count: size))
        }
    }

    /// The name in the lines above the first PEM block; nil without such a line. Only those lines are copied: what
    /// follows may be a secret.
    @unsafe
    private static func nameLine(in pem: UnsafeBufferPointer<UInt8>) throws(PrimitivesError) -> String? {
        var position = 0
        while position < pem.count {
            let rest = unsafe UnsafeBufferPointer(rebasing: pem[position...])
            if unsafe rest.starts(with: blockPrefix.utf8) { return nil }
            let size = unsafe rest.firstIndex(of: UInt8(ascii: "\n")) ?? rest.count
            position += size + 1
            guard unsafe rest.starts(with: namePrefix.utf8) else { continue }
            var line = unsafe [UInt8](rest.prefix(size).dropFirst(namePrefix.utf8.count))
            if line.last == UInt8(ascii: "\r") { line.removeLast() }
            if line.first == UInt8(ascii: " ") { line.removeFirst() }
            return try name(from: line)
        }
        return nil
    }
}
