public import Traces

/// Judges traces: whether what the paper proves of its algorithms holds for what the members of a network went through.
///
/// Nothing is taken from the machines but what the trace records, so that traces of real members are judged alike.
/// - "p" and "q" are memberships. Who crashed and came back is another process to the paper.
/// - "Unless it crashes": whoever crashed, left, was told to join again or was replaced may owe what belongs to its
///   last view. So may one that hangs when the trace ends, one whose trace is not whole, and everybody when the trace
///   is not complete. What it left undone in a view that it has moved on from is owed by all of them.
/// - A private message is addressed to one member, and every property is about those to whom a message is addressed:
///   its sender need not deliver it (6), nobody misses it who was not meant to have it (8, 11.3, 12.2), and at its
///   receiver it has its place among the other messages of its sender and of its causal past (9, 10).
public enum Oracle {
    /// What does not hold, in the order of the checks; empty when all is well. Checks that the trace lacks events for
    /// are left out: see `applicable`.
    public static func judge(_ trace: Trace) -> [Violation] {
        let index = TraceIndex(trace)
        var violations: [Violation] = []
        for check in checks where obstacle(to: check, index) == nil {
            var report = Report(property: check.property)
            check.judge(index, &report)
            violations += report.violations
        }
        return violations
    }

    /// Every check, and why it is left out for this trace; nil for those that are made.
    public static func applicable(to trace: Trace) -> [(property: String, obstacle: String?)] {
        let index = TraceIndex(trace)
        return checks.map { ($0.property, obstacle(to: $0, index)) }
    }

    /// All checks, in the order of the paper.
    static let checks: [Check] = [
        SelfInclusion.check, LocalMonotonicity.check, SendingViewDelivery.check, DeliveryIntegrity.check,
        NoDuplication.check, SelfDelivery.check, TransitionalSet.first, TransitionalSet.second, TransitionalSet.third,
        VirtualSynchrony.check, FIFODelivery.check, CausalDelivery.check, AgreedDelivery.second, AgreedDelivery.third,
        SafeDelivery.check, TransitionalSignal.check,
        BlockedSending.check, FlushRequests.check, MembershipStates.basic, MembershipStates.optimized,
        MessageStates.basic, MessageStates.optimized, SecureViewIdentifiers.check, KeyListTogether.check,
        StayingTogether.check,
        ImmediateDelivery.check,
        ViewsAndKeys.members, ViewsAndKeys.sameKey, ViewsAndKeys.differentKeys, Authenticity.check, Admission.check,
        Undisturbed.check,
    ]

    /// The name of the check that members are told of no trouble where nobody makes any.
    public static var undisturbed: String { Undisturbed.check.property }

    private static func obstacle(to check: Check, _ index: TraceIndex) -> String? {
        check.needs.lazy.compactMap { $0.obstacle(in: index) }.first
    }
}

/// A check of one property, lemma or claim.
struct Check: Sendable {
    /// Its number and name in the paper.
    let property: String
    let needs: [Need]
    let judge: @Sendable (TraceIndex, inout Report) -> Void

    init(_ property: String, needs: [Need] = [], _ judge: @escaping @Sendable (TraceIndex, inout Report) -> Void) {
        self.property = property
        self.needs = needs
        self.judge = judge
    }

    /// Where a property of §3.1 is judged although the network tampers with messages. The paper assumes "that message
    /// corruption is masked by a lower layer", and the Flush layer does not seal what it carries: then what a transport
    /// changed or swallowed is missing.
    enum TamperedFloors { case both, secure, none }

    /// A property of §3.1, judged at both floors.
    static func property(
        _ property: String, whenTampered floors: TamperedFloors = .both,
        _ judge: @escaping @Sendable (Floor, TraceIndex, inout Report) -> Void
    ) -> Check {
        Check(property, needs: floors == .none ? [.noTampering] : []) { index, report in
            if floors != .secure || !index.isTampered { judge(index.flush, index, &report) }
            judge(index.secure, index, &report)
        }
    }
}

/// What a trace must have for a check.
enum Need: Sendable {
    /// Events of the Flush layer.
    case flushFloor
    /// Events of the robust machines.
    case robustEvents
    /// Which message of the Flush layer carries which of the application's.
    case carriers
    /// That nobody tampers with messages.
    case noTampering
    /// One of the algorithms.
    case algorithm(String)

    /// Why the trace lacks it; nil if it does not.
    func obstacle(in index: TraceIndex) -> String? {
        switch self {
        case .flushFloor: index.flush.hasViews ? nil : "no views of the Flush layer in the trace"
        case .robustEvents: index.hasRobustEvents ? nil : "no events of the robust machines in the trace"
        case .carriers: index.hasCarriers ? nil : "the trace does not say which message carries which"
        case .noTampering: index.isTampered ? "the network tampered with messages" : nil
        case .algorithm(let name):
            index.trace.algorithm == name ? nil : "the members run the \(index.trace.algorithm) algorithm"
        }
    }
}
