public import CConclave
internal import Encrypt
internal import Primitives

extension Failure {
    /// What the encryption of a cluster refuses, in the terms of the C API.
    init(_ error: EncryptError) {
        switch error {
        case .malformed: self.init(CONCLAVE_E_MALFORMED)
        case .unsupportedVersion: self.init(CONCLAVE_E_UNSUPPORTED_VERSION)
        case .wrongCluster: self.init(CONCLAVE_E_WRONG_GROUP, "the message was made for another cluster")
        case .unknownEpoch: self.init(CONCLAVE_E_UNKNOWN_EPOCH)
        case .unknownSender: self.init(CONCLAVE_E_UNKNOWN_SENDER)
        case .wrongSender: self.init(CONCLAVE_E_WRONG_SENDER)
        case .wrongDestination: self.init(CONCLAVE_E_WRONG_DESTINATION)
        case .badSignature: self.init(CONCLAVE_E_BAD_SIGNATURE)
        case .badSeal: self.init(CONCLAVE_E_BAD_SEAL)
        case .replayed: self.init(CONCLAVE_E_REPLAYED)
        case .stale: self.init(CONCLAVE_E_STALE)
        case .notAwaited: self.init(CONCLAVE_E_WRONG_PHASE)
        case .notAdmitted:
            self.init(CONCLAVE_E_NOT_ADMITTED, "the admission policy does not accept the member: see the event")
        case .badArgument: self.init(CONCLAVE_E_INVALID_ARGUMENT)
        case .tooLong: self.init(CONCLAVE_E_TOO_LARGE, "a record holds at most 16 MiB")
        case .noKey: self.init(CONCLAVE_E_NO_KEY)
        case .hasLeft: self.init(CONCLAVE_E_LEFT)
        case .unknownKey: self.init(CONCLAVE_E_NOT_FOUND, "the ring has no key by this identifier")
        case .exhausted: self.init(CONCLAVE_E_EXHAUSTED)
        case .primitives(let error): self.init(error)
        }
    }
}

/// Runs what the encryption does, and says in the terms of the C API what it refuses.
func encrypting<R: ~Copyable>(_ body: () throws(EncryptError) -> R) throws(Failure) -> R {
    do throws(EncryptError) { return try body() } catch { throw Failure(error) }
}
