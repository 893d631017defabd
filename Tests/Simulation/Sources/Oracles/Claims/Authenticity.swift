import Traces

/// Who is not a member can withhold what it carries, and nothing else (§2: all messages are signed or sealed): no
/// robust machine takes a message of which sender, service, destination and text are not as somebody sent it.
///
/// A sealed record that comes before its key is there is kept, and judged when it is opened.
enum Authenticity {
    static let check = Check("authenticity (§2)") { index, report in
        let changed = Set(index.flush.contradictions.map { $0.event })
        for (member, steps) in index.steps.enumerated() {
            for (step, next) in zip(steps, steps.dropFirst()) {
                guard case .vsDelivered(let number) = step.kind,
                    case .robust(let event, let before, _, .accepted) = next.kind,
                    !(event == .dataMessage && isAgreeing(before))
                else { continue }
                let message = index.flush.messages[number]
                guard changed.contains(step.event) || isInvented(message, index) else { continue }
                report.add(
                    next.event,
                    "\(index.name(member)) took \(event.rawValue) in \(before): \(index.message(message)) is not as it was sent"
                )
            }
        }
    }

    /// Whether nobody sent it; what a member sent whose trace is not whole may be missing.
    private static func isInvented(_ message: Floor.Message, _ index: TraceIndex) -> Bool {
        message.visit < 0 && (message.sender < 0 || index.trace.members[message.sender].isWhole)
    }

    private static func isAgreeing(_ phase: Phase) -> Bool {
        switch phase {
        case .PT, .FT, .FO, .KL, .A: true
        case .SJ, .S, .M, .CM, .over: false
        }
    }
}
