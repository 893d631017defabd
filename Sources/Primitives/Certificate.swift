internal import COpenSSL

/// What is wrong with a certificate, or with what should check it.
public enum CertificateError: Error, Equatable, Sendable {
    /// Cannot be read, is too weak, is not for this use, or belongs to another key.
    case unfit
    /// No trust anchor vouches for it.
    case untrusted
    /// It, one above it or a revocation list is not valid at this time.
    case expired
    /// It, or one above it, was revoked.
    case revoked
    /// libcrypto failed for a reason that no input explains.
    case failed
}

/// A name that a certificate vouches for.
public struct CertificateName: Equatable, Sendable {
    /// What sort of name it is.
    public enum Kind: UInt8, Sendable, Equatable {
        /// A DNS name among the subject's alternative names.
        case dns = 1
        /// A URI among the subject's alternative names.
        case uri = 2
        /// The subject's common name, when it has exactly one.
        case commonName = 3
    }

    public let kind: Kind
    /// The name's bytes: ASCII for DNS names and URIs, UTF-8 for common names. No zero byte is among them.
    public let value: [UInt8]

    public init(kind: Kind, value: [UInt8]) {
        self.kind = kind
        self.value = value
    }
}

/// An X.509 certificate (RFC 5280). Reading one says nothing about whether to believe it: see `CertificateStore`.
@safe
public final class Certificate: @unchecked Sendable {
    /// The longest certificate that is read, in bytes.
    public static let sizeLimit = 16_384
    /// How many names of a certificate are looked at.
    static let nameLimit = 64

    /// The bytes it was read from.
    public let bytes: [UInt8]
    /// The algorithm of its key.
    public let algorithm: CertificateAlgorithm
    /// The names that it vouches for.
    public let names: [CertificateName]
    /// Whether it is for saying who a member is: its key usage allows signatures, and its extended key usage to
    /// authenticate a server, a client or anything (a certificate without these extensions allows everything).
    public let mayAuthenticate: Bool

    let certificate: OpaquePointer
    private let key: OpaquePointer

    /// Reads DER with nothing behind it. Throws `.unfit` for anything else, and for a key that is too weak or of an
    /// algorithm that is not used here.
    public init(reading bytes: [UInt8]) throws(CertificateError) {
        ERR_set_mark()
        defer { ERR_pop_to_mark() }
        guard bytes.count <= Self.sizeLimit, let certificate = unsafe conclave_read_certificate(bytes, bytes.count)
        else { throw .unfit }
        guard let key = unsafe X509_get0_pubkey(certificate),
            let algorithm = unsafe CertificateAlgorithm(conclave_key_algorithm(key))
        else {
            unsafe X509_free(certificate)
            throw .unfit
        }
        self.bytes = bytes
        self.algorithm = algorithm
        mayAuthenticate = unsafe conclave_may_sign(certificate) != 0 && conclave_may_authenticate(certificate) != 0
        names = unsafe Self.names(of: certificate)
        unsafe self.certificate = certificate
        unsafe self.key = key
    }

    deinit { unsafe X509_free(certificate) }

    /// Whether a signature over a message was made with the private key of this certificate.
    public func isSignature(_ signature: [UInt8], over message: [UInt8]) -> Bool {
        ERR_set_mark()
        defer { ERR_pop_to_mark() }
        guard let context = unsafe EVP_MD_CTX_new() else { return false }
        defer { unsafe EVP_MD_CTX_free(context) }
        guard unsafe conclave_signature_begin(context, key, 0) == 1 else { return false }
        // Zero and negative results are failures alike.
        return unsafe EVP_DigestVerify(context, signature, signature.count, message, message.count) == 1
    }

    /// Whether the certificate is for this private key.
    public func matches(_ privateKey: CertificateKey) -> Bool {
        ERR_set_mark()
        defer { ERR_pop_to_mark() }
        return unsafe EVP_PKEY_eq(key, privateKey.key) == 1
    }

