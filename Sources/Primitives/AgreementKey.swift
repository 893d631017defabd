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

    /// Whether 32 bytes are a coordinate of small order on Curve25519 or on its twist (RFC 7748, 6.1): with these, and
    /// with no others, every X25519 key shares the value zero. They are 0, 1 and -1, with second spellings above the
    /// prime, and two of order 8; the highest bit does not count.
    static func isOfSmallOrder(_ coordinate: [UInt8]) -> Bool {
        guard coordinate.count == size else { return false }
        let top = coordinate[size - 1] & 0x7F
        switch coordinate[0] {
        case 0, 1: if top == 0, coordinate[1..<size - 1].allSatisfy({ $0 == 0 }) { return true }
        // The prime is 2^255 - 19, which ends in 0xED.
        case 0xEC...0xEE: if top == 0x7F, coordinate[1..<size - 1].allSatisfy({ $0 == 0xFF }) { return true }
        default: break
        }
        return orderEight.contains { point in
            top == point[size - 1] && (0..<size - 1).allSatisfy { coordinate[$0] == point[$0] }
        }
    }

    private static let orderEight: [[UInt8]] = [
        [
            0xE0, 0xEB, 0x7A, 0x7C, 0x3B, 0x41, 0xB8, 0xAE, 0x16, 0x56, 0xE3, 0xFA, 0xF1, 0x9F, 0xC4, 0x6A,
            0xDA, 0x09, 0x8D, 0xEB, 0x9C, 0x32, 0xB1, 0xFD, 0x86, 0x62, 0x05, 0x16, 0x5F, 0x49, 0xB8, 0x00,
        ],
        [
            0x5F, 0x9C, 0x95, 0xBC, 0xA3, 0x50, 0x8C, 0x24, 0xB1, 0xD0, 0xB1, 0x55, 0x9C, 0x83, 0xEF, 0x5B,
            0x04, 0x44, 0x5C, 0xC4, 0x58, 0x1C, 0x8E, 0x86, 0xD8, 0x22, 0x4E, 0xDD, 0xD0, 0x9F, 0x11, 0x57,
        ],
    ]

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
