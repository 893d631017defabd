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
        guard sealing, size <= Int(Int32.max) - Self.tagSize, output.freeCapacity >= size + Self.tagSize else {
            throw .badSize
        }
        try begin(nonce: nonce, header: header)
        var done = true
        unsafe output.withUnsafeMutableBufferPointer { (buffer, initialized) in
            guard let start = buffer.baseAddress else { return }
            let target = unsafe start + initialized
            var written: Int32 = 0
            done =
                unsafe size == 0
                || EVP_CipherUpdate(context, target, &written, plaintext.baseAddress, Int32(size)) == 1
            done = unsafe done && EVP_CipherFinal_ex(context, target + size, &written) == 1
            done =
                unsafe done
                && EVP_CIPHER_CTX_ctrl(
                    context, EVP_CTRL_AEAD_GET_TAG, Int32(Self.tagSize), UnsafeMutableRawPointer(target + size)) == 1
            if done { initialized += size + Self.tagSize }
        }
        guard done else { throw .cryptography }
    }

    /// Verifies and decrypts ciphertext followed by its tag, and appends the plaintext to `output`; on failure
    /// `output` is unchanged.
    public func open(
        _ sealed: UnsafeBufferPointer<UInt8>, nonce: UInt64, header: borrowing Span<UInt8>,
        into output: inout OutputSpan<UInt8>
    ) throws(PrimitivesError) {
        let size = sealed.count - Self.tagSize
        guard !sealing, size >= 0, size <= Int(Int32.max), output.freeCapacity >= size else { throw .badSize }
        guard let source = sealed.baseAddress else { throw .badSize }
        try begin(nonce: nonce, header: header)
        let tag = unsafe UnsafeMutableRawPointer(mutating: source + size)
        guard unsafe EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, Int32(Self.tagSize), tag) == 1 else {
            throw .cryptography
        }
        var authentic = false
        unsafe output.withUnsafeMutableBufferPointer { (buffer, initialized) in
            var scratch: UInt8 = 0
            var written: Int32 = 0
            guard size > 0, let start = buffer.baseAddress else {
                authentic = unsafe EVP_CipherFinal_ex(context, &scratch, &written) == 1
                return
            }
            let target = unsafe start + initialized
            authentic =
                unsafe EVP_CipherUpdate(context, target, &written, source, Int32(size)) == 1
                && EVP_CipherFinal_ex(context, target + size, &written) == 1
            if authentic {
                initialized += size
            } else {
                unsafe OPENSSL_cleanse(target, size)
            }
        }
        guard authentic else { throw .notAuthentic }
    }

    /// Sets the nonce (four zero bytes, then the number) and the authenticated header.
    private func begin(nonce: UInt64, header: borrowing Span<UInt8>) throws(PrimitivesError) {
        let bigEndian = nonce.bigEndian
        var iv: (UInt32, UInt64) = (0, 0)
        var bytes: InlineArray<12, UInt8> = .init(repeating: 0)
        iv.1 = bigEndian
        for index in 0..<8 { bytes[4 + index] = UInt8(truncatingIfNeeded: iv.1 >> UInt64(8 * index)) }
        var written: Int32 = 0
        let initialised = unsafe bytes.span.withUnsafeBufferPointer { (buffer) -> Bool in
            unsafe EVP_CipherInit_ex(context, nil, nil, nil, buffer.baseAddress, sealing ? 1 : 0) == 1
        }
        guard initialised else { throw .cryptography }
        let accepted = unsafe header.withUnsafeBufferPointer { (buffer) -> Bool in
            unsafe buffer.count == 0
                || EVP_CipherUpdate(context, nil, &written, buffer.baseAddress, Int32(truncatingIfNeeded: buffer.count))
                    == 1
        }
        guard accepted else { throw .cryptography }
    }
}