    @unsafe
    private static func names(of certificate: OpaquePointer) -> [CertificateName] {
        var result: [CertificateName] = []
        let names = unsafe conclave_alternative_names(certificate)
        defer { unsafe conclave_names_free(names) }
        for index in 0..<min(unsafe conclave_names_count(names), Int32(nameLimit)) {
            var bytes: UnsafePointer<UInt8>? = nil
            var size: Int32 = 0
            let kind = unsafe conclave_name_at(names, index, &bytes, &size)
            guard let kind = CertificateName.Kind(rawValue: UInt8(truncatingIfNeeded: kind)), kind != .commonName
            else { continue }
            unsafe append(kind, bytes, size, to: &result)
        }
        var common: UnsafeMutablePointer<UInt8>? = nil
        let size = unsafe conclave_common_name(certificate, &common)
        unsafe append(.commonName, UnsafePointer(common), size, to: &result)
        unsafe conclave_free_bytes(common)
        return result
    }

    /// A name with a zero byte in it is meant to be read in two ways, and is none.
    @unsafe
    private static func append(
        _ kind: CertificateName.Kind, _ bytes: UnsafePointer<UInt8>?, _ size: Int32, to names: inout [CertificateName]
    ) {
        guard let bytes = unsafe bytes, size > 0 else { return }
        let value = unsafe [UInt8](copying: UnsafeRawBufferPointer(start: bytes, count: Int(size)))
        if !value.contains(0) { names.append(CertificateName(kind: kind, value: value)) }
    }
}

/// A member's own certificate: the chain, its own first, and the private key.
public final class CertifiedKey: Sendable {
    /// How many certificates a chain holds at most.
    public static let chainLimit = 8

    /// The chain, the member's own certificate first.
    public let chain: [Certificate]
    /// The private key of the first one.
    public let key: CertificateKey

    /// Takes a chain of certificates as PEM text (or one in DER), the member's own first.
    ///
    /// Throws `.unfit` when one cannot be read, is too weak, or the first one is not for this key.
    public init(chain: [UInt8], key: CertificateKey) throws(CertificateError) {
        let chain = try CertificateText.certificates(in: chain)
        guard let first = chain.first, chain.count <= Self.chainLimit, first.matches(key) else { throw .unfit }
        self.chain = chain
        self.key = key
    }
}

/// Certificates in files.
enum CertificateText {
    /// The longest text of certificates, or of revocation lists, that is read.
    static let sizeLimit = 4 << 20
    /// How many certificates, or lists, are read at most.
    static let countLimit = 1_024

    static func isPEM(_ text: [UInt8]) -> Bool {
        // DER of a certificate, and of a list, begins with a sequence.
        text.first != 0x30
    }

    /// All certificates of a PEM text, or one in DER. Throws `.unfit` when there is none, or one that cannot be read.
    static func certificates(in text: [UInt8]) throws(CertificateError) -> [Certificate] {
        guard text.count <= sizeLimit else { throw .unfit }
        guard isPEM(text) else { return [try Certificate(reading: text)] }
        ERR_set_mark()
        defer { ERR_pop_to_mark() }
        guard let bio = unsafe BIO_new_mem_buf(text, Int32(text.count)) else { throw .failed }
        defer { unsafe BIO_free(bio) }
        var certificates: [Certificate] = []
        while let next = unsafe conclave_next_certificate(bio) {
            defer { unsafe X509_free(next) }
            let size = unsafe conclave_certificate_bytes(next, nil)
            guard size > 0, certificates.count < countLimit else { throw .unfit }
            var bytes = [UInt8](repeating: 0, count: Int(size))
            guard unsafe conclave_certificate_bytes(next, &bytes) == size else { throw .failed }
            certificates.append(try Certificate(reading: bytes))
        }
        guard conclave_is_end_of_text() != 0, !certificates.isEmpty else { throw .unfit }
        return certificates
    }
}
