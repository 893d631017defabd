internal import COpenSSL

/// Hash functions over public bytes (FIPS 180-4).
public enum Digest {
    /// SHA-256: 32 bytes.
    public static func sha256(_ bytes: [UInt8]) throws(PrimitivesError) -> [UInt8] {
        unsafe try compute(EVP_sha256(), 32, bytes)
    }

    /// SHA-512: 64 bytes.
    public static func sha512(_ bytes: [UInt8]) throws(PrimitivesError) -> [UInt8] {
        unsafe try compute(EVP_sha512(), 64, bytes)
    }

    private static func compute(
        _ algorithm: OpaquePointer?, _ size: Int, _ bytes: [UInt8]
    ) throws(PrimitivesError) -> [UInt8] {
        var output = [UInt8](repeating: 0, count: size)
        var written: UInt32 = 0
        guard unsafe EVP_Digest(bytes, bytes.count, &output, &written, algorithm, nil) == 1, written == size else {
            throw .cryptography
        }
        return output
    }
}
