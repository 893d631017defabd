internal import COpenSSL

/// Why a TLS session has ended. Whatever it is, nothing goes on.
public enum TLSError: Error, Equatable, Sendable {
    /// The other side's certificate.
    case badCertificate(CertificateError)
    /// Bytes that are not TLS 1.3 as it is spoken here, a side without a certificate, or an alert of the other side: it
    /// may not like our certificate.
    case badProtocol
    /// The other side has ended the session.
    case closed
    /// More than the session may take in.
    case tooLong
    /// Not before the handshake is done.
    case notEstablished
    /// libssl failed for a reason that no input explains.
    case failed
}

/// One side of a TLS 1.3 session in which both sides show certificates (RFC 8446). It moves no bytes: what comes from
/// the network is handed in, and what is to be sent is taken out. Tickets, resumption, early data and anything before
/// TLS 1.3 are off. Used by one thread at a time. libssl can tell what happened only when the thread's queue of OpenSSL
/// errors is empty, and so it is emptied.
@safe
public final class TLSSession {
    /// Which side this is.
    public enum Role: Sendable, Equatable {
        case client
        case server
    }

    /// Which side this is.
    public let role: Role
    /// The bytes that the session takes in altogether; a handshake takes less than 70 KiB.
    public let receiveLimit: Int

    private let context: OpaquePointer
    private let session: OpaquePointer
    private var receivedSize = 0
    private var failure: TLSError? = nil
    /// Whether both sides have proved themselves.
    public private(set) var isEstablished = false

    /// Begins a session. The other side's certificate is judged by `store` at `date`, in seconds since 1970; its names
    /// are for the caller to look at, in `peerChain`, before it believes anything.
    ///
    /// Throws `.failed`.
    public init(
        _ role: Role, certificate: CertifiedKey, store: CertificateStore, date: Int64, receiveLimit: Int = 128 * 1024
    ) throws(TLSError) {
        let isServer: Int32 = role == .server ? 1 : 0
        var chain = unsafe certificate.chain.map { (link) -> OpaquePointer? in unsafe link.certificate }
        ERR_set_mark()
        defer { ERR_pop_to_mark() }
        let context = unsafe conclave_tls_context(isServer, &chain, chain.count, certificate.key.key, store.store)
        guard let context = unsafe context else { throw .failed }
        let session = unsafe conclave_tls_session(
            context, isServer, date, store.depth, store.hasRevocationLists ? 1 : 0)
        guard let session = unsafe session else {
            unsafe SSL_CTX_free(context)
            throw .failed
        }
        self.role = role
        self.receiveLimit = receiveLimit
        unsafe self.context = context
        unsafe self.session = session
    }

    deinit {
        unsafe SSL_free(session)
        unsafe SSL_CTX_free(context)
    }

    /// Takes in what the network brought (nothing, for a client to begin), and goes on with the handshake. What is to
    /// be sent, an alert as well, is in `takeOutput` afterwards, whether it throws or not.
    public func receive(_ bytes: [UInt8]) throws(TLSError) {
        if let failure { throw failure }
        guard bytes.count <= receiveLimit - receivedSize else { throw fail(.tooLong) }
        receivedSize += bytes.count
        ERR_set_mark()
        defer { ERR_pop_to_mark() }
        if !bytes.isEmpty, unsafe conclave_tls_feed(session, bytes, bytes.count) != 1 { throw fail(.failed) }
        guard !isEstablished else { return }
        ERR_clear_error()
        let status = unsafe SSL_do_handshake(session)
        guard status == 1 else { return try check(status) }
        guard unsafe conclave_tls_has_protocol(session) != 0, unsafe SSL_get0_peer_certificate(session) != nil,
            unsafe SSL_get_verify_result(session) == Int(X509_V_OK)
        else { throw fail(.badProtocol) }
        isEstablished = true
    }

    /// Takes out what is to be sent to the other side.
    public func takeOutput() -> [UInt8] {
        let size = unsafe conclave_tls_output_size(session)
        guard size > 0 else { return [] }
        var bytes = [UInt8](repeating: 0, count: size)
        guard unsafe conclave_tls_take_output(session, &bytes, size) == 1 else { return [] }
        return bytes
    }

