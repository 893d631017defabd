internal import Primitives

/// In which order a message is delivered (properties 9 to 12 of §3.1). Each service includes those before it.
public enum Service: UInt8, Sendable, Equatable, Comparable {
    case fifo = 1
    case causal = 2
    case agreed = 3
    case safe = 4

    public static func < (first: Service, second: Service) -> Bool { first.rawValue < second.rawValue }
}

/// Names a VS view: a counter that grows at every member, and a hash that tells concurrent views apart.
public struct ViewIdentifier: Equatable, Sendable {
    /// One more than the highest counter that any member of the view has seen.
    public let counter: UInt64
    /// SHA-256 over group, counter, members and incarnations (32 bytes).
    public let hash: [UInt8]

    public init(counter: UInt64, hash: [UInt8]) {
        self.counter = counter
        self.hash = hash
    }
}

/// A member as its signed hello introduced it.
public struct Member: Equatable, Sendable {
    /// The incarnation: random, not zero, new whenever the member joins again.
    public let id: UInt64
    /// Where the transport reaches it in the present configuration.
    public let connection: UInt64
    /// The name it goes by, unique in a view.
    public let name: String
    /// Its Ed25519 public key (32 bytes).
    public let publicKey: [UInt8]

    public init(id: UInt64, connection: UInt64, name: String, publicKey: [UInt8]) {
        self.id = id
        self.connection = connection
        self.name = name
        self.publicKey = publicKey
    }

    public static func == (one: Member, other: Member) -> Bool {
        one.id == other.id && one.connection == other.connection && one.publicKey == other.publicKey
            && one.name.isSame(as: other.name)
    }
}

/// A VS view: what the Flush layer delivers as membership notification (memb_msg of the paper's pseudo-code).
public struct FlushView: Equatable, Sendable {
    /// mb_id.
    public let id: ViewIdentifier
    /// mb_set, in order of seniority. Members that came from the same VS view together stand next to each other; those
    /// of the largest such component stand first, in the order of that view.
    public let members: [Member]
    /// vs_set: the ids of the members that moved together with this one from its previous VS view (itself included),
    /// and for whom the layer above installed the same secure view last.
    public let transitionalSet: [UInt64]
    /// The members of this member's previous VS view that are not in `transitionalSet`.
    public let leaveSet: [Member]
    /// Hash over the hellos of all members (their nonces make it fresh), in the order of `members` (32 bytes).
    public let transcript: [UInt8]
    /// Whether safe messages of the view before came after the signal that somebody in `transitionalSet` may have
    /// parted without: a word of a member in this view confirms them. The same for all in `transitionalSet`.
    public let hasUnconfirmedMessages: Bool

    public init(
        id: ViewIdentifier, members: [Member], transitionalSet: [UInt64], leaveSet: [Member], transcript: [UInt8],
        hasUnconfirmedMessages: Bool = false
    ) {
        self.id = id
        self.members = members
        self.transitionalSet = transitionalSet
        self.leaveSet = leaveSet
        self.transcript = transcript
        self.hasUnconfirmedMessages = hasUnconfirmedMessages
    }

    /// The members of this view that did not move together with this one (merge_set), in order of seniority.
    public var mergeSet: [Member] { members.filter { !transitionalSet.contains($0.id) } }
}
