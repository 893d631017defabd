public import Primitives

/// The keys of one encrypted view, all derived from its secret with the transcript as salt (HKDF, RFC 5869):
///
///     secret, transcript ──┬── "epoch identifier", parameters ──▶ 16 public bytes, which every record carries
///                          └── "sender", parameters, introduction digest ──▶ one AEAD key a sender
///
/// An introduction is fresh each time that its member starts, and numbers count from 1: so no nonce is used twice with
/// a key, restarts included. The transcript names cluster, counter, coordinator and every member's introduction: who
/// sees another view has other keys. A sender's key is derived when it is first needed.
public final class Epoch {
    /// Bytes of a secret.
    public static let secretSize = 32
    /// Bytes of a transcript.
    public static let transcriptSize = 32
    /// Bytes of an identifier.
    public static let identifierSize = 16
    /// The most members, since a place has two bytes.
    public static let memberLimit = 65_535
    /// The last number of a sender. A key change is due long before: at a million records a second it takes nine years.
    static let numberLimit: UInt64 = 1 << 48

    /// What records of one sender are opened with.
    final class Sender {
        let cipher: AuthenticatedCipher
        var window: ReplayWindow
        /// The sender's public key, read when its first signature is verified.
        var verification = VerificationKeys(limit: 1)
        /// The counter of the newer view of which it is known that the sender is in it, and whether it is.
        var standing: (counter: UInt64, isMember: Bool)? = nil

        init(cipher: AuthenticatedCipher, window: ReplayWindow) {
            self.cipher = cipher
            self.window = window
        }
    }

    /// The public name of the keys: derived, never supplied.
    public let identifier: [UInt8]
    /// The view's counter.
    public let counter: UInt64
    /// The view's members in order.
    let members: EpochMembers
    /// The place of this member.
    public let me: Int?
    /// What the members have agreed on.
    public let parameters: EpochParameters

    let tag: EpochIdentifier
    /// Label and cluster: what every signed record begins with.
    let signaturePrefix: [UInt8]
    let identity: Identity?
    /// The last number that was used for sealing.
    var number: UInt64 = 0
    private let secret: SecretBytes
    private let transcript: [UInt8]
    private var sealing: AuthenticatedCipher? = nil
    private var senders: [Sender?]

    /// - Parameters:
    ///   - secret: 32 bytes, taken over.
    ///   - cluster: its name, 1 to 255 bytes.
    ///   - transcript: SHA-256 over cluster, counter, coordinator and the members' introductions (32 bytes).
    ///   - me: this member's place, or nil to open only.
    ///   - identity: this member's, with the key that its place says; needed to sign.
    /// - Throws: `.badArgument`, `.primitives`.
    public convenience init(
        secret: consuming SecretBytes, cluster: [UInt8], counter: UInt64, transcript: [UInt8],
        members: [EpochMember], me: Int?, identity: Identity? = nil, parameters: EpochParameters = EpochParameters()
    ) throws(EncryptError) {
        try self.init(
            secret: secret, cluster: cluster, counter: counter, transcript: transcript,
            members: try EpochMembers(members), me: me, identity: identity, parameters: parameters)
    }

    /// The same for the members of a view.
    init(
        secret: consuming SecretBytes, cluster: [UInt8], counter: UInt64, transcript: [UInt8],
        members: EpochMembers, me: Int?, identity: Identity?, parameters: EpochParameters
    ) throws(EncryptError) {
        guard secret.count == Self.secretSize, transcript.count == Self.transcriptSize,
            (1...255).contains(cluster.count), (1...Self.memberLimit).contains(members.count)
        else { throw .badArgument }
        if let me {
            guard members.indices.contains(me) else { throw .badArgument }
            let signs = parameters.authenticity == .signatures
            guard !signs || identity?.publicKey == members[me].publicKey else { throw .badArgument }
        }
        do throws(PrimitivesError) {
            let name = try Self.derive(
                secret, transcript, "conclave encrypt epoch identifier", parameters, [], Self.identifierSize)
            identifier = unsafe name.withBytes { (bytes) in unsafe [UInt8](copying: UnsafeRawBufferPointer(bytes)) }
        } catch {
            throw .primitives(error)
        }
        tag = EpochIdentifier(identifier)
        var writer = ByteWriter()
        writer.writeRaw(Array("conclave encrypt record".utf8))
        writer.writeVector8(cluster)
        signaturePrefix = writer.bytes
        self.secret = secret
        self.transcript = transcript
        self.counter = counter
        self.members = members
        self.me = me
        self.identity = identity
        self.parameters = parameters
        senders = [Sender?](repeating: nil, count: members.count)
    }

    /// The cipher and the next number of this member's records. The number counts as used from now on, whatever comes.
    func nextSealing() throws(EncryptError) -> (cipher: AuthenticatedCipher, place: UInt16, number: UInt64) {
        guard let me else { throw .noKey }
        guard number < Self.numberLimit else { throw .exhausted }
        let place = UInt16(truncatingIfNeeded: me)
        if let sealing {
            number += 1
            return (sealing, place, number)
        }
        let cipher = try cipher(of: me, sealing: true)
        sealing = cipher
        number += 1
        return (cipher, place, number)
    }

    /// What opens the records of the member at a place. Throws `.unknownSender`, `.primitives`.
    func sender(at place: Int) throws(EncryptError) -> Sender {
        guard senders.indices.contains(place) else { throw .unknownSender }
        if let sender = senders[place] { return sender }
        let sender = Sender(
            cipher: try cipher(of: place, sealing: false), window: ReplayWindow(size: parameters.replayWindow))
        senders[place] = sender
        return sender
    }

    private func cipher(of place: Int, sealing: Bool) throws(EncryptError) -> AuthenticatedCipher {
        do throws(PrimitivesError) {
            let key = try Self.derive(
                secret, transcript, "conclave encrypt sender", parameters, members[place].introductionDigest,
                AuthenticatedCipher.keySize)
            return try AuthenticatedCipher(parameters.cipher, key: key, sealing: sealing)
        } catch {
            throw .primitives(error)
        }
    }

    private static func derive(
        _ secret: borrowing SecretBytes, _ transcript: [UInt8], _ label: StaticString, _ parameters: EpochParameters,
        _ context: [UInt8], _ count: Int
    ) throws(PrimitivesError) -> SecretBytes {
        var writer = ByteWriter()
        writer.writeUInt8(parameters.cipher.rawValue)
        writer.writeUInt8(parameters.authenticity.rawValue)
        writer.writeRaw(context)
        return try KeyDerivation.derive(
            from: secret, salt: transcript, label: label, context: writer.bytes, count: count)
    }
}
