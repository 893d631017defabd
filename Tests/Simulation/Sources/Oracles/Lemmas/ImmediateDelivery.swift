import Traces

/// Lemma A.7: "All the user messages delivered by the GCS are immediately delivered by the GKA, maintaining the
/// ordering properties indicated by the GCS delivery for each message."
///
/// At once, or, for a message that waited for the key list, with the secure view. What a machine ignored, because it
/// never installed the view it was sent in, or refused, because it was not genuine, is nobody's user message.
enum ImmediateDelivery {
    static let check = Check("A.7 (appendix A.1.9)", needs: [.flushFloor, .carriers]) { index, report in
        for (member, steps) in index.steps.enumerated() {
            var walk = Walk()
            for step in steps { walk.take(step, index, member, &report) }
            if index.trace.isComplete, index.trace.members[member].isWhole { walk.complain(index, member, &report) }
        }
    }

    private struct Walk {
        /// The application's messages that Flush has delivered and the machine has not, in order, each with the event.
        var expected: [(number: UInt64, event: Int)] = []
        /// Whether the machine has a key, so that nothing need wait.
        var isOpen = false
        /// The next event of the machine is about the message that was expected last.
        var isTaking = false

        mutating func take(_ step: TraceIndex.Step, _ index: TraceIndex, _ member: Int, _ report: inout Report) {
            switch step.kind {
            case .vsDelivered(let message):
                complain(index, member, &report)
                isTaking = false
                guard let number = index.flush.messages[message].record.carries else { return }
                expected.append((number, step.event))
                isTaking = true
            case .robust(.dataMessage, _, _, let outcome):
                if outcome != .accepted, isTaking { expected.removeLast() }
                isTaking = false
            case .delivered(let message):
                isTaking = false
                let number = index.secure.messages[message].record.number
                if expected.first?.number == number {
                    expected.removeFirst()
                } else {
                    report.add(
                        step.event,
                        """
                        \(index.name(member)) delivered \(index.message(index.secure.messages[message])); the next that \
                        its Flush layer had delivered was \(expected.first.map { "message \($0.number)" } ?? "none")
                        """)
                    expected.removeAll { $0.number == number }
                }
            case .view:
                complain(index, member, &report)
                isOpen = true
            case .vsView:
                complain(index, member, &report)
                isOpen = false
                // What waited for a key list that never came belongs to a view that is abandoned.
                expected = []
            default: break
            }
        }

        /// With a key nothing may be left when the next thing happens.
        mutating func complain(_ index: TraceIndex, _ member: Int, _ report: inout Report) {
            guard isOpen, let left = expected.first else { return }
            report.add(
                left.event,
                "\(index.name(member)) did not deliver message \(left.number), which its Flush layer had delivered")
            expected = []
        }
    }
}
