/// Explores small networks completely.
public enum Exhaustive {
    /// Explores one scenario; what is seen of states and events goes into the table.
    public static func explore(
        _ options: ExhaustiveOptions, table: StateEventTable, progress: @escaping (ExhaustiveResult) -> Void = { _ in }
    ) throws -> ExhaustiveResult {
        var result =
            options.level == 1
            ? Explorer(try Scenario(options, table: table), progress: progress).run()
            : Explorer(try EngineScenario(options, table: table), progress: progress).run()
        for failure in options.failures {
            result.problems.append(ExhaustiveProblem(what: failure, schedule: "", dialogue: []))
        }
        return result
    }

    /// One schedule again, as a dialogue.
    public static func replay(_ schedule: String, _ options: ExhaustiveOptions) throws -> [String] {
        let table = StateEventTable()
        return options.level == 1
            ? Replay.dialogue(schedule, try Scenario(options, table: table))
            : Replay.dialogue(schedule, try EngineScenario(options, table: table))
    }

    /// All ways to part members.
    static func partitions(of members: [Int]) -> [[Members]] {
        guard let last = members.last else { return [[]] }
        var result: [[Members]] = []
        for rest in partitions(of: members.dropLast()) {
            for part in rest.indices {
                var larger = rest
                larger[part] |= .one(last)
                result.append(larger)
            }
            result.append(rest + [.one(last)])
        }
        return result
    }
}
