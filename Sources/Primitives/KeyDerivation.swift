internal import COpenSSL

/// HKDF with SHA-256 (RFC 5869) and HMAC-SHA-256 (RFC 2104), over secrets that stay in `SecretBytes`.
public enum KeyDerivation {
    /// Derives `count` secret bytes, at most 255 × 32.
    ///
    /// `label` and `context` are told apart by their lengths, so that no two pairs derive the same bytes.
    public static func derive(
        from secret: borrowing SecretBytes, salt: [UInt8] = [], label: StaticString, context: [UInt8],
        count: Int
    ) throws(PrimitivesError) -> SecretBytes {
        try derive(from: secret, salt: salt, info: info(label, context), count: count)
    }

    /// HKDF with the caller's own `info`.
    public static func derive(
        from secret: borrowing SecretBytes, salt: [UInt8], info: [UInt8], count: Int
    ) throws(PrimitivesError) -> SecretBytes {
        guard count > 0, count <= 255 * 32 else { throw .badSize }
        guard let kdf = unsafe EVP_KDF_fetch(nil, "HKDF", nil) else { throw .cryptography }
        defer { unsafe EVP_KDF_free(kdf) }
        return unsafe try SecretBytes(count: count) { (output) throws(PrimitivesError) in
            let done = unsafe secret.withBytes { (input) -> Int32 in
                unsafe conclave_hkdf(
                    kdf, "SHA256", input.baseAddress, input.count, salt, salt.count, info, info.count,
                    output.baseAddress, output.count)
            }
            guard done == 1 else { throw .cryptography }
        }
    }

    /// A public value derived from a secret (a fingerprint, a confirmation): 32 bytes of HMAC-SHA-256.
    public static func authenticationCode(
        key: borrowing SecretBytes, over bytes: [UInt8]
    ) throws(PrimitivesError) -> [UInt8] {
        var output = [UInt8](repeating: 0, count: 32)
        var written: UInt32 = 0
        let done = unsafe key.withBytes { (secret) -> Bool in
            unsafe HMAC(
                EVP_sha256(), secret.baseAddress, Int32(truncatingIfNeeded: secret.count), bytes, bytes.count,
                &output, &written) != nil
        }
        guard done, written == 32 else { throw .cryptography }
        return output
    }

    private static func info(_ label: StaticString, _ context: [UInt8]) -> [UInt8] {
        var writer = ByteWriter(capacity: label.utf8CodeUnitCount + context.count + 8)
        var text: [UInt8] = []
        label.withUTF8Buffer { buffer in unsafe text.append(contentsOf: buffer) }
        writer.writeVector8(text)
        writer.writeVector32(context)
        return writer.bytes
    }
}
