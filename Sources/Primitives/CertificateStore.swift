internal import COpenSSL

/// Whom a member believes about certificates: trust anchors, and what was revoked. A value that never changes; renewed
/// anchors or lists are another store. Any number of threads may ask it.
@safe
public final class CertificateStore: @unchecked Sendable {
    /// How many intermediate certificates may lie between a member's and an anchor, at most.
    public static let depthLimit = 8

    let store: OpaquePointer
    let depth: Int32
    let hasRevocationLists: Bool

    /// A store of anchors and revocation lists, each as PEM text of several or one in DER.
    ///
    /// Every certificate in `anchors` is believed by itself: an authority, an intermediate one, or a member's own. With
    /// any revocation list, every certificate of a chain needs the list of its issuer, valid at the time of the check:
    /// a missing or outdated list refuses (fail closed). Only an anchor that is not self-signed needs none for itself:
    /// no list could be verified without its issuer, and who does not believe it any more takes it out. `depth` counts
    /// intermediate certificates, 0 to 8.
    ///
    /// Throws `.unfit` when there is no anchor or something cannot be read.
    public init(
        anchors: [UInt8], revocationLists: [UInt8] = [], depth: Int = 4
    ) throws(CertificateError) {
        guard (0...Self.depthLimit).contains(depth) else { throw .unfit }
        let anchors = try CertificateText.certificates(in: anchors)
        guard let store = unsafe X509_STORE_new() else { throw .failed }
        unsafe self.store = store
        self.depth = Int32(truncatingIfNeeded: depth)
        hasRevocationLists = !revocationLists.isEmpty
        for anchor in anchors {
            guard unsafe X509_STORE_add_cert(store, anchor.certificate) == 1 else { throw .failed }
        }
        if hasRevocationLists {
            unsafe try CertificateText.eachRevocationList(in: revocationLists) { (list) in
                unsafe X509_STORE_add_crl(store, list) == 1
            }
        }
    }

    deinit { unsafe X509_STORE_free(store) }

    /// Checks that an anchor vouches for the first certificate of a chain at a time, in seconds since 1970: signatures,
    /// validity, constraints, revocation, and keys and hashes of 112 bits of security at least.
    ///
    /// Throws why not. Names are for the caller to look at.
    public func verify(_ chain: [Certificate], now: Int64) throws(CertificateError) {
        guard !chain.isEmpty, chain.count <= CertifiedKey.chainLimit else { throw .unfit }
        ERR_set_mark()
        defer { ERR_pop_to_mark() }
        var pointers = unsafe chain.map { (certificate) -> OpaquePointer? in unsafe certificate.certificate }
        let code = unsafe conclave_verify_chain(
            store, &pointers, pointers.count, now, depth, hasRevocationLists ? 1 : 0)
        // What the pointers point to lives as long as the chain.
        withExtendedLifetime(chain) {}
        guard code != X509_V_OK else { return }
        throw Self.error(code)
    }

    /// What a code of libcrypto's verification means here.
    static func error(_ code: Int32) -> CertificateError {
        switch code {
        case X509_V_ERR_CERT_HAS_EXPIRED, X509_V_ERR_CERT_NOT_YET_VALID, X509_V_ERR_CRL_HAS_EXPIRED,
            X509_V_ERR_CRL_NOT_YET_VALID:
            .expired
        case X509_V_ERR_CERT_REVOKED: .revoked
        case X509_V_ERR_EE_KEY_TOO_SMALL, X509_V_ERR_CA_KEY_TOO_SMALL, X509_V_ERR_CA_MD_TOO_WEAK,
            X509_V_ERR_INVALID_PURPOSE:
            .unfit
        case X509_V_ERR_OUT_OF_MEM, X509_V_ERR_UNSPECIFIED, -1: .failed
        default: .untrusted
        }
    }
}

extension CertificateText {
    /// Hands over all revocation lists of a PEM text, or one in DER. Throws `.unfit` when there is none, or one that
    /// cannot be read or added.
    @unsafe
    static func eachRevocationList(
        in text: [UInt8], _ body: (OpaquePointer) -> Bool
    ) throws(CertificateError) {
        guard text.count <= sizeLimit else { throw .unfit }
        ERR_set_mark()
        defer { ERR_pop_to_mark() }
        guard isPEM(text) else {
            guard let list = unsafe conclave_read_revocation_list(text, text.count) else { throw .unfit }
            defer { unsafe X509_CRL_free(list) }
            guard unsafe body(list) else { throw .unfit }
            return
        }
        guard let bio = unsafe BIO_new_mem_buf(text, Int32(text.count)) else { throw .failed }
        defer { unsafe BIO_free(bio) }
        var count = 0
        while let list = unsafe conclave_next_revocation_list(bio) {
            defer { unsafe X509_CRL_free(list) }
            guard count < countLimit, unsafe body(list) else { throw .unfit }
            count += 1
        }
        guard conclave_is_end_of_text() != 0, count > 0 else { throw .unfit }
    }
}
