import Flush
import KeyAgreement
import SecureGroup

/// Where an exploration begins.
public enum ExhaustiveStart: String, Sendable, CaseIterable {
    /// Nobody has been in a view; all meet.
    case joining
    /// All share a secure view.
    case secure
    /// All but the last share a secure view; the last is connected by the first change.
    case newcomer
    /// All but the last share a secure view, and the last has one alone.
    case apart
}

/// What is explored.
public final class ExhaustiveOptions: @unchecked Sendable {
    /// 1: the robust machines over a Flush layer that does all it may. 2: whole engines over a transport.
    public var level = 1
    public var members = 2
    /// Changes of the network at any moment, after what the start is made of.
    public var changes = 1
    /// Messages of applications, in all.
    public var sends = 1
    public var hasRefreshes = true
    public var algorithm = "optimized"
    public var suite = Suite.simulation
    public var start = ExhaustiveStart.secure
    /// Gives up after so many seconds.
    public var seconds: Double = .infinity
    /// For tests of the pruning: whether a state that was there before is not walked through again.
    public var isPruning = true
    /// For tests of the pruning: no two ways to a state of a member are taken for the same.
    public var isMergingNothing = false
    /// For tests of the pruning: states with one name are compared in full.
    public var isComparingDumps = false
    /// While the start is made, only what must happen does.
    var allowsOptional = true
    /// What is amiss apart from any schedule.
    private(set) var failures: [String] = []

    public init() {}

    var robust: RobustAlgorithm { algorithm == "basic" ? .basic : .optimized }

    func fail(_ text: String) { if !failures.contains(text) { failures.append(text) } }
}
