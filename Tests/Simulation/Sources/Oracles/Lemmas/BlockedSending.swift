import Traces

/// Lemma A.1: "The GKA blocks an application from sending messages between the time a secure flush_ok_msg message was
/// sent and the delivery of the new secure membership."
///
/// Nor does it accept any before the first secure view, where there is no key.
enum BlockedSending {
    static let check = Check("A.1 (appendix A.1)") { index, report in
        for (member, steps) in index.steps.enumerated() {
            var isBlocked = true
            for step in steps {
                switch step.kind {
                case .flushOk: isBlocked = true
                case .view: isBlocked = false
                case .sent(let message) where isBlocked:
                    report.add(
                        step.event,
                        """
                        \(index.name(member)) sent \(index.message(index.secure.messages[message])) outside the time \
                        between a secure view and its flush_ok
                        """)
                case .robust(.userMessage, let state, _, .accepted) where isBlocked:
                    report.add(
                        step.event,
                        "the machine of \(index.name(member)) accepted a message in \(state) after flush_ok")
                default: break
                }
            }
        }
    }
}
