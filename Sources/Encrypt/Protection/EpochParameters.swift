public import Primitives

/// How a cluster makes sure who has sealed a record; all its members choose the same.
public enum SenderAuthenticity: UInt8, Sendable, Equatable {
    /// Each record is signed with its sender's identity: nobody else can have made it, members included.
    case signatures = 1
    /// Each sender has a key of its own, which all members of the view can derive: nobody outside the view can have
    /// made the record, but a member that betrays the others can make one in another member's name. Who the members are
    /// is signed with each view.
    case senderKeys = 2
}

/// What the members of an epoch have agreed on beforehand. Both choices go into the derivation of its keys: members
/// that differ in them have different epochs, and open nothing of each other's.
public struct EpochParameters: Equatable, Sendable {
    /// The most records of one sender that may overtake one another and be told from replays.
    public static let replayWindowLimit = 65_536

    /// What seals the records.
    public let cipher: CipherAlgorithm
    /// How receivers know who has sealed a record.
    public let authenticity: SenderAuthenticity
    /// By how many numbers a record may be behind its sender's newest one and still be opened; a multiple of 64.
    public let replayWindow: Int

    /// - Parameter replayWindow: 1 to 65,536, rounded up to a multiple of 64; what is outside is brought inside.
    public init(
        cipher: CipherAlgorithm = .aes256GCM, authenticity: SenderAuthenticity = .senderKeys, replayWindow: Int = 1_024
    ) {
        self.cipher = cipher
        self.authenticity = authenticity
        self.replayWindow = (min(max(replayWindow, 1), Self.replayWindowLimit) + 63) / 64 * 64
    }
}

/// The members of an epoch, in order: by themselves, or as a view has them, which then are not copied for it.
struct EpochMembers {
    private enum Source {
        case members([EpochMember])
        case view([EncryptMember])
    }

    private let source: Source

    /// Throws `.badArgument` when one has a digest or a key of another size than 32 bytes.
    init(_ members: [EpochMember]) throws(EncryptError) {
        let fits = members.allSatisfy { $0.introductionDigest.count == 32 && $0.publicKey.count == 32 }
        guard fits else { throw .badArgument }
        source = .members(members)
    }

    /// The members of a view, whose digests and keys have their sizes from where they were read.
    init(_ members: [EncryptMember]) { source = .view(members) }

    var count: Int {
        switch source {
        case .members(let members): members.count
        case .view(let members): members.count
        }
    }

    var indices: Range<Int> { 0..<count }

    subscript(place: Int) -> EpochMember {
        switch source {
        case .members(let members): return members[place]
        case .view(let members):
            let member = members[place]
            return EpochMember(introductionDigest: member.introduction.digest, publicKey: member.publicKey)
        }
    }
}

/// A member as its records' keys know it.
public struct EpochMember: Equatable, Sendable {
    /// SHA-256 of its introduction (32 bytes): another one each time that the member starts.
    public let introductionDigest: [UInt8]
    /// Its identity's public key (32 bytes).
    public let publicKey: [UInt8]

    /// - Parameters: both of 32 bytes; an `Epoch` refuses others.
    public init(introductionDigest: [UInt8], publicKey: [UInt8]) {
        self.introductionDigest = introductionDigest
        self.publicKey = publicKey
    }
}
