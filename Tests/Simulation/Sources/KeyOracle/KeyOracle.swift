import Arithmetic
import KeyAgreement
import Traces

/// Sees everybody's secrets and everything that is transmitted, and says what does not hold of the keys:
///
/// - (a) same view, same key;
/// - (b) different views, different keys;
/// - (c) the key of a view is made of all shares. In GDH, g to their product, those of departed members and the
///   controllers' refreshes accounted for. In CKD, what the key list holds for each member, without its pairwise key,
///   which is computed from what the two drew. In BD, g to the sum of the products of neighbours' shares;
/// - (d) nobody outside a secure view can compute its key. Whoever is not in the view, former member, future member or
///   stranger, is given every value that any token ever carried, every share and every key that it ever held, and
///   must not reach the key by v^e, where v is such a value, such a key or g, and e is 1, s, 1/s, s·t, 1/(s·t) or s/t
///   for two of its shares.
///
/// The closure of (d) is searched from its end: for each e, K^(1/e) is looked up among the values. A search costs one
/// power for each e; `budget` bounds their number. All pairs of a view and an outsider are searched with single
/// shares first, the rest of the budget goes to pairs of shares. Where a stage has more to search than budget, each
/// pair of a view and an outsider is taken with the same probability, drawn from the seed.
///
/// All that is given to the oracle is only looked at in `violations`, apart from what can be compared at once.
public final class KeyOracle {
    private let judge: any KeyJudge

    /// - Parameters:
    ///   - seed: draws what is left out when there is too much to search.
    ///   - budget: how many powers the search of (d) costs at most; nil for 50,000 in the simulation's group (about ten
    ///     milliseconds) and 60 in a real one.
    public init(suite: Suite, seed: UInt64 = 0, budget: Int? = nil) {
        judge =
            suite.group == .simulation64
            ? Judge(SmallNumbers(), suite.agreement, seed: seed, budget: budget)
            : Judge(LargeNumbers(group: suite.group), suite.agreement, seed: seed, budget: budget)
    }

    /// A token as anybody on the network can read it (the payload as the robust machine hands it to Flush). Payloads
    /// that are no token are passed over.
    public func transmitted(payload: [UInt8], by member: UInt64) { judge.transmitted(payload) }

    /// What a membership holds (`AgreementContext.evidence`): to be said after every event that can begin a run or
    /// bring it forward. To say the same again costs little.
    public func held(member: UInt64, evidence: KeyEvidence) { judge.held(member, evidence) }

    /// A member installed a secure view; the evidence as it is then.
    public func installed(view: ViewName, member: UInt64, members: [UInt64], evidence: KeyEvidence) {
        judge.held(member, evidence)
        judge.installed(view, member, members, evidence)
    }

    /// What does not hold, each as a sentence with the view and the members.
    public func violations() -> [String] { judge.violations() }
}

/// The oracle in one group of numbers.
protocol KeyJudge: AnyObject {
    func transmitted(_ payload: [UInt8])
    func held(_ member: UInt64, _ evidence: KeyEvidence)
    func installed(_ view: ViewName, _ member: UInt64, _ members: [UInt64], _ evidence: KeyEvidence)
    func violations() -> [String]
}
