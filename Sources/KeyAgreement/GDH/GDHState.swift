internal import Arithmetic

/// A partial key of a key list: what its member raises to its own share to get the group key.
enum PartialKey {
    /// Received, and checked to be in the subgroup only when it is used.
    case received([UInt8])
    /// Checked, or computed here.
    case element(Element)

    var bytes: [UInt8] {
        switch self {
        case .received(let bytes): bytes
        case .element(let element): element.bytes
        }
    }
}

/// The states of GDH IKA.2 (paper §4.1 and figure 2, without those of the group around them).
///
///                         begin, as
///        ┌───────────────┬─────────────┬──────────────────┬──────────────────┐
///     new member    old member   controller who       old member, or     alone: installs
///        │          of a merge   sends the key list   refresh            at once
///        ▼               │       (leave, refresh)         │
///     PT: waitForPartialToken         │                   │
///        │      │        │            │                   │
///        │      │ receive(partial token), not the last:   │
///        │      │ adds its share, forwards it             │
///        │      └───────►▼            │                   │
///        │     FT: waitForFinalToken  │                   │
///        │ receive(partial token),    │                   │
///        │ the last: broadcasts it    │                   │
///        ▼               │            │                   │
///     FO: collectFactOuts│ receive(final token):          │
///        │               │ factors its share out          │
///        │ receive(last  │            │                   │
///        │ factor-out):  │            │                   │
///        │ broadcasts the▼            ▼                   ▼
///        │ key list   KL: waitForKeyList ◄────────────────┘
///        └──────────────►│
///                        │ receive(key list), the own one included: installs
///                        ▼
///                      idle
///
/// `abandon`, and `begin` of another run, lead to idle from everywhere.
enum GDHState {
    case idle
    case waitForPartialToken(WaitForPartialToken)
    case waitForFinalToken(WaitForFinalToken)
    case collectFactOuts(CollectFactOuts)
    case waitForKeyList(WaitForKeyList)
}

/// PT: a new member that has drawn its share and waits for its turn.
struct WaitForPartialToken {
    let share: Share
}

/// FT: a member whose share is in the token, or who has passed it on.
struct WaitForFinalToken {
    let share: Share
    /// What the base must have completed: known from the own last run, or from the partial token.
    let previous: [UInt8]

    /// An old member, at the beginning; the one who passes the token on has refreshed its share.
    init(oldMemberWith share: Share, previous: [UInt8]) {
        self.share = share
        self.previous = previous
    }

    /// A new member that has added its share.
    init(from state: WaitForPartialToken, adding token: PartialToken) {
        share = state.share
        previous = token.previous
    }
}

/// FO: the new controller, which collects the final token's value without each member's share in turn.
struct CollectFactOuts {
    let share: Share
    let previous: [UInt8]
    let finalValue: Element
    /// The final token as it was sent.
    let finalToken: [UInt8]
    /// At each member's position, its partial key, once its factor-out token is here.
    private(set) var partialKeys: [Element?]
    private(set) var missingCount: Int
    /// Computed while the others compute their factor-outs, if the final token is delivered to its sender too.
    var key: GroupKey?

    init(from state: WaitForPartialToken, previous: [UInt8], finalValue: Element, finalToken: [UInt8], run: RunContext)
    {
        share = state.share
        self.previous = previous
        self.finalValue = finalValue
        self.finalToken = finalToken
        partialKeys = Array(repeating: nil, count: run.members.count)
        partialKeys[run.position] = finalValue
        missingCount = run.members.count - 1
    }

    func isMissing(_ position: Int) -> Bool { partialKeys[position] == nil }

    mutating func add(_ partialKey: Element, at position: Int) {
        partialKeys[position] = partialKey
        missingCount -= 1
    }
}

/// KL: everybody, until the key list is delivered.
struct WaitForKeyList {
    /// The list that this member sent, until it comes back in the agreed order.
    struct OwnList {
        let token: [UInt8]
        let partialKeys: [PartialKey]
        let key: GroupKey
    }

    let share: Share
    let previous: [UInt8]
    /// The controller's own partial key: the final token's value, or that of the last list.
    let controllerPartialKey: [UInt8]
    let ownList: OwnList?
    /// The final token that this member sent, which may come back after all factor-outs.
    let ownFinalToken: [UInt8]?

    /// A member that has factored its share out of the final token.
    init(from state: WaitForFinalToken, finalValue: Element) {
        share = state.share
        previous = state.previous
        controllerPartialKey = finalValue.bytes
        ownList = nil
        ownFinalToken = nil
    }

    /// The new controller, which has sent the list.
    init(from state: CollectFactOuts, sent list: OwnList) {
        share = state.share
        previous = state.previous
        controllerPartialKey = state.finalValue.bytes
        ownList = list
        ownFinalToken = state.finalToken
    }

    /// A member that stays when others leave, or whose group refreshes its key; the controller has sent the list.
    init(remainingWith share: Share, previous: [UInt8], controllerPartialKey: [UInt8], sent list: OwnList?) {
        self.share = share
        self.previous = previous
        self.controllerPartialKey = controllerPartialKey
        ownList = list
        ownFinalToken = nil
    }
}
