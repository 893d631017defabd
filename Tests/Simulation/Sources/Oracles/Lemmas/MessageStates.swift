import Traces

/// Lemma A.4, of the basic algorithm: "The only states where user messages are received by the GKA from the GCS are S
/// and CM. User messages are delivered by the GKA to the application only in the S and CM states."
///
/// Lemma B.2, of the optimized one: "The only states where user messages can be received are S and M. User messages are
/// delivered to the application only in the S and M states."
///
/// Two receptions are left out of account, which the paper's proof does not have, and which deliver nothing:
/// - A message of the new view that is not agreed overtakes the key list, which is: it waits in KL.
/// - Others have installed the view and sent in it; here the transitional signal came before the key list, so that the
///   view is abandoned and its messages with it.
enum MessageStates {
    static let basic = Check("A.4 (appendix A.1)", needs: [.robustEvents, .algorithm("basic")]) { index, report in
        judge(index, &report, states: [.S, .CM])
    }

    static let optimized = Check("B.2 (appendix B.1)", needs: [.robustEvents, .algorithm("optimized")]) {
        index, report in
        judge(index, &report, states: [.S, .M])
    }

    private static func judge(_ index: TraceIndex, _ report: inout Report, states: [Phase]) {
        for (member, steps) in index.steps.enumerated() {
            var state: Phase? = nil
            var isSignalled = false
            for step in steps {
                switch step.kind {
                case .vsView: isSignalled = false
                case .vsSignal: isSignalled = true
                case .robust(let event, let before, let after, let outcome):
                    state = after
                    let isWaiting = outcome == .accepted && before == .KL && after == .KL && !isSignalled
                    let isAbandoned = outcome == .ignored && isSignalled
                    guard event == .dataMessage, !states.contains(before), !isWaiting, !isAbandoned, !index.isTampered
                    else { continue }
                    report.add(step.event, "\(index.name(member)) received a user message in \(before)")
                case .delivered(let message):
                    guard let state, !states.contains(state) else { continue }
                    report.add(
                        step.event,
                        """
                        \(index.name(member)) delivered \(index.message(index.secure.messages[message])) in \(state)
                        """)
                default: break
                }
            }
        }
    }
}
