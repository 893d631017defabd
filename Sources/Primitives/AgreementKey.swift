internal import COpenSSL

/// One half of a Diffie-Hellman agreement between two key pairs, over X25519 or P-256.
@safe
final class AgreementKey {
    /// The order of P-256 (FIPS 186-4, D.1.2.3).
    private static let order: [UInt8] = [
        0xFF, 0xFF, 0xFF, 0xFF, 0x00, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
        0xBC, 0xE6, 0xFA, 0xAD, 0xA7, 0x17, 0x9E, 0x84, 0xF3, 0xB9, 0xCA, 0xC2, 0xFC, 0x63, 0x25, 0x51,
    ]
    private static let size = 32

    let kind: WrappingKind
    let publicKey: [UInt8]

    /// Of X25519; P-256 has its scalar.
    private let key: OpaquePointer?
    private let scalar: SecretBytes
    private let curve: EllipticCurve?

    /// Makes a key pair of kind X25519 or P-256.
    convenience init(_ kind: WrappingKind, entropy: Entropy) throws(PrimitivesError) {
        // A number outside [1, order - 1] comes once in 2^32 times.
        for _ in 0..<8 {
            let secret = try SecretBytes(random: Self.size, from: entropy)
            if kind == .x25519 || Self.isScalar(secret) {
                try self.init(kind, secret: secret)
                return
            }
        }
        throw .entropy
    }

    /// The key pair of 32 secret bytes. Throws `.badSize` for a kind that has no such keys or a number out of range.
    init(_ kind: WrappingKind, secret: consuming SecretBytes) throws(PrimitivesError) {
        guard secret.count == Self.size else { throw .badSize }
        self.kind = kind
        switch kind {
        case .x25519:
            let key = unsafe secret.withBytes { (bytes) in
                unsafe EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, nil, bytes.baseAddress, bytes.count)
            }
            var publicKey = [UInt8](repeating: 0, count: Self.size)
            var written = Self.size
            guard let key = unsafe key else { throw .cryptography }
            guard unsafe EVP_PKEY_get_raw_public_key(key, &publicKey, &written) == 1, written == Self.size else {
                unsafe EVP_PKEY_free(key)
                throw .cryptography
            }
            self.publicKey = publicKey
            unsafe self.key = unsafe key
            curve = nil
            scalar = SecretBytes(zeros: 0)
        case .p256:
            guard Self.isScalar(secret) else { throw .badSize }
            let curve = try EllipticCurve()
            publicKey = try curve.multiply(nil, by: secret)
            unsafe key = nil
            self.curve = curve
            scalar = secret
        case .rsa:
            throw .badSize
        }
    }

    deinit { unsafe EVP_PKEY_free(key) }

    /// The secret that this key pair shares with another: 32 bytes. Throws `.badSize` for bytes that are no public key
    /// of this kind, or one of small order, with which everybody shares the same value.
    func agree(with other: [UInt8]) throws(PrimitivesError) -> SecretBytes {
        guard let key = unsafe key else {
            guard let curve else { throw .cryptography }
            return try curve.secretCoordinate(multiplying: other, by: scalar)
        }
        guard other.count == Self.size else { throw .badSize }
        ERR_set_mark()
        defer { ERR_pop_to_mark() }
        let peer = unsafe EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, nil, other, other.count)
        guard let peer = unsafe peer else { throw .cryptography }
        defer { unsafe EVP_PKEY_free(peer) }
        guard let context = unsafe EVP_PKEY_CTX_new(key, nil) else { throw .cryptography }
        defer { unsafe EVP_PKEY_CTX_free(context) }
        guard unsafe EVP_PKEY_derive_init(context) == 1, unsafe EVP_PKEY_derive_set_peer(context, peer) == 1 else {
            throw .badSize
        }
        let agreed = unsafe try SecretBytes(count: Self.size) { (buffer) throws(PrimitivesError) in
            var written = buffer.count
            guard unsafe EVP_PKEY_derive(context, buffer.baseAddress, &written) == 1, written == buffer.count else {
                throw .badSize
            }
        }
        // libcrypto refuses a zero result by itself; RFC 7748, 6.1 asks for it, and it is not left to one of the two.
        guard !agreed.equals(SecretBytes(zeros: Self.size)) else { throw .badSize }
        return agreed
    }

    /// Whether big-endian bytes are in [1, order - 1]. Those that are not are thrown away, so that time tells nothing.
    private static func isScalar(_ secret: borrowing SecretBytes) -> Bool {
        var isZero = true
        var isBelow: Bool? = nil
        unsafe secret.withBytes { (bytes) in
            for index in 0..<bytes.count {
                let byte = unsafe bytes[index]
                if byte != 0 { isZero = false }
                if isBelow == nil, byte != order[index] { isBelow = byte < order[index] }
            }
        }
        return !isZero && isBelow == true
    }
}
