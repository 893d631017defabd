/// Explores small networks completely.
public enum Exhaustive {
    /// Explores one scenario; what is seen of states and events goes into the table.
    public static func explore(
        _ options: ExhaustiveOptions, table: StateEventTable, progress: @escaping (ExhaustiveResult) -> Void = { _ in }
    ) throws -> ExhaustiveResult {
        let scenario = try Scenario(options, table: table)
        var result = Explorer(scenario, progress: progress).run()
        for failure in options.failures {
            result.problems.append(ExhaustiveProblem(what: failure, schedule: "", dialogue: []))
        }
        return result
    }

    /// One schedule again, as a dialogue.
    public static func replay(_ schedule: String, _ options: ExhaustiveOptions) throws -> [String] {
        try Replay.dialogue(schedule, options)
    }
}
