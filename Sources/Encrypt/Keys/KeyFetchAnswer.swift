public import Primitives

/// Why a coordinator hands out no key.
public enum KeyFetchRefusal: UInt8, Equatable, Sendable {
    /// Who asks is not (or no longer) in the view.
    case notMember = 1
    /// It is asked for another cluster.
    case wrongCluster = 2
    /// It has not come to that view, or cannot tell its key.
    case unknownView = 3
    /// Another coordinator, or another start of it, was meant.
    case wrongCoordinator = 4
    /// The certificate does not admit the member.
    case notAdmitted = 5
    /// For a reason that this build does not know.
    case other = 255

    /// Whether asking again is of no use.
    public var isFinal: Bool {
        switch self {
        case .notMember, .wrongCluster, .notAdmitted: true
        case .unknownView, .wrongCoordinator, .other: false
        }
    }
}

/// What a coordinator answers: version, kind, digest of the request, refusal or 0, counter of the view, a commitment to
/// the key, signature of the coordinator's identity over all of that and over what is secret to the session. The key,
/// 32 bytes, follows it unless the request is refused.
struct KeyFetchAnswer: Equatable, Sendable {
    static let version: UInt8 = 1
    static let kind: UInt8 = 0x42
    /// Bytes of an answer, without the key.
    static let size = 2 + 32 + 1 + 8 + 32 + Identity.signatureSize

    enum Outcome: Equatable, Sendable {
        case key(counter: UInt64, commitment: [UInt8])
        case refused(KeyFetchRefusal)
    }

    /// SHA-256 of the request.
    let request: [UInt8]
    let outcome: Outcome
    var signature: [UInt8] = []

    init(request: [UInt8], outcome: Outcome) {
        self.request = request
        self.outcome = outcome
    }

    init(reading bytes: [UInt8]) throws(CodecError) {
        var reader = ByteReader(bytes)
        guard try reader.readUInt8() == Self.version, try reader.readUInt8() == Self.kind else { throw .badValue }
        request = try reader.readRaw(32)
        let refusal = try reader.readUInt8()
        let counter = try reader.readUInt64()
        let commitment = try reader.readRaw(32)
        signature = try reader.readRaw(Identity.signatureSize)
        try reader.finish()
        if refusal == 0 {
            outcome = .key(counter: counter, commitment: commitment)
        } else {
            guard let refusal = KeyFetchRefusal(rawValue: refusal), counter == 0, commitment == Self.nothing else {
                throw .badValue
            }
            outcome = .refused(refusal)
        }
    }

    var bytes: [UInt8] { unsigned + signature }

    private static let nothing = [UInt8](repeating: 0, count: 32)

    private var unsigned: [UInt8] {
        var writer = ByteWriter(capacity: Self.size)
        writer.writeUInt8(Self.version)
        writer.writeUInt8(Self.kind)
        writer.writeRaw(request)
        switch outcome {
        case .key(let counter, let commitment):
            writer.writeUInt8(0)
            writer.writeUInt64(counter)
            writer.writeRaw(commitment)
        case .refused(let refusal):
            writer.writeUInt8(refusal.rawValue)
            writer.writeUInt64(0)
            writer.writeRaw(Self.nothing)
        }
        return writer.bytes
    }

    /// What is signed; `binding` is `TLSSession.binding`.
    func signedBytes(binding: [UInt8]) -> [UInt8] {
        var writer = ByteWriter(capacity: Self.size + 64)
        writer.writeVector8(Array("conclave key fetch answer".utf8))
        writer.writeVector8(binding)
        writer.writeRaw(unsigned)
        return writer.bytes
    }

    /// What commits a signature to a key without showing it.
    static func commitment(to key: borrowing SecretBytes) throws(EncryptError) -> [UInt8] {
        do throws(PrimitivesError) {
            return try KeyDerivation.authenticationCode(key: key, over: Array("conclave key fetch".utf8))
        } catch {
            throw .primitives(error)
        }
    }
}

/// Why a fetch, or one attempt of it, has failed.
public enum KeyFetchFailure: Error, Equatable, Sendable {
    /// The TLS session has ended.
    case session(TLSError)
    /// The other side's certificate is right for TLS, and not for this cluster.
    case notAdmitted(AdmissionRefusal)
    /// The other side said something that is no message, or no answer to what was asked.
    case malformed
    /// The other side is not the member that it should be.
    case badSignature
    /// The other side has refused.
    case refused(KeyFetchRefusal)
    /// There was no connection, or it was lost.
    case disconnected
    /// The other side was too slow.
    case timedOut
    /// Called out of turn, or with something that does not fit.
    case badArgument
    /// A primitive failed.
    case failed

    init(_ error: EncryptError) { self = error == .badArgument ? .badArgument : .failed }
}
