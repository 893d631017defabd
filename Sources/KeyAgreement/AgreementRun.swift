/// One member of a run.
public struct Participant: Equatable, Sendable {
    /// Unique in the run and not zero: the member's incarnation.
    public let id: UInt64
    /// The Ed25519 key that verifies its tokens, 32 bytes.
    public let publicKey: [UInt8]

    /// A member.
    public init(id: UInt64, publicKey: [UInt8]) {
        self.id = id
        self.publicKey = publicKey
    }
}

/// A membership to agree on. All members begin the same run with the same values.
public struct AgreementRun: Equatable, Sendable {
    /// How many members a run has at most.
    public static let memberLimit = 1_000
    /// Bytes of a group's name at most.
    public static let groupNameLimit = 128
    /// Bytes of a view's and a run's identifier.
    public static let identifierSize = 32

    /// The group's name, 1 to 128 bytes.
    public var group: [UInt8]
    /// The view's identifier, 32 bytes.
    public var view: [UInt8]
    /// The run's identifier, 32 bytes, which no other run ever has.
    public var run: [UInt8]
    /// The members in the order of the key list: those who continue first. The last one is the group controller.
    public var members: [Participant]
    /// How many members at the front continue with the partial keys of the last run, which they completed together.
    public var baseCount: Int
    /// Agrees anew, from the first member's fresh share: nobody continues, and `baseCount` is taken as 1 (the basic
    /// algorithm, paper §4).
    public var fromScratch: Bool

    /// A membership.
    public init(
        group: [UInt8], view: [UInt8], run: [UInt8], members: [Participant], baseCount: Int, fromScratch: Bool = false
    ) {
        self.group = group
        self.view = view
        self.run = run
        self.members = members
        self.baseCount = baseCount
        self.fromScratch = fromScratch
    }
}

/// What the caller does next, in order.
public enum AgreementAction: Equatable, Sendable {
    /// Send a token to one member, FIFO.
    case unicast(to: UInt64, bytes: [UInt8])
    /// Send the final token to all, FIFO. Delivery to oneself is allowed and lets the controller compute while it
    /// waits.
    case multicast([UInt8])
    /// Send the key list to all and oneself, AGREED.
    case multicastAgreed([UInt8])
    /// The key of this run is confirmed and has taken the place of the last one.
    case install
}

/// What a context waits for (the paper's states, §4.1).
public enum AgreementPhase: Equatable, Sendable {
    case idle
    case waitForPartialToken
    case waitForFinalToken
    case collectFactOuts
    case waitForKeyList
}