    /// Encrypts bytes for the other side. Throws `.notEstablished` before the handshake is done.
    public func write(_ plaintext: borrowing SecretBytes) throws(TLSError) {
        if let failure { throw failure }
        guard isEstablished else { throw .notEstablished }
        ERR_set_mark()
        defer { ERR_pop_to_mark() }
        ERR_clear_error()
        var written = 0
        let status = unsafe plaintext.withBytes { (bytes) in
            unsafe SSL_write_ex(session, bytes.baseAddress, bytes.count, &written)
        }
        // What is to be written fits one record, and memory takes it at once.
        guard status == 1, written == plaintext.count else { throw fail(.failed) }
    }

    /// Decrypts what the other side sent, at most `limit` bytes; nil when nothing is there yet.
    public func read(limit: Int) throws(TLSError) -> SecretBytes? {
        if let failure { throw failure }
        guard isEstablished else { throw .notEstablished }
        var buffer = SecretBytes(zeros: limit)
        var size = 0
        ERR_set_mark()
        defer { ERR_pop_to_mark() }
        ERR_clear_error()
        let status = unsafe buffer.withMutableBytes { (bytes) in
            unsafe SSL_read_ex(session, bytes.baseAddress, bytes.count, &size)
        }
        guard status == 1 else {
            try check(status)
            return nil
        }
        let count = size
        return unsafe SecretBytes(count: count) { (target) in
            unsafe buffer.withBytes { (bytes) in
                for index in 0..<count { unsafe target[index] = bytes[index] }
            }
        }
    }

    /// Tells the other side that nothing more comes.
    public func close() {
        guard failure == nil, isEstablished else { return }
        ERR_set_mark()
        defer { ERR_pop_to_mark() }
        _ = unsafe SSL_shutdown(session)
    }

    /// The certificates that the other side showed, its own first. Empty before the handshake is done.
    public func peerChain() throws(CertificateError) -> [Certificate] {
        guard isEstablished else { return [] }
        let isServer: Int32 = role == .server ? 1 : 0
        var chain: [Certificate] = []
        for index in 0..<min(unsafe conclave_tls_peer_count(session, isServer), Int32(CertifiedKey.chainLimit)) {
            guard let link = unsafe conclave_tls_peer_at(session, isServer, index) else { throw .failed }
            let size = unsafe conclave_certificate_bytes(link, nil)
            guard size > 0 else { throw .failed }
            var bytes = [UInt8](repeating: 0, count: Int(size))
            guard unsafe conclave_certificate_bytes(link, &bytes) == size else { throw .failed }
            chain.append(try Certificate(reading: bytes))
        }
        return chain
    }

    /// 32 bytes that only the two ends of this session know (RFC 8446, 7.5): what is signed over them is of this
    /// session, and nobody between could have passed it on.
    public func binding() throws(TLSError) -> [UInt8] {
        guard isEstablished else { throw .notEstablished }
        let label = Array("EXPORTER-conclave key fetch".utf8)
        var bytes = [UInt8](repeating: 0, count: 32)
        let status = unsafe label.withUnsafeBytes { (text) in
            unsafe SSL_export_keying_material(
                session, &bytes, 32, text.baseAddress?.assumingMemoryBound(to: CChar.self), label.count, nil, 0, 0)
        }
        guard status == 1 else { throw .failed }
        return bytes
    }

    private func check(_ status: Int32) throws(TLSError) {
        switch unsafe SSL_get_error(session, status) {
        case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: return
        case SSL_ERROR_ZERO_RETURN: throw fail(.closed)
        default:
            let verified = Int32(truncatingIfNeeded: unsafe SSL_get_verify_result(session))
            guard verified == X509_V_OK else { throw fail(.badCertificate(CertificateStore.error(verified))) }
            throw fail(.badProtocol)
        }
    }

    private func fail(_ error: TLSError) -> TLSError {
        failure = error
        return error
    }
}
