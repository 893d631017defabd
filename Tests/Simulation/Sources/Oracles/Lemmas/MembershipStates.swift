import Traces

/// Lemma A.3, of the basic algorithm: "The only state where VS membership notifications are received by the GKA is CM."
///
/// Lemma B.1, of the optimized one: "The only states where VS membership notifications are received are the SJ, CM and
/// M states."
enum MembershipStates {
    static let basic = Check("A.3 (appendix A.1)", needs: [.robustEvents, .algorithm("basic")]) { index, report in
        judge(index, &report, states: [.CM])
    }

    static let optimized = Check("B.1 (appendix B.1)", needs: [.robustEvents, .algorithm("optimized")]) {
        index, report in
        judge(index, &report, states: [.SJ, .CM, .M])
    }

    private static func judge(_ index: TraceIndex, _ report: inout Report, states: [Phase]) {
        for (member, steps) in index.steps.enumerated() {
            for step in steps {
                guard case .robust(.membership, let state, _, _) = step.kind, !states.contains(state) else { continue }
                report.add(step.event, "\(index.name(member)) got a VS view in \(state)")
            }
        }
    }
}
