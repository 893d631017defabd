internal import COpenSSL

/// An Ed25519 public key as libcrypto has read it, which costs a twentieth of verifying a signature by it.
@safe
public final class VerificationKey: @unchecked Sendable {
    /// 32 bytes.
    public let publicKey: [UInt8]
    private let key: OpaquePointer

    /// Throws `.badSize` for bytes that cannot be a public key.
    public init(_ publicKey: [UInt8]) throws(PrimitivesError) {
        guard publicKey.count == Identity.publicKeySize else { throw .badSize }
        let key = unsafe EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nil, publicKey, publicKey.count)
        guard let key = unsafe key else { throw .cryptography }
        self.publicKey = publicKey
        unsafe self.key = key
    }

    deinit { unsafe EVP_PKEY_free(key) }

    /// Whether `signature` over `message` was made with the private half; false for one of the wrong size as well.
    public func verify(_ signature: [UInt8], over message: [UInt8]) -> Bool {
        guard signature.count == Identity.signatureSize else { return false }
        // A refused signature is an ordinary event; the host's queue of OpenSSL errors keeps no trace of it.
        ERR_set_mark()
        defer { ERR_pop_to_mark() }
        guard let context = unsafe EVP_MD_CTX_new() else { return false }
        defer { unsafe EVP_MD_CTX_free(context) }
        guard unsafe EVP_DigestVerifyInit(context, nil, nil, nil, key) == 1 else { return false }
        // Zero and negative results are failures alike.
        return unsafe EVP_DigestVerify(context, signature, signature.count, message, message.count) == 1
    }
}

/// The public keys that one owner verifies by, each read once: those used last, up to a number.
public struct VerificationKeys {
    /// In the order of their bytes.
    private var keys: [VerificationKey] = []
    private let limit: Int

    /// Keeps at most `limit` keys, and forgets all of them when another one comes.
    public init(limit: Int) { self.limit = limit }

    /// Whether `signature` over `message` was made with the private half of `publicKey`; false for a key or a
    /// signature of the wrong size as well.
    public mutating func verify(publicKey: [UInt8], signature: [UInt8], message: [UInt8]) -> Bool {
        #if SIMULATION
            if SimulatedSignature.isPublicKey(publicKey) {
                return signature == SimulatedSignature.tag(publicKey, message)
            }
        #endif
        var low = 0
        var high = keys.count
        while low < high {
            let middle = low + (high - low) / 2
            if keys[middle].publicKey.lexicographicallyPrecedes(publicKey) { low = middle + 1 } else { high = middle }
        }
        if low < keys.count, keys[low].publicKey == publicKey { return keys[low].verify(signature, over: message) }
        do throws(PrimitivesError) {
            let key = try VerificationKey(publicKey)
            if keys.count < limit {
                keys.insert(key, at: low)
            } else {
                keys = [key]
            }
            return key.verify(signature, over: message)
        } catch {
            return false
        }
    }
}
