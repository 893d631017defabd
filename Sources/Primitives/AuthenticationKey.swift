internal import COpenSSL

/// A key of HMAC-SHA-256 (RFC 2104) for many messages: what the key costs is paid once. The key stays inside libcrypto
/// and is wiped there when its owner goes. A code changes nothing in it, so that it serves any number of threads.
@safe
public final class AuthenticationKey: @unchecked Sendable {
    private let context: OpaquePointer

    /// Copies a key of any size. Throws `.cryptography`.
    public init(_ key: borrowing SecretBytes) throws(PrimitivesError) {
        let context = unsafe key.withBytes { (bytes) in unsafe conclave_hmac_new(bytes.baseAddress, bytes.count) }
        guard let context = unsafe context else { throw .cryptography }
        unsafe self.context = context
    }

    deinit { unsafe EVP_MAC_CTX_free(context) }

    /// The code of a message: 32 bytes, the same as those of `KeyDerivation.authenticationCode`.
    public func code(over bytes: [UInt8]) throws(PrimitivesError) -> [UInt8] {
        var code = [UInt8](repeating: 0, count: 32)
        guard unsafe conclave_hmac(context, bytes, bytes.count, &code) == 1 else { throw .cryptography }
        return code
    }
}
