internal import Flush
public import KeyAgreement
public import Primitives

/// A member of a secure group: a robust algorithm (paper §4 and appendix A, or §5 and appendix B) over the agreement of
/// a suite, and the protection of messages. No event does input or output; `now` is a clock in milliseconds that never
/// goes back.
///
/// VS views, flush requests, signals and data come from the Flush layer below; secure views, flush requests, signals
/// and messages go to the application above. `SecureGroupState` shows the states.
///
/// **Who begins, in the basic algorithm.** The first member `members[0]` of a VS view (choose of the paper), in every
/// view from scratch; everybody else is a new member. That depends on the view alone, which is the same for all. Whom
/// a member may call its companions is Flush's to say: its transitional sets hold only members with the same last
/// secure view.
///
/// **Who continues, who begins, in the optimized algorithm.** The first member c = `members[0]` of a VS view decides
/// (choose of the paper). Call p's transitional set T(p); Flush puts those who moved together next to each other, c's
/// companions in front.
/// - p continues ("is in the base") when it is in M, c ∈ T(p), T(p) is the front of the list, all of T(p) were in
///   p's last secure view, and no safe message came so late that one of T(p) may have parted without it (decision
///   0016: from scratch a token of each shows that it did not). Then the base is T(p), and the last of it controls.
/// - Otherwise c begins from scratch, and anybody else begins as a new member, whatever it was before.
///
/// All agree on that. T is the same set for all in it (transitional set property 2), so that all of T(c) judge the
/// last four conditions alike. If c is in CM, nobody takes it for a member of the base: who did would be in M, so
/// would have installed the secure view of the VS view from which it moved together with c; by lemma A.6 c has
/// installed it too, and went from S to M. For the same reason all of T(c) are in M if c is. Those outside T(c) need
/// not know any of this: they are new members in either case, and the first token tells them the base.
///
/// Tampering breaks the lemma's premise: q in T(c) may have missed the key list that the others have installed. Then
/// q says "no base" and they say T(c). The base is part of every run's identifier, in restarts too, so that no run is
/// completed across the difference and nobody gets a transitional set that is not true; and in a restart the others
/// say that they continue, whereupon q leaves and joins again.
///
/// **One key a view.** A restart begins from scratch, needs tokens of all members in that very run, and whoever takes
/// part has abandoned every earlier run of the view for good; whoever has installed takes part in none. So at most one
/// run of a view can be completed, and the MAC in its key list lets only holders of one key install it.
public struct SecureGroup: ~Copyable {
    /// This member's id (its incarnation).
    public let id: UInt64
    /// The suite of the group.
    public let suite: Suite
    /// The robust algorithm of the group.
    public let algorithm: RobustAlgorithm

    let group: String
    let groupBytes: [UInt8]
    let identity: Identity
    let limits: SecureGroupLimits
    var context: AgreementContext
    var state: SecureGroupState
    var ownCounters = SecureGroupCounters()

    /// A member that waits for its first view.
    ///
    /// - Parameters:
    ///   - group: the group's name, 1 to 128 bytes; the agreement refuses any other.
    ///   - algorithm: the same at all members, which the hellos see to.
    ///   - id: the member's incarnation, random and not zero.
    public init(
        group: String, suite: Suite, algorithm: RobustAlgorithm = .optimized, identity: Identity, id: UInt64,
        limits: SecureGroupLimits, entropy: Entropy
    ) {
        self.group = group
        groupBytes = Array(group.utf8)
        self.suite = suite
        self.algorithm = algorithm
        self.identity = identity
        self.id = id
        self.limits = limits
        context = AgreementContext(suite: suite, identity: identity, id: id, entropy: entropy)
        switch algorithm {
        case .optimized: state = .waitForSelfJoin(WaitForSelfJoin())
        case .basic: state = .waitForCascadingMembership(WaitForCascadingMembership())
        }
    }

    // MARK: - Queries

    /// When `tick` must be called at the latest; nil while nothing is timed.
    public var deadline: UInt64? {
        switch state {
        case .agreeing(let state): state.vsTransitional ? nil : state.deadline
        case .waitForSelfJoin, .secure, .waitForMembership, .waitForCascadingMembership, .over: nil
        }
    }

    /// Whose token the agreement waits for.
    public var waitingFor: [UInt64] {
        switch state {
        case .agreeing(let state):
            if case .known = state.base { return context.awaited }
            let members = state.newMembMsg.members
            guard let place = members.firstIndex(where: { $0.id == id }), place > 0 else { return [] }
            return [members[suite.agreement.firstSender(before: place)].id]
        case .waitForSelfJoin, .secure, .waitForMembership, .waitForCascadingMembership, .over: return []
        }
    }

    /// On how many threads, 1 to 64, many powers at once may be computed; 1 at first.
    public var threads: Int {
        get { context.threads }
        set { context.threads = newValue }
    }

    /// The secure view that was installed last, until the next one is.
    public var view: SecureView? { installed?.view }

    /// Whether `userMessage` is possible now.
    public var canSend: Bool {
        switch state {
        case .secure: true
        case .waitForSelfJoin, .waitForMembership, .agreeing, .waitForCascadingMembership, .over: false
        }
    }

    /// What was done so far.
    public var counters: SecureGroupCounters {
        var counters = ownCounters
        counters.agreement = context.totalCounters
        counters.lastRun = context.runCounters
        return counters
    }

    /// A key of the application's own, the same at every member of the last secure view: 1 to 8,160 bytes, different
    /// for each label (at most 255 bytes), context (at most 64 KiB) and size. Throws `.noSecureView` and `.badExport`.
    public func export(label: [UInt8], context: [UInt8], count: Int) throws(SecureGroupError) -> SecretBytes {
        guard let installed else { throw .noSecureView }
        return try installed.keys.export(label: label, context: context, count: count)
    }

    /// The key of the Flush layer's MACs (32 bytes), to be handed down at `.secureViewInstalled`.
    public func flushControlKey() throws(SecureGroupError) -> SecretBytes {
        guard let installed else { throw .noSecureView }
        return try installed.keys.flushControlKey()
    }

    var installed: InstalledView? {
        switch state {
        case .waitForSelfJoin: nil
        case .secure(let state): state.installed
        case .waitForMembership(let state): state.installed
        case .agreeing(let state): state.installed
        case .waitForCascadingMembership(let state): state.installed
        case .over(let state): state.installed
        }
    }

    // MARK: - Outcomes

    mutating func refuse(_ error: SecureGroupError, _ sender: UInt64?) -> [SecureGroupAction] {
        ownCounters.refused &+= 1
        return [.refused(error, sender: sender)]
    }

    /// Ends this membership: others may have a key that this member lacks, and only a new view makes them equal again.
    mutating func leaveAndRejoin(_ error: SecureGroupError) -> [SecureGroupAction] {
        context.abandon()
        state = .over(Over(installed: installed))
        return [.leaveAndRejoin(error)]
    }
}
