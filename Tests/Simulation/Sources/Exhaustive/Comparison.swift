import Traces

/// What an exploration took of the paper's figures, and what it took besides.
public struct Comparison: Sendable {
    public let figure: String
    /// Transitions of the figure that were taken, and that were not.
    public private(set) var taken: [String] = []
    public private(set) var missing: [String] = []
    /// Transitions that the figure does not have, with their reasons; without one it is a failure.
    public private(set) var beyond: [(transition: String, reason: String)] = []
    public private(set) var unexplained: [String] = []

    /// Compares what was seen with the figure of an algorithm, in groups of at most so many members.
    public init(_ table: StateEventTable, algorithm: String, members: Int) {
        let (name, transitions) = Figures.figure(of: algorithm)
        figure = name
        let seen = table.cells[algorithm] ?? [:]
        func isTaken(_ transition: FigureTransition) -> Bool {
            let cell = StateEventTable.Cell(before: transition.from, event: transition.event)
            return seen[cell]?[StateEventTable.Result(after: transition.to, outcome: transition.outcome)] != nil
        }
        for transition in transitions where transition.members <= members {
            let text = Self.text(transition.from, transition.event, transition.to, transition.outcome)
            if isTaken(transition) { taken.append(text) } else { missing.append(text) }
        }
        for row in table.rows(algorithm) {
            for result in row.results {
                let isInFigure = transitions.contains {
                    $0.from == row.cell.before && $0.event == row.cell.event && $0.to == result.after
                        && $0.outcome == result.outcome
                }
                if isInFigure { continue }
                let text = Self.text(row.cell.before, row.cell.event, result.after, result.outcome)
                let known = TransitionsBeyond.all.first {
                    $0.from == row.cell.before && $0.event == row.cell.event && $0.to == result.after
                        && $0.outcome == result.outcome
                }
                if let known { beyond.append((text, known.reason.text)) } else { unexplained.append(text) }
            }
        }
    }

    /// The list of transitions beyond the figures, as the decision about them quotes it.
    public static var document: String { TransitionsBeyond.document }

    static func text(_ from: Phase, _ event: RobustEvent, _ to: Phase, _ outcome: RobustOutcome) -> String {
        "\(from) \(event.rawValue) \(to)" + (outcome == .accepted ? "" : " (\(outcome.rawValue))")
    }
}
