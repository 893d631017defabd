import ArgumentParser
import Foundation
import SecureGroup
import SimulatedNetwork

struct ScaleCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "scale",
        abstract: "Groups of many members join, split into five and merge: a table of times and counts.")

    @Option(parsing: .upToNextOption, help: "How many members.")
    var members = [10, 20, 50, 100, 200]
    @Option(help: "Groups of up to so many members also join one by one.")
    var oneByOne = 50
    @Option(help: "optimized or basic.")
    var algorithm = Algorithm.optimized
    @Option(help: "Write the table, as JSON, to this file.")
    var json: String?

    func run() throws {
        guard algorithm.each.count == 1, let settings = RunPlan.settings("simulation", algorithm.each[0]) else {
            throw ValidationError("one algorithm at a time")
        }
        print("| members | event | virtual ms | wall s | messages | deliveries | exponentiations |")
        print("| ---: | --- | ---: | ---: | ---: | ---: | ---: |")
        var steps: [ScaleRun.Step] = []
        var failed = 0
        for count in members {
            for joining in [ScaleRun.Joining.atOnce, .oneByOne] where joining == .atOnce || count <= oneByOne {
                let run = try ScaleRun(members: count, joining: joining, settings: settings)
                let events = joining == .atOnce ? ScaleRun.events : [ScaleRun.events[0]]
                for event in events {
                    let start = Date()
                    guard var step = try run.step(event) else {
                        print("| \(count) | \(event) | no secure view in time |")
                        failed += 1
                        break
                    }
                    step.wallSeconds = Date().timeIntervalSince(start)
                    print(row(step))
                    fflush(nil)
                    steps.append(step)
                }
            }
        }
        if let json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
            try encoder.encode(steps).write(to: URL(fileURLWithPath: json))
        }
        print("\(steps.count) passed, \(failed) failed")
        if failed > 0 { throw ExitCode(1) }
    }

    private func row(_ step: ScaleRun.Step) -> String {
        let times = String(format: "%.1f | %.2f", step.virtualMilliseconds, step.wallSeconds)
        return "| \(step.members) | \(step.event) | \(times) | \(step.messages) | \(step.deliveries)"
            + " | \(step.exponentiations) |"
    }
}
