public import Primitives

/// How long and how often a key is fetched, in milliseconds.
public struct KeyFetchLimits: Equatable, Sendable {
    /// How often it is tried at most.
    public var attempts = 5
    /// How long one attempt may take, from connecting to the answer.
    public var attemptTime: UInt64 = 5_000
    /// How long to wait before the second attempt; twice as long before each further one, and up to half of it more by
    /// chance, so that members that were refused together do not come again together.
    public var firstPause: UInt64 = 200
    /// The longest pause.
    public var longestPause: UInt64 = 5_000

    public init() {}
}

/// What the caller of a fetch is to do.
public enum KeyFetchAction: Equatable, Sendable {
    /// Connect to the coordinator; `connected` or `disconnected` tells how it went.
    case connect
    /// Send these bytes.
    case send([UInt8])
    /// Close the connection.
    case disconnect
    /// The key of a view is there: `takeKey`.
    case fetched(counter: UInt64)
    /// It has failed, and is not tried again.
    case failed(KeyFetchFailure)
}

/// A member fetches the key of a view from its coordinator over TLS 1.3: one attempt after another, each bounded in
/// time, with pauses between them. Nothing blocks; events go in, actions come out.
///
///     start ─→ connecting ──connected──→ talking ──answer──→ ended (fetched, or refused for good)
///                 ↑  │                      │
///                 │  └─ disconnected, tick ─┴─→ pausing ──tick──→ connecting, or ended when tried often enough
///                 └─────────────────────────────────┘
///
/// `now` is in milliseconds of a clock that never goes back, `date` in seconds since 1970.
public final class KeyFetch {
    private enum State {
        case idle
        case connecting(until: UInt64)
        case talking(TLSSession, until: UInt64)
        case pausing(until: UInt64)
        case ended
    }

    private let member: Introduction
    private let coordinator: Introduction
    private let counter: UInt64
    private let limits: KeyFetchLimits
    private let entropy: Entropy
    private var credential: Credential
    private var rules: CertificateRules
    private var state = State.idle
    private var request: KeyFetchRequest? = nil
    private var input = KeyFetch.noInput()
    private var key: SecretBytes? = nil
    /// How often it was tried so far.
    public private(set) var attempts = 0

    /// A fetch of the key of the view with a counter, or of a later one, by a member from the coordinator of that view.
    ///
    /// Throws `.badArgument` for a credential without a certificate, introductions of two clusters, and limits of zero.
    public init(
        counter: UInt64, member: Introduction, coordinator: Introduction, credential: Credential,
        rules: CertificateRules, limits: KeyFetchLimits = KeyFetchLimits(), entropy: Entropy
    ) throws(KeyFetchFailure) {
        guard credential.certificate != nil, credential.identity.publicKey == member.publicKey,
            member.cluster == coordinator.cluster, limits.attempts > 0, limits.attemptTime > 0
        else { throw .badArgument }
        self.counter = counter
        self.member = member
        self.coordinator = coordinator
        self.credential = credential
        self.rules = rules
        self.limits = limits
        self.entropy = entropy
    }

    /// When `tick` is to be called; nil: not at all.
    public var deadline: UInt64? {
        switch state {
        case .idle, .ended: nil
        case .connecting(let until), .talking(_, let until), .pausing(let until): until
        }
    }

    /// Renewed certificates: they are used from the next attempt on. Throws `.badArgument` for another identity, or a
    /// credential without a certificate.
    public func renew(credential: Credential, rules: CertificateRules) throws(KeyFetchFailure) {
        guard credential.certificate != nil, credential.identity.publicKey == member.publicKey else {
            throw .badArgument
        }
        self.credential = credential
        self.rules = rules
    }

    /// The key that was fetched, once.
    public func takeKey() -> SecretBytes? { key.take() }
}

// MARK: - Events

extension KeyFetch {
    /// Begins the first attempt.
    public func start(now: UInt64) -> [KeyFetchAction] {
        guard case .idle = state else { return [] }
        return connect(now)
    }

    /// There is a connection.
    public func connected(date: Int64) -> [KeyFetchAction] {
        guard case .connecting(let until) = state, let certificate = credential.certificate else { return [] }
        do throws(TLSError) {
            let session = try TLSSession(.client, certificate: certificate, store: rules.store, date: date)
            state = .talking(session, until: until)
            try session.receive([])
            return sending(session)
        } catch {
            return end(.session(error)) + [.disconnect]
        }
    }

    /// The network brought bytes.
    public func received(_ bytes: [UInt8], now: UInt64, date: Int64) -> [KeyFetchAction] {
        guard case .talking(let session, _) = state else { return [] }
        do throws(KeyFetchFailure) {
            do throws(TLSError) { try session.receive(bytes) } catch { throw .session(error) }
            guard session.isEstablished else { return sending(session) }
            if request == nil { try ask(session, date) }
            guard let fetched = try readAnswer(session) else { return sending(session) }
            session.close()
            let actions = sending(session)
            state = .ended
            return actions + [.disconnect, .fetched(counter: fetched)]
        } catch {
            return sending(session) + [.disconnect] + failed(error, now)
        }
    }

