public import Primitives

/// The coordinator's side of one connection by which a member fetches a key. It moves no bytes and decides nothing
/// about membership: it hands over a request that is whole, and is told whom it comes from, or that it is nobody's.
///
/// `received` until it gives a request → `answer` or `refuse` → `takeOutput`, and the connection can be closed.
public final class KeyFetchSession {
    private let session: TLSSession
    private let credential: Credential
    private let coordinator: Introduction
    private let rules: CertificateRules
    private var input = FramedInput(limit: KeyFetchRequest.sizeLimit)
    private var request: KeyFetchRequest? = nil
    /// Whether both sides have shown certificates that the other believes.
    public var isEstablished: Bool { session.isEstablished }
    /// Whether the answer is given: nothing more is taken in.
    public private(set) var isAnswered = false

    /// A session with a credential as it is now: a renewed certificate goes into the next one. `date` is in seconds
    /// since 1970. Throws `.badArgument` for a credential without a certificate, and `.session`.
    public init(
        coordinator: Introduction, credential: Credential, rules: CertificateRules, date: Int64
    ) throws(KeyFetchFailure) {
        guard let certificate = credential.certificate else { throw .badArgument }
        do throws(TLSError) {
            session = try TLSSession(.server, certificate: certificate, store: rules.store, date: date)
        } catch {
            throw .session(error)
        }
        self.coordinator = coordinator
        self.credential = credential
        self.rules = rules
    }

    /// Takes in what the network brought. Gives the request once it is whole; the caller looks up the introduction by
    /// the digest `member` among the current members and calls `answer`, or `refuse` when it is not there.
    ///
    /// Requests for another cluster or coordinator are refused here. Whatever is thrown, the connection is to be closed
    /// when what `takeOutput` gives is sent.
    public func received(_ bytes: [UInt8]) throws(KeyFetchFailure) -> KeyFetchRequest? {
        guard !isAnswered else { return nil }
        do throws(TLSError) {
            try session.receive(bytes)
            guard session.isEstablished else { return nil }
            try input.read(from: session)
        } catch {
            throw .session(error)
        }
        guard try input.isWhole(), let size = input.size, request == nil else { return nil }
        let read: KeyFetchRequest
        do throws(CodecError) { read = try KeyFetchRequest(reading: input.bytes(0..<size)) } catch { throw .malformed }
        request = read
        guard read.cluster == coordinator.cluster else {
            try refuse(.wrongCluster)
            return nil
        }
        guard read.coordinator == coordinator.digest else {
            try refuse(.wrongCoordinator)
            return nil
        }
        return read
    }

    /// Hands the key of the current view to a member of it, whose introduction was found by the digest in the request:
    /// if the request is signed by its identity, for this session, and the certificate of the session admits it now
    /// (`date`, in seconds since 1970). `counter` is that of the view the key is of.
    ///
    /// Gives whether the key was handed: a request for a later view than there is is refused here. Throws
    /// `.badSignature` (then nothing is answered: whoever asks is not that member) and `.notAdmitted` (the member is
    /// told).
    @discardableResult
    public func answer(
        to member: Introduction, counter: UInt64, key: borrowing SecretBytes, date: Int64
    ) throws(KeyFetchFailure) -> Bool {
        guard let request, !isAnswered, key.count == KeyWrapper.secretSize, member.digest == request.member else {
            throw .badArgument
        }
        let message = request.signedBytes(binding: try binding())
        guard Identity.verify(publicKey: member.publicKey, signature: request.signature, message: message) else {
            isAnswered = true
            throw .badSignature
        }
        if let cause = Self.refusal(session, rules, member, date) {
            try refuse(.notAdmitted)
            throw .notAdmitted(cause)
        }
        guard counter >= request.counter else {
            try refuse(.unknownView)
            return false
        }
        let commitment: [UInt8]
        do throws(EncryptError) { commitment = try KeyFetchAnswer.commitment(to: key) } catch { throw .failed }
        try send(.key(counter: counter, commitment: commitment), key)
        return true
    }

    /// Refuses the request.
    public func refuse(_ cause: KeyFetchRefusal) throws(KeyFetchFailure) {
        guard request != nil, !isAnswered else { throw .badArgument }
        try send(.refused(cause), SecretBytes(zeros: 0))
    }

    /// Takes out what is to be sent.
    public func takeOutput() -> [UInt8] { session.takeOutput() }

    private func send(_ outcome: KeyFetchAnswer.Outcome, _ key: borrowing SecretBytes) throws(KeyFetchFailure) {
        guard let request else { throw .badArgument }
        isAnswered = true
        let binding = try binding()
        var answer: KeyFetchAnswer
        do throws(PrimitivesError) {
            answer = KeyFetchAnswer(request: try Digest.sha256(request.bytes), outcome: outcome)
            answer.signature = try credential.identity.sign(answer.signedBytes(binding: binding))
        } catch {
            throw .failed
        }
        try write(framed(answer.bytes, key: key))
        session.close()
    }

    private func write(_ plaintext: borrowing SecretBytes) throws(KeyFetchFailure) {
        do throws(TLSError) { try session.write(plaintext) } catch { throw .session(error) }
    }

    private func binding() throws(KeyFetchFailure) -> [UInt8] { try KeyFetchSession.binding(of: session) }

    static func binding(of session: TLSSession) throws(KeyFetchFailure) -> [UInt8] {
        do throws(TLSError) { return try session.binding() } catch { throw .session(error) }
    }

    /// Why the certificate that the other side of a session showed does not admit a member; nil when it does.
    static func refusal(
        _ session: TLSSession, _ rules: CertificateRules, _ member: Introduction, _ date: Int64
    ) -> AdmissionRefusal? {
        let chain: [Certificate]
        do throws(CertificateError) { chain = try session.peerChain() } catch { return .certificateUnfit }
        do throws(AdmissionRefusal) { try rules.check(chain, memberName: member.name, now: date) } catch {
            return error
        }
        return nil
    }
}
