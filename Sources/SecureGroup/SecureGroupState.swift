internal import Flush
internal import KeyAgreement
internal import Primitives

/// The states of both robust algorithms. The suite's own states (PT, FT, FO and KL for GDH) are those of its context
/// while the group is *agreeing*; they, their events and the restarts are the same for both.
///
/// **Optimized** (paper §5, figure 3):
///
///                      Membership                     Install (Key_List in KL)
///      SJ ──────────────────────────────▶ agreeing ─────────────────────────────▶ S ◀─┐
///      waitForSelfJoin ─┐               ▲  PT FT FO KL        ▲    │     secure   │   │
///                       │               │      │    ▲          │    │              │   │
///                       │    Membership │      │    │          │    │ Secure_      │   │
///                       │   (base or    │      │    │ Restart  │    │ Flush_Ok ◀───┘   │
///                       │   new member) │      │    └──────────┤    ▼                  │
///                       │               │      │               │    M ─────────────────┤
///                       │               └──────┼───────────────┴─── waitForMembership  │
///                       │                      │                      Membership, alone│
///                       │       Flush_Request  │      (in KL: only after the signal,   │
///                       │       in PT, FT, FO  │       or when a restart ends the run) │
///                       │                      ▼                                       │
///                       │                      CM ─────────────────────────────────────┤
///                       │                      waitForCascadingMembership              │
///                       │                         Membership: agreeing, or alone ──────┤
///                       └──────────────────────────────────────────────────────────────┘
///                              Membership, alone
///
/// **Basic** (paper §4, figure 2): without SJ and M. Every VS view comes in CM and begins from scratch, so that nothing
/// depends on what came before.
///
///      start                 Membership                   Install (Key_List in KL)
///        └──▶ CM ───────────────────────────▶ agreeing ─────────────────────────────▶ S
///             waitForCascadingMembership      PT FT FO KL                             secure
///              ▲ ▲ │     Flush_Request        │      ▲ │                              ▲ │
///              │ │ │     in PT, FT, FO        │      └─┘ Restart                      │ │
///              │ │ │ ◀──────────────────────  │                                        │ │
///              │ └─┼──────────────────────────┘ (in KL: as above)                      │ │
///              │   │                  Membership, alone                                │ │
///              │   └───────────────────────────────────────────────────────────────────┘ │
///              └─────────────────────────────────────────────────────────────────────────┘
///                         Secure_Flush_Ok (the last data of S still comes in CM)
///
/// In both: agreeing ── others have the key and this member does not ──▶ over (leave and rejoin)
enum SecureGroupState {
    case waitForSelfJoin(WaitForSelfJoin)
    case secure(Secure)
    case waitForMembership(WaitForMembership)
    case agreeing(Agreeing)
    case waitForCascadingMembership(WaitForCascadingMembership)
    case over(Over)
}

/// The secure view that is installed, with its keys. It stays until the next one is installed.
final class InstalledView {
    let view: SecureView
    let keys: KeySchedule
    let sealer: Sealer
    let opener: Opener
    /// What a request for a restart in this view would name.
    let attempt: AgreementAttempt
    /// The requests that were answered already: one answer to each is enough.
    var answered: [RestartMessage] = []

    init(_ view: SecureView, me: UInt64, keys: KeySchedule, attempt: AgreementAttempt) {
        self.view = view
        self.keys = keys
        self.attempt = attempt
        let members = view.members.map { $0.id }
        sealer = Sealer(keys: keys, sender: me)
        opener = Opener(keys: keys, me: me, members: members)
    }

    /// VS_set at the first VS view after this secure view: its members but for the leave_set.
    func vsSet(at view: FlushView) -> [UInt64] {
        self.view.members.map { $0.id }.filter { view.transitionalSet.contains($0) }
    }

    /// Whether another view's member is the same one that is in this view.
    func contains(_ member: Member) -> Bool {
        view.members.contains { $0.id == member.id && $0.publicKey == member.publicKey }
    }
}

/// WAIT_FOR_SELF_JOIN (SJ): before the first view. Of the optimized algorithm.
struct WaitForSelfJoin {}

/// SECURE (S): the key is there, messages flow.
struct Secure {
    let installed: InstalledView
    /// Wait_for_sec_flush_ok: the application was asked and has not answered.
    var waitForSecFlushOk: Bool
    /// First_transitional: this secure view has had no transitional signal yet.
    var firstTransitional = true
    /// VS_transitional: this VS view has had its transitional signal.
    var vsTransitional = false
}

/// WAIT_FOR_MEMBERSHIP (M): the flush of a secure view was acknowledged; its last messages still come. Of the optimized
/// algorithm.
struct WaitForMembership {
    let installed: InstalledView
    var firstTransitional: Bool
    var vsTransitional: Bool

