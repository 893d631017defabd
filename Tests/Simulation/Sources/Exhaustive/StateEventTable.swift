import Traces

/// Which event met which state, and what came of it.
public final class StateEventTable {
    public struct Cell: Hashable, Sendable {
        public let before: Phase
        public let event: RobustEvent
    }

    public struct Result: Hashable, Sendable {
        public let after: Phase
        public let outcome: RobustOutcome
    }

    /// By algorithm.
    private(set) var cells: [String: [Cell: [Result: Int]]] = [:]

    public init() {}

    func note(_ before: Phase, _ event: RobustEvent, _ after: Phase, _ outcome: RobustOutcome, algorithm: String) {
        cells[algorithm, default: [:]][Cell(before: before, event: event), default: [:]][
            Result(after: after, outcome: outcome), default: 0] += 1
    }

    /// All that was seen, in the order of states and events.
    func rows(_ algorithm: String) -> [(cell: Cell, results: [Result])] {
        var rows: [(cell: Cell, results: [Result])] = []
        for before in Phase.allCases {
            for event in RobustEvent.allCases {
                let cell = Cell(before: before, event: event)
                guard let results = cells[algorithm]?[cell] else { continue }
                let ordered = Phase.allCases.flatMap { after in
                    [RobustOutcome.accepted, .ignored, .refused].map { Result(after: after, outcome: $0) }
                }
                rows.append((cell, ordered.filter { results[$0] != nil }))
            }
        }
        return rows
    }

    /// The table as text.
    public func text(_ algorithm: String) -> [String] {
        rows(algorithm).map { row in
            let results = row.results.map {
                "\($0.after)" + ($0.outcome == .accepted ? "" : " (\($0.outcome.rawValue))")
            }
            return "\(row.cell.before)  \(row.cell.event.rawValue): " + results.joined(separator: ", ")
        }
    }
}