    /// There is no connection, or no longer.
    public func disconnected(now: UInt64) -> [KeyFetchAction] {
        switch state {
        case .connecting, .talking: failed(.disconnected, now)
        case .idle, .pausing, .ended: []
        }
    }

    /// Time has passed.
    public func tick(now: UInt64) -> [KeyFetchAction] {
        switch state {
        case .connecting(let until), .talking(_, let until):
            now >= until ? [.disconnect] + failed(.timedOut, now) : []
        case .pausing(let until):
            now >= until ? connect(now) : []
        case .idle, .ended: []
        }
    }

    /// Ends the fetch: its reason is gone.
    public func cancel() -> [KeyFetchAction] {
        switch state {
        case .connecting, .talking:
            state = .ended
            return [.disconnect]
        case .idle, .pausing, .ended:
            state = .ended
            return []
        }
    }
}

// MARK: - Attempts

extension KeyFetch {
    private func connect(_ now: UInt64) -> [KeyFetchAction] {
        attempts += 1
        request = nil
        input = Self.noInput()
        state = .connecting(until: later(now, limits.attemptTime))
        return [.connect]
    }

    private static func noInput() -> FramedInput { FramedInput(limit: KeyFetchAnswer.size + KeyWrapper.secretSize) }

    private func failed(_ failure: KeyFetchFailure, _ now: UInt64) -> [KeyFetchAction] {
        if case .refused(let cause) = failure, cause.isFinal { return end(failure) }
        guard attempts < limits.attempts else { return end(failure) }
        var pause = limits.firstPause
        for _ in 1..<attempts {
            pause = min(pause.multipliedReportingOverflow(by: 2).partialValue, limits.longestPause)
        }
        pause = min(pause, limits.longestPause)
        let chance = try? entropy.nonzeroUInt64()
        state = .pausing(until: later(now, pause &+ (chance ?? 0) % (pause / 2 + 1)))
        return []
    }

    private func end(_ failure: KeyFetchFailure) -> [KeyFetchAction] {
        state = .ended
        return [.failed(failure)]
    }

    private func sending(_ session: TLSSession) -> [KeyFetchAction] {
        let bytes = session.takeOutput()
        return bytes.isEmpty ? [] : [.send(bytes)]
    }

    private func later(_ now: UInt64, _ time: UInt64) -> UInt64 {
        let (sum, isOver) = now.addingReportingOverflow(time)
        return isOver ? .max : sum
    }

    /// Asks, when the other side has shown a certificate that admits the coordinator.
    private func ask(_ session: TLSSession, _ date: Int64) throws(KeyFetchFailure) {
        if let cause = KeyFetchSession.refusal(session, rules, coordinator, date) { throw .notAdmitted(cause) }
        var request = KeyFetchRequest(
            cluster: member.cluster, counter: counter, member: member.digest, coordinator: coordinator.digest)
        let message = request.signedBytes(binding: try KeyFetchSession.binding(of: session))
        do throws(PrimitivesError) { request.signature = try credential.identity.sign(message) } catch {
            throw .failed
        }
        self.request = request
        do throws(TLSError) { try session.write(framed(request.bytes, key: SecretBytes(zeros: 0))) } catch {
            throw .session(error)
        }
    }

    /// The counter of the view whose key came; nil while the answer is not whole.
    private func readAnswer(_ session: TLSSession) throws(KeyFetchFailure) -> UInt64? {
        do throws(TLSError) { try input.read(from: session) } catch {
            // The answer may be whole although the session is at its end.
            guard input.count > 2 else { throw .session(error) }
        }
        guard let size = input.size else { return nil }
        let keySize = size - KeyFetchAnswer.size
        guard keySize == 0 || keySize == KeyWrapper.secretSize else { throw .malformed }
        return try input.isWhole() ? accept(session, hasKey: keySize != 0) : nil
    }

    private func accept(_ session: TLSSession, hasKey: Bool) throws(KeyFetchFailure) -> UInt64 {
        guard let request else { throw .malformed }
        let answer: KeyFetchAnswer
        do throws(CodecError) { answer = try KeyFetchAnswer(reading: input.bytes(0..<KeyFetchAnswer.size)) } catch {
            throw .malformed
        }
        let message = answer.signedBytes(binding: try KeyFetchSession.binding(of: session))
        guard Identity.verify(publicKey: coordinator.publicKey, signature: answer.signature, message: message) else {
            throw .badSignature
        }
        do throws(PrimitivesError) {
            guard answer.request == (try Digest.sha256(request.bytes)) else { throw PrimitivesError.notAuthentic }
        } catch {
            throw .malformed
        }
        switch answer.outcome {
        case .refused(let cause):
            guard !hasKey else { throw .malformed }
            throw .refused(cause)
        case .key(let counter, let commitment):
            guard hasKey, counter >= self.counter else { throw .malformed }
            let key = input.secret(KeyFetchAnswer.size..<KeyFetchAnswer.size + KeyWrapper.secretSize)
            do throws(EncryptError) {
                guard try KeyFetchAnswer.commitment(to: key) == commitment else { throw EncryptError.badSeal }
            } catch {
                throw .malformed
            }
            self.key = consume key
            input = Self.noInput()
            return counter
        }
    }
}
