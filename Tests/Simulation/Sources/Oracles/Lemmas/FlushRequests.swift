import Traces

/// Lemma A.2: "When a group membership change occurs, the GKA delivers a flush_request_msg message to processes already
/// part of the group. The new secure membership is delivered only after they answer with a secure_flush_ok message. For
/// a joining process no flush_req is delivered and the secure membership is the first message delivered to it."
enum FlushRequests {
    /// How far the exchange has come since the last secure view.
    private enum Stage { case joining, settled, requested, acknowledged }

    static let check = Check("A.2 (appendix A.1)") { index, report in
        for (member, steps) in index.steps.enumerated() {
            var stage = Stage.joining
            for step in steps {
                switch step.kind {
                case .view(let visit):
                    if stage == .settled || stage == .requested {
                        report.add(
                            step.event,
                            """
                            \(index.name(member)) got \(index.view(index.secure.visits[visit], index.secure)) \
                            \(stage == .settled ? "without a flush request" : "before its flush_ok")
                            """)
                    }
                    stage = .settled
                case .flushRequest:
                    if stage != .settled {
                        report.add(step.event, "\(index.name(member)) got a flush request \(words(stage))")
                    }
                    if stage != .joining { stage = .requested }
                case .flushOk:
                    if stage != .requested {
                        report.add(step.event, "flush_ok of \(index.name(member)) was taken \(words(stage))")
                    }
                    if stage != .joining { stage = .acknowledged }
                case .signal where stage == .joining:
                    report.add(step.event, "\(index.name(member)) got a transitional signal \(words(stage))")
                case .delivered where stage == .joining:
                    report.add(step.event, "\(index.name(member)) got a message \(words(stage))")
                default: break
                }
            }
        }
    }

    private static func words(_ stage: Stage) -> String {
        switch stage {
        case .joining: "before its first secure view"
        case .settled: "without a flush request before it"
        case .requested: "while it had not answered the last one"
        case .acknowledged: "after it had acknowledged one, before the next secure view"
        }
    }
}
