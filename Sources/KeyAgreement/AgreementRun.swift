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
    /// The members in the order of the key list: those who continue first.
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
    /// Send a token to all, FIFO. Delivery to oneself is allowed; GDH's controller computes then, while it waits.
    case multicast([UInt8])
    /// Send a token to all and oneself, AGREED: what installing depends on, such as the key list.
    case multicastAgreed([UInt8])
    /// The key of this run is confirmed and has taken the place of the last one.
    case install
    /// Nothing: this member has no use for the token, and has looked at no more of it than what it is.
    case passedOver
}

/// What a context waits for: the paper's states (§4.1) for GDH, and of every agreement the last phase, in which an
/// AGREED message may be on its way that ends the run.
public enum AgreementPhase: Equatable, Sendable {
    case idle
    // GDH
    case waitForPartialToken
    case waitForFinalToken
    case collectFactOuts
    // TGDH and STR
    case collectBlindedKeys
    // CKD
    case waitForControllerValue
    case collectMemberValues
    // BD
    case collectFirstValues
    case collectSecondValues

    /// KL: nothing that the run needs is still to come from this member. What ends it may have been sent, and others
    /// may install. In every other phase they cannot: no such message is possible without a further token of this
    /// member.
    case waitForKeyList
}
