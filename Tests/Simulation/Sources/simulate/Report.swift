import Exhaustive
import Foundation
import KeyAgreement
import SimulatedNetwork
import Traces

/// What many runs came to.
struct Report: Sendable {
    var passed = 0
    var failures: [Failure] = []
    var seconds = 0.0
    /// The trace of a single run, when it is wanted.
    var trace: Trace?
    /// In the order of `Flavour.allCases`.
    private var flavours = [Statistics](repeating: Statistics(), count: Flavour.allCases.count)
    private var coverage: [(algorithm: String, table: Coverage)] = []
    private var realRuns = 0
    private var isGDH = true

    mutating func add(_ statistics: Statistics, _ coverage: Coverage, _ flavour: Flavour, _ settings: Settings) {
        if let index = Flavour.allCases.firstIndex(of: flavour) { flavours[index].add(statistics) }
        if settings.suiteName != "simulation" { realRuns += 1 }
        isGDH = settings.suite.agreement == .gdh
        if let index = self.coverage.firstIndex(where: { $0.algorithm == settings.algorithmName }) {
            self.coverage[index].table.add(coverage)
        } else {
            self.coverage.append((settings.algorithmName, coverage))
        }
    }

    private var total: Statistics {
        var sum = Statistics()
        for statistics in flavours { sum.add(statistics) }
        return sum
    }

    // MARK: - Text

    var text: String {
        var lines: [String] = []
        for entry in coverage { lines += table(entry.algorithm, entry.table) + [""] }
        lines += summary + causes
        for failure in failures.prefix(20) {
            for violation in failure.violations.prefix(3) {
                lines.append("FAILED seed \(failure.seed): \(violation.property): \(violation.sentence)")
            }
            lines.append("  replay: \(failure.replay)")
            if let page = failure.page { lines.append("  page: \(page)") }
        }
        for contradiction in contradictions { lines.append("FAILED \(contradiction)") }
        if failures.count > 20 { lines.append("and \(failures.count - 20) more that failed") }
        return lines.joined(separator: "\n")
    }

    private var summary: [String] {
        let heads = [
            "runs", "events", "messages", "deliveries", "views", "cascades", "restarts", "excluded", "rejoins",
            "tampered",
        ]
        var lines = [left("flavour", 10) + heads.map { right($0, 11) }.joined()]
        func line(_ name: String, _ sum: Statistics) -> String {
            let numbers = [
                sum.runs, sum.events, sum.messages, sum.deliveries, sum.secureViews, sum.cascades, sum.restarts,
                sum.exclusions, sum.rejoins, sum.tampered,
            ]
            return left(name, 10) + numbers.map { right("\($0)", 11) }.joined()
        }
        for (flavour, sum) in zip(Flavour.allCases, flavours) where sum.runs > 0 {
            lines.append(line(flavour.rawValue, sum))
        }
        let total = total
        lines.append(line("all", total))
        let rate = Int(Double(total.deliveries) / max(seconds, 0.001))
        lines.append(
            "\(total.runs) runs (\(realRuns) with a real suite) in \(String(format: "%.1f", seconds)) s,"
                + " \(rate) deliveries per second;"
                + " the slowest end took \(total.slowestEnd / 1_000) ms of virtual time")
        return lines
    }

    /// In how many runs which property did not hold, and the first seed that shows it.
    private var causes: [String] {
        var found: [(property: String, runs: Int, seed: UInt64)] = []
        for failure in failures {
            var seen: [String] = []
            for violation in failure.violations where !seen.contains(violation.property) {
                seen.append(violation.property)
                if let index = found.firstIndex(where: { $0.property == violation.property }) {
                    found[index].runs += 1
                } else {
                    found.append((violation.property, 1, failure.seed))
                }
            }
        }
        return found.map { "\($0.property): broken in \($0.runs) runs, first in seed \($0.seed)" }
    }

    /// How often which state received which event; in brackets, how often it refused it.
    private func table(_ algorithm: String, _ coverage: Coverage) -> [String] {
        var lines = [left(algorithm, 20) + Phase.allCases.map { right($0.rawValue, 14) }.joined()]
        for event in RobustEvent.allCases {
            let cells = Phase.allCases.map { phase -> String in
                let cell = coverage[phase, event]
                guard cell.total > 0 else { return right("·", 14) }
                return right(cell.refused > 0 ? "\(cell.total) (\(cell.refused))" : "\(cell.total)", 14)
            }
            lines.append(left(event.rawValue, 20) + cells.joined())
        }
        lines.append("In brackets: refused.")
        let cells = CellCoverage(algorithm: algorithm, isGDH: isGDH) { coverage[$0, $1].total > 0 }
        lines.append("\(algorithm): \(cells.text)")
        if total.runs >= Self.many, !cells.missing.isEmpty {
            lines.append("  not covered: \(cells.missing.joined(separator: ", "))")
        }
        return lines
    }

    /// In so many runs everything possible should have happened: what has not is listed.
    private static let many = 2_000

    /// Cells that were taken and cannot be, as `PossibleCells` has it.
    var contradictions: [String] {
        coverage.flatMap { entry in
            CellCoverage(algorithm: entry.algorithm, isGDH: isGDH) { entry.table[$0, $1].total > 0 }.contradictions
                .map { "\(entry.algorithm): \($0)" }
        }
    }

    /// Cells that can be taken and were not.
    var missing: [String] {
        coverage.flatMap { entry in
            CellCoverage(algorithm: entry.algorithm, isGDH: isGDH) { entry.table[$0, $1].total > 0 }.missing
                .map { "\(entry.algorithm): \($0)" }
        }
    }

    private func left(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(width - text.count, 1))
    }

    private func right(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(width - text.count, 1)) + text
    }

    // MARK: - JSON

    private struct Summary: Encodable {
        struct Row: Encodable {
            var algorithm, state, event: String
            var accepted, ignored, refused: Int
        }
        struct Failed: Encodable {
            var seed: UInt64
            var replay: String
            var violations: [Violation]
        }
        var runs, passed, events, messages, deliveries, secureViews, cascades, restarts, exclusions, rejoins: Int
        var seconds: Double
        var table: [Row]
        var failures: [Failed]
    }

    func json() throws -> Data {
        let sum = total
        let rows = coverage.flatMap { entry in
            Phase.allCases.flatMap { phase in
                RobustEvent.allCases.map { event in
                    let cell = entry.table[phase, event]
                    return Summary.Row(
                        algorithm: entry.algorithm, state: phase.rawValue, event: event.rawValue,
                        accepted: cell.accepted, ignored: cell.ignored, refused: cell.refused)
                }
            }
        }
        let summary = Summary(
            runs: sum.runs, passed: passed, events: sum.events, messages: sum.messages, deliveries: sum.deliveries,
            secureViews: sum.secureViews, cascades: sum.cascades, restarts: sum.restarts,
            exclusions: sum.exclusions, rejoins: sum.rejoins, seconds: seconds, table: rows,
            failures: failures.map { Summary.Failed(seed: $0.seed, replay: $0.replay, violations: $0.violations) })
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        return try encoder.encode(summary)
    }
}
