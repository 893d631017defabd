import Traces

/// Where nobody tampers with messages, no machine refuses one, and no application is told of a problem, except for what
/// is listed here.
enum Undisturbed {
    static let check = Check("undisturbed (§2)", needs: [.noTampering]) { index, report in
        for (member, steps) in index.steps.enumerated() {
            for step in steps {
                switch step.kind {
                case .robust(let event, let before, _, .refused):
                    guard case .robust(_, _, _, _, let why) = index.trace.events[step.event].kind,
                        !isIllegalCall(event)
                    else { continue }
                    report.add(
                        step.event, "\(index.name(member)) refused \(event.rawValue) in \(before): \(why)")
                case .problem:
                    guard case .problem(let what) = index.trace.events[step.event].kind, !isAdmitted(what) else {
                        continue
                    }
                    report.add(step.event, "\(index.name(member)) has a problem: \(what)")
                default: break
                }
            }
        }
    }

    /// Calls of the application at the wrong time are its own fault: "illegal, return an error to the user".
    private static func isIllegalCall(_ event: RobustEvent) -> Bool {
        event == .userMessage || event == .secureFlushOk
    }

    /// Problems that belong to an undisturbed network.
    private static func isAdmitted(_ what: String) -> Bool { admitted.contains { what.hasPrefix($0) } }

    private static let admitted = [
        // A stranger, or a newcomer whom not all accept, learns after a while that nobody has admitted it.
        "not admitted:"
    ]
}
