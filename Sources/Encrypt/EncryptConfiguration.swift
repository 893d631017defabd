/// How the keys of a cluster come about. All its members choose the same.
public enum KeySource: Equatable, Sendable {
    /// The asymmetric protocol: the coordinator makes the keys and pushes them, wrapped for each member.
    case coordinator(RekeyRules)
    /// The symmetric protocol: every member has them in its key store; the coordinator names the one that is active.
    case keyStore
    /// The coordinator makes the keys and pushes views without them; each member fetches the key from the coordinator
    /// by a way of the program's own, such as a `KeyFetch` over TLS. Rekeying is as with `coordinator`.
    case external(RekeyRules)

    /// When the coordinator makes a fresh key; nil when it makes none.
    var rekeyRules: RekeyRules? {
        switch self {
        case .coordinator(let rules), .external(let rules): rules
        case .keyStore: nil
        }
    }
}

/// Which changes get a fresh secret from the coordinator. Without one the last secret stays, and although records are
/// under other keys for each view, whoever holds that secret can derive them when it learns who the members are.
public struct RekeyRules: OptionSet, Sendable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Somebody joins. Off: it can open what it recorded before it was let in.
    public static let join = RekeyRules(rawValue: 1)
    /// Somebody has left, or is gone. Off: it can open what it records from then on.
    public static let leave = RekeyRules(rawValue: 2)
    /// Another member coordinates. Off: a coordinator that is gone can open what follows; `leave` concerns it as well.
    public static let coordinatorChange = RekeyRules(rawValue: 4)
    /// Components that were views of their own become one. Off: what the new coordinator's component has sealed can be
    /// opened by members of the others.
    public static let merge = RekeyRules(rawValue: 8)
    public static let all: RekeyRules = [.join, .leave, .coordinatorChange, .merge]
}

/// What is the same in all members of a cluster, and the bounds that one member keeps. Times are in milliseconds.
public struct EncryptConfiguration: Sendable {
    /// The cluster's name, 1 to 255 bytes of UTF-8.
    public var cluster: [UInt8]
    public var keySource: KeySource
    public var parameters: EpochParameters
    /// Whom this member lets in, and whose views it installs.
    public var policy: AdmissionPolicy
    /// Whether messages may be sealed while a member that has left is still in the view. It could open them.
    public var sealsWhileMembersLeave = false
    /// How long the coordinator waits for further members of the host view before it composes a view without them.
    public var gatherFor: UInt64 = 20
    /// After how long a member asks for a key that it lacks; then ever more rarely, up to eight times as long.
    public var askAfter: UInt64 = 500
    /// After how long a join request is repeated; then ever more rarely, up to sixteen times as long.
    public var repeatAfter: UInt64 = 200
    /// After how long the coordinator first says again which view is the current one; then ever more rarely, up to
    /// thirty-two times as long.
    public var announceAfter: UInt64 = 300
    /// How often one member is served in answer to its requests, at most.
    public var serveInterval: UInt64 = 100
    /// The longest message that is sent for a view, in bytes; at least 1,000.
    public var partSize = 60_000
    /// How many earlier epochs are kept for opening.
    public var epochsKept = 4
    /// How long an earlier epoch, and a record of an epoch that did not come, is kept.
    public var epochLifetime: UInt64 = 60_000
    /// How long a view that was pushed is kept after its last part that came, when others are missing still, or while
    /// its coordinator is not the host view's.
    public var partLifetime: UInt64 = 60_000
    /// How long it counts that a member was admitted, before a view makes the policy look again: certificates expire.
    public var admissionLifetime: UInt64 = 60_000

    public init(
        cluster: [UInt8], keySource: KeySource, policy: AdmissionPolicy,
        parameters: EpochParameters = EpochParameters()
    ) {
        self.cluster = cluster
        self.keySource = keySource
        self.policy = policy
        self.parameters = parameters
    }
}
