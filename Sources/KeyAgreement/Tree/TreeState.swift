internal import Arithmetic

/// The states of TGDH and STR.
///
///                 begin, as
///        ┌────────────┴───────────────┐
///     new member                member of the base, or
///     of a base's run           any of a run from scratch
///        │                            │
///        ▼  receive(key tree)         ▼
///     waitForTree ──────────────►  climb ──┐ receive(blinded leaf, blinded path):
///        │  ▲                         │ ▲  │ computes keys towards the root; sends what
///        └──┘ receive(blinded leaf,   │ └──┘ it has to when it has got there, and the
///             blinded path): keeps it │      oldest member at last the confirmation
///                                     │ receive(confirmation), the own one included: installs
///                                     ▼
///                                   idle
///
/// `abandon`, and `begin` of another run, lead to idle from everywhere.
enum TreeState {
    case idle
    case waitForTree(WaitForTree)
    case climb(Climb)
}

/// A new member that does not know the tree of the base yet.
struct WaitForTree {
    let share: Share
    /// At each new member's place the blinded key of its leaf, once it is here.
    var leaves: [BlindedKey?]
    /// What has come too early to know which nodes it is about, in the order of its arrival.
    private(set) var paths: [(place: Int, token: BlindedPathToken)] = []

    init(share: Share, blinded: Element, in run: RunContext) {
        self.share = share
        leaves = Array(repeating: nil, count: run.members.count)
        leaves[run.position] = .element(blinded)
    }

    /// Whether a path of this member was here before.
    func hasPath(of place: Int) -> Bool { paths.contains { $0.place == place } }

    mutating func keep(_ token: BlindedPathToken, of place: Int) { paths.append((place, token)) }
}

/// A member that knows the tree, and computes its keys as far towards the root as it has the blinded keys beside its
/// path.
struct Climb {
    let share: Share
    /// The binding of the run that the base continues from; zero when there is no base.
    let previous: [UInt8]
    var tree: KeyTree
    /// The member's own leaf.
    let leaf: Int
    /// The leaf of the member of the base that answers for all that is missing above it; nil without a base.
    let sponsor: Int?
    /// Whether this member is the one who confirms.
    var isConfirmer = false
    /// Once the root is reached.
    var key: GroupKey?
    /// What the oldest member has sent, until it comes back in the agreed order.
    var confirmation: [UInt8]?
}