    init(from state: Secure) {
        installed = state.installed
        firstTransitional = state.firstTransitional
        vsTransitional = state.vsTransitional
    }
}

/// PT, FT, FO and KL: a view has come, and its key is being agreed.
struct Agreeing {
    /// Which base the run has.
    enum Base: Equatable {
        /// A new member that did not move together with the first one, and has had no partial token.
        case unknown
        /// The same, after a token that was refused: the context has begun with this base, and this is what it wants
        /// sent when a token with that base is accepted.
        case tried(Int, waiting: [AgreementAction])
        /// A member that moved together with the first one, or a new member with its partial token.
        case known(Int)
    }

    /// A record that overtook the key list.
    struct Queued {
        let sender: UInt64
        let service: Service
        let isPrivate: Bool
        let payload: ArraySlice<UInt8>
    }

    /// The last secure view; nil for a member that has had none.
    let installed: InstalledView?
    /// VS_set: who came along through every VS view since.
    let vsSet: [UInt64]
    /// The base as this member knows it of itself: in each run of the view it insists on it. nil for a member that did
    /// not move together with the first one, and learns it in each run.
    let ownBase: Int?
    /// First_transitional.
    var firstTransitional: Bool
    /// VS_transitional: the view is dying, and its key list installs nothing any more.
    var vsTransitional = false
    /// KL_got_flush_req: a flush request waits for the key list or the transitional signal.
    var klGotFlushReq = false
    /// The controller has said that it will send no key list in this attempt.
    var isAbandoned = false
    /// New_memb_msg, and the attempt to agree on its key.
    var attempt: AgreementAttempt
    var base: Base
    /// When a restart is asked for; nil for never.
    var deadline: UInt64?
    /// The number of the last restart that this member asked for or took part in.
    var lastRestart: UInt8 = 0
    /// Something that could have been the key list was refused.
    var mayHaveMissedKeyList = false
    var queue: [Queued] = []
    var queuedBytes = 0

    var newMembMsg: FlushView { attempt.view }
}

/// WAIT_FOR_CASCADING_MEMBERSHIP (CM): the flush was acknowledged, and the next view starts from scratch. In the
/// optimized algorithm that is so only when the acknowledgement came before the view's key.
struct WaitForCascadingMembership {
    /// Whence this member came to CM, which is what First_cascaded_membership of the paper asks: it holds in `start`
    /// and `secure`, where VS_set is yet to be set by the next VS view.
    enum Origin {
        /// The basic algorithm's beginning: no VS view yet, and no secure view. New_memb_msg.mb_set is this member
        /// alone.
        case start
        /// S, in the basic algorithm: no VS view since the secure view, whose data may still come (lemma A.4).
        case secure(InstalledView)
        /// A run that was abandoned: VS_set was set at the first VS view since the secure view. No data can come, since
        /// nobody sends in a VS view before its secure view.
        case agreeing(installed: InstalledView?, vsSet: [UInt64])
    }

    let origin: Origin
    /// First_transitional.
    var firstTransitional: Bool
    /// VS_transitional.
    var vsTransitional: Bool

    /// Before the first view: Algorithm 2 of the paper.
    init() {
        origin = .start
        firstTransitional = true
        vsTransitional = false
    }

    init(from state: Secure) {
        origin = .secure(state.installed)
        firstTransitional = state.firstTransitional
        vsTransitional = state.vsTransitional
    }

    init(from state: Agreeing) {
        origin = .agreeing(installed: state.installed, vsSet: state.vsSet)
        firstTransitional = state.firstTransitional
        vsTransitional = state.vsTransitional
    }

    /// The last secure view; nil for a member that has had none.
    var installed: InstalledView? {
        switch origin {
        case .start: nil
        case .secure(let installed): installed
        case .agreeing(let installed, _): installed
        }
    }

    /// Whether no view has come yet.
    var isBeforeFirstView: Bool {
        switch origin {
        case .start: true
        case .secure, .agreeing: false
        }
    }

    /// VS_set at the next VS view. It is intersected at each of them, never grows, and begins with the members of the
    /// last secure view, or with this member where there was none.
    func vsSet(at view: FlushView, me: UInt64) -> [UInt64] {
        switch origin {
        case .start: [me]
        case .secure(let installed): installed.vsSet(at: view)
        case .agreeing(_, let vsSet):
            vsSet.filter { view.transitionalSet.contains($0) || isBroken(.vsSetIsNotIntersected) }
        }
    }
}

/// This membership has asked to leave and to join again.
struct Over {
    /// Its keys stay until it is freed, so that what the application still does gets a clear error.
    let installed: InstalledView?
}
