internal import COpenSSL

/// The algorithms that keys of certificates may have.
public enum CertificateAlgorithm: Sendable, Equatable {
    /// RSA of 2,048 to 8,192 bits, signing with PSS and SHA-256.
    case rsa
    /// ECDSA over P-256 with SHA-256.
    case p256
    /// Ed25519.
    case ed25519

    init?(_ number: Int32) {
        switch number {
        case Int32(CONCLAVE_KEY_RSA): self = .rsa
        case Int32(CONCLAVE_KEY_P256): self = .p256
        case Int32(CONCLAVE_KEY_ED25519): self = .ed25519
        default: return nil
        }
    }
}

/// The private key that belongs to a certificate. It stays inside libcrypto and is wiped there when its owner goes;
/// using it changes nothing in it, so that it serves any number of threads.
@safe
public final class CertificateKey: @unchecked Sendable {
    /// Its algorithm.
    public let algorithm: CertificateAlgorithm

    let key: OpaquePointer

    /// Takes over the reference to `key`, and releases it when it is not good enough.
    @unsafe
    private init(owning key: OpaquePointer) throws(PrimitivesError) {
        guard let algorithm = unsafe CertificateAlgorithm(conclave_key_algorithm(key)) else {
            unsafe EVP_PKEY_free(key)
            throw .badKeyFile
        }
        self.algorithm = algorithm
        unsafe self.key = key
    }

    deinit { unsafe EVP_PKEY_free(key) }

    /// Reads the private key of a PEM text, at most 64 KiB, that may hold certificates as well.
    ///
    /// Throws `.passphraseRequired` and `.badPassphrase` as `Identity` does, and `.badKeyFile` for anything that is not
    /// such a key: too weak a one is among it.
    public convenience init(
        pem: borrowing SecretBytes, passphrase: borrowing SecretBytes? = nil
    ) throws(PrimitivesError) {
        guard pem.count > 0, pem.count <= Identity.pemLimit else { throw .badKeyFile }
        let key =
            switch passphrase {
            case .none: unsafe try Identity.readKey(pem, nil)
            case .some(let passphrase):
                unsafe try passphrase.withBytes { (bytes) throws(PrimitivesError) in
                    unsafe try Identity.readKey(pem, bytes)
                }
            }
        unsafe try self.init(owning: key)
    }

    /// A new RSA key of 3,072 bits, from libcrypto's own generator.
    static func generateRSA() throws(PrimitivesError) -> CertificateKey {
        guard let key = unsafe conclave_generate_rsa(3_072) else { throw .cryptography }
        return unsafe try CertificateKey(owning: key)
    }

    /// The public key: SubjectPublicKeyInfo in DER.
    public func publicKey() throws(PrimitivesError) -> [UInt8] {
        let size = unsafe conclave_public_key_bytes(key, nil)
        guard size > 0 else { throw .cryptography }
        var bytes = [UInt8](repeating: 0, count: Int(size))
        guard unsafe conclave_public_key_bytes(key, &bytes) == size else { throw .cryptography }
        return bytes
    }

    /// Signs a message. What RSA and ECDSA add by chance comes from libcrypto's own generator.
    public func sign(_ message: [UInt8]) throws(PrimitivesError) -> [UInt8] {
        guard let context = unsafe EVP_MD_CTX_new() else { throw .cryptography }
        defer { unsafe EVP_MD_CTX_free(context) }
        var signature = [UInt8](repeating: 0, count: 1_024)
        var size = signature.count
        guard unsafe conclave_signature_begin(context, key, 1) == 1,
            unsafe EVP_DigestSign(context, &signature, &size, message, message.count) == 1, size <= signature.count
        else { throw .cryptography }
        return Array(signature.prefix(size))
    }

    /// Opens a secret of 32 bytes that `RSAPublicKey` wrapped; `.notAuthentic` for anything else.
    func unwrap(_ wrapped: [UInt8], label: [UInt8]) throws(PrimitivesError) -> SecretBytes {
        guard algorithm == .rsa else { throw .badSize }
        ERR_set_mark()
        defer { ERR_pop_to_mark() }
        var opened = SecretBytes(zeros: 1_024)
        var size = opened.count
        let done = unsafe opened.withMutableBytes { (buffer) in
            unsafe conclave_rsa_oaep(
                key, 0, label, label.count, wrapped, wrapped.count, buffer.baseAddress, &size)
        }
        guard done == 1, size == KeyWrapper.secretSize else { throw .notAuthentic }
        return unsafe SecretBytes(count: size) { (target) in
            unsafe opened.withBytes { (bytes) in
                for index in 0..<target.count { unsafe target[index] = bytes[index] }
            }
        }
    }
}

/// The public half of an RSA key, to which secrets are wrapped.
@safe
final class RSAPublicKey {
    /// Bytes of the longest SubjectPublicKeyInfo that is read: 8,192 bits and an exponent of the usual size.
    static let sizeLimit = 1_100

    private let key: OpaquePointer

    /// Reads SubjectPublicKeyInfo in DER; `.badSize` for anything but an RSA key of 2,048 to 8,192 bits.
    init(_ bytes: [UInt8]) throws(PrimitivesError) {
        guard WrappingKind.rsa.allowsPublicKey(size: bytes.count) else { throw .badSize }
        ERR_set_mark()
        defer { ERR_pop_to_mark() }
        guard let key = unsafe conclave_read_public_key(bytes, bytes.count) else { throw .badSize }
        guard unsafe conclave_key_algorithm(key) == Int32(CONCLAVE_KEY_RSA) else {
            unsafe EVP_PKEY_free(key)
            throw .badSize
        }
        unsafe self.key = key
    }

    deinit { unsafe EVP_PKEY_free(key) }

    /// Wraps a secret under a label (RSA-OAEP with SHA-256).
    func wrap(_ secret: borrowing SecretBytes, label: [UInt8]) throws(PrimitivesError) -> [UInt8] {
        ERR_set_mark()
        defer { ERR_pop_to_mark() }
        var wrapped = [UInt8](repeating: 0, count: 1_024)
        var size = wrapped.count
        let done = unsafe secret.withBytes { (bytes) in
            unsafe conclave_rsa_oaep(
                key, 1, label, label.count, bytes.baseAddress, bytes.count, &wrapped, &size)
        }
        guard done == 1, size <= wrapped.count else { throw .badSize }
        return Array(wrapped.prefix(size))
    }
}
