internal import Arithmetic

/// The states of CKD (paper §6.4, algorithm 1). The first member of the run, the oldest, is the controller.
///
///                          begin, as
///      ┌──────────────────────────┬──────────────────────────┬──────────────────┐
///   a member that has no       controller               a member that keeps      │ alone: installs
///   pairwise key with the         │  │                  its pairwise key         │ at once
///   controller                    │  │ everybody has      (leave, refresh, and   │
///      ▼                          │  │ a pairwise key     the old ones in join   │
///   waitForControllerValue        │  │ (leave, refresh):  and merge)             │
///      │                          ▼  │ sends the key list    │                   │
///      │      collectMemberValues    │                       │                   │
///      │ receive(controller's value): │ receive(last member's │                  │
///      │ answers with its own         │ value): sends the key │                  │
///      ▼                              ▼ list                  ▼                   │
///   waitForKeyList ◄──────────────────┴───────────────────────┘                   │
///      │ receive(key list), the own one included: installs                        │
///      ▼                                                                          │
///     idle ◄──────────────────────────────────────────────────────────────────────┘
enum CKDState {
    case idle
    case waitForControllerValue(WaitForControllerValue)
    case collectMemberValues(CollectMemberValues)
    case waitForKeyList(WaitForCKDKeyList)
}

/// The power that the group secret is raised to on its way to one member: what g^(r_1 r_i) stands for.
struct PairwiseKey {
    let member: Participant
    let exponent: Share
}

/// What the controller has chosen once, for as long as it is controller: r_1, and g^r_1.
struct ControllerValue {
    let share: Share
    let element: Element
}

/// A member that has drawn r_i and waits for g^r_1.
struct WaitForControllerValue {
    let share: Share
    /// g^r_i.
    let value: Element
    /// The binding of the run that it continues from; nil for a new member.
    let previous: [UInt8]?
}

/// The controller, until it has a pairwise key with everybody.
struct CollectMemberValues {
    let value: ControllerValue
    /// The binding of the run that the base continues from; zero when nobody does.
    let previous: [UInt8]
    /// g^r_1 as it was sent.
    let token: [UInt8]
    /// For each place of the run; nil for the controller's own and for those that are missing.
    private(set) var keys: [Share?]

    init(value: ControllerValue, previous: [UInt8], token: [UInt8], keys: [Share?]) {
        self.value = value
        self.previous = previous
        self.token = token
        self.keys = keys
    }

    /// The places of those whose value is still to come.
    var missing: [Int] { keys.indices.dropFirst().filter { keys[$0] == nil } }

    mutating func add(_ key: Share, at place: Int) { keys[place] = key }
}

/// Everybody, until the key list is delivered.
struct WaitForCKDKeyList {
    enum Role {
        /// The controller, with the list that it sent, until that comes back in the agreed order.
        case controller(OwnCKDKeyList)
        /// Another member, which has kept its pairwise key.
        case old(Share)
        /// Another member, which has drawn r_i and has g^r_1: their pairwise key is computed when it is needed, so that
        /// the controller need not wait for that.
        case new(Share, controllerValue: Element)
    }

    let previous: [UInt8]
    let role: Role
}

/// A key list as the controller sent it.
struct OwnCKDKeyList {
    let token: [UInt8]
    /// The message with g^r_1, which may come back after all answers to it; nil when there was none.
    let valueToken: [UInt8]?
    /// nil as long as nobody needed it.
    let value: ControllerValue?
    let pairwiseKeys: [PairwiseKey]
    let key: GroupKey
}
