internal import COpenSSL

/// The AEAD algorithms a suite can name.
public enum CipherAlgorithm: UInt8, Sendable, Equatable {
    case aes256GCM = 1
    case chaCha20Poly1305 = 2
}

/// One AEAD key with its context kept, for sealing or for opening (both algorithms: 32-byte key, 12-byte nonce,
/// 16-byte tag). The caller never uses a nonce twice for sealing.
@safe
public final class AuthenticatedCipher: @unchecked Sendable {
    /// Bytes that sealing adds.
    public static let tagSize = 16
    /// Bytes of a key.
    public static let keySize = 32
    /// Bytes of a nonce.
    public static let nonceSize = 12

    private let context: OpaquePointer
    private let sealing: Bool

    /// Prepares a key for one direction.
    public init(
        _ algorithm: CipherAlgorithm, key: borrowing SecretBytes, sealing: Bool
    ) throws(PrimitivesError) {
        guard key.count == Self.keySize else { throw .badSize }
        guard let context = unsafe EVP_CIPHER_CTX_new() else { throw .cryptography }
        let cipher = unsafe algorithm == .aes256GCM ? EVP_aes_256_gcm() : EVP_chacha20_poly1305()
        let done = unsafe key.withBytes { (bytes) -> Int32 in
            unsafe EVP_CipherInit_ex(context, cipher, nil, bytes.baseAddress, nil, sealing ? 1 : 0)
        }
        guard done == 1 else {
            unsafe EVP_CIPHER_CTX_free(context)
            throw .cryptography
        }
        unsafe self.context = context
        self.sealing = sealing
    }

    deinit { unsafe EVP_CIPHER_CTX_free(context) }

    /// Encrypts `plaintext` and appends ciphertext and tag to `output`.
    public func seal(
        _ plaintext: UnsafeBufferPointer<UInt8>, nonce: UInt64, header: borrowing Span<UInt8>,
        into output: inout OutputSpan<UInt8>
    ) throws(PrimitivesError) {
        let size = plaintext.count
        guard output.freeCapacity >= size, output.freeCapacity - size >= Self.tagSize else { throw .badSize }
        unsafe try header.withUnsafeBufferPointer { (header) throws(PrimitivesError) in
            unsafe try output.withUnsafeMutableBufferPointer { (buffer, initialized) throws(PrimitivesError) in
                guard let start = buffer.baseAddress else { throw .badSize }
                unsafe try seal(plaintext, nonce: nonce, header: header, to: start + initialized)
                initialized += size + Self.tagSize
            }
        }
    }

    /// Verifies and decrypts ciphertext followed by its tag, and appends the plaintext to `output`; on failure
    /// `output` is unchanged.
    public func open(
        _ sealed: UnsafeBufferPointer<UInt8>, nonce: UInt64, header: borrowing Span<UInt8>,
        into output: inout OutputSpan<UInt8>
    ) throws(PrimitivesError) {
        let size = sealed.count - Self.tagSize
        guard size >= 0, output.freeCapacity >= size else { throw .badSize }
        unsafe try header.withUnsafeBufferPointer { (header) throws(PrimitivesError) in
            unsafe try output.withUnsafeMutableBufferPointer { (buffer, initialized) throws(PrimitivesError) in
                let target = unsafe buffer.baseAddress.map { unsafe $0 + initialized }
                unsafe try open(sealed, nonce: nonce, header: header, to: target)
                initialized += size
            }
        }
    }

    /// Encrypts into memory with room for the plaintext and the tag. The header may lie in front of the target, in
    /// the same buffer, and the plaintext where the ciphertext comes. What else is authenticated, behind the header,
    /// may lie elsewhere.
    @unsafe
    public func seal(
        _ plaintext: UnsafeBufferPointer<UInt8>, nonce: UInt64, header: UnsafeBufferPointer<UInt8>,
        furtherHeader: UnsafeBufferPointer<UInt8>? = nil, to target: UnsafeMutablePointer<UInt8>
    ) throws(PrimitivesError) {
        let size = plaintext.count
        guard sealing, size <= Int(Int32.max) - Self.tagSize else { throw .badSize }
        unsafe try begin(nonce: nonce, header: header, furtherHeader: furtherHeader)
        var written: Int32 = 0
        guard
            unsafe size == 0
                || EVP_CipherUpdate(context, target, &written, plaintext.baseAddress, Int32(size)) == 1,
            unsafe EVP_CipherFinal_ex(context, target + size, &written) == 1,
            unsafe conclave_aead_tag(context, UnsafeMutableRawPointer(target + size), Self.tagSize) == 1
        else { throw .cryptography }
    }

    /// Decrypts into memory with room for the plaintext, nil when there is none; on failure nothing of it is left
    /// there.
    @unsafe
    public func open(
        _ sealed: UnsafeBufferPointer<UInt8>, nonce: UInt64, header: UnsafeBufferPointer<UInt8>,
        furtherHeader: UnsafeBufferPointer<UInt8>? = nil, to target: UnsafeMutablePointer<UInt8>?
    ) throws(PrimitivesError) {
        let size = sealed.count - Self.tagSize
        guard !sealing, size >= 0, size <= Int(Int32.max) else { throw .badSize }
        guard let source = sealed.baseAddress, unsafe size == 0 || target != nil else { throw .badSize }
        let tag = unsafe UnsafeMutableRawPointer(mutating: source + size)
        unsafe try begin(nonce: nonce, header: header, furtherHeader: furtherHeader, tag: tag)
        var scratch: UInt8 = 0
        var written: Int32 = 0
        guard size > 0, let target = unsafe target else {
            guard unsafe EVP_CipherFinal_ex(context, &scratch, &written) == 1 else { throw .notAuthentic }
            return
        }
        guard unsafe EVP_CipherUpdate(context, target, &written, source, Int32(size)) == 1,
            unsafe EVP_CipherFinal_ex(context, &scratch, &written) == 1
        else {
            unsafe OPENSSL_cleanse(target, size)
            throw .notAuthentic
        }
    }

    /// Sets the nonce (four zero bytes, then the number), the authenticated header, and for opening the tag.
    @unsafe
    private func begin(
        nonce: UInt64, header: UnsafeBufferPointer<UInt8>, furtherHeader: UnsafeBufferPointer<UInt8>?,
        tag: UnsafeMutableRawPointer? = nil
    ) throws(PrimitivesError) {
        let words: InlineArray<3, UInt32> = [
            0, UInt32(truncatingIfNeeded: nonce >> 32).bigEndian, UInt32(truncatingIfNeeded: nonce).bigEndian,
        ]
        let initialised = unsafe words.span.bytes.withUnsafeBytes { (bytes) -> Bool in
            let vector = unsafe bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
            return unsafe conclave_aead_begin(context, vector, tag, Self.tagSize, sealing ? 1 : 0) == 1
        }
        var written: Int32 = 0
        guard initialised, let size = Int32(exactly: header.count),
            unsafe size == 0 || EVP_CipherUpdate(context, nil, &written, header.baseAddress, size) == 1
        else { throw .cryptography }
        guard let further = unsafe furtherHeader, further.count > 0 else { return }
        guard let size = Int32(exactly: further.count),
            unsafe EVP_CipherUpdate(context, nil, &written, further.baseAddress, size) == 1
        else { throw .cryptography }
    }
}
