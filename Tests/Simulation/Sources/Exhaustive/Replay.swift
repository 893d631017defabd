/// Goes one way through a small network again.
enum Replay {
    /// The dialogue of a schedule, as `Choice` writes it, and what is amiss at its end.
    static func dialogue(_ schedule: String, _ options: ExhaustiveOptions) throws -> [String] {
        let scenario = try Scenario(options, table: StateEventTable())
        var world = scenario.world
        var path: [(choice: Choice, happening: World.Happening?)] = []
        var problems: [String] = []
        for word in schedule.split(separator: " ") {
            var choices: [Choice] = []
            world.choices(scenario.machinery, options: options, into: &choices)
            guard let choice = choices.first(where: { $0.description == word }) else {
                problems.append("\(word) cannot happen here; what can: \(choices.map(\.description))")
                break
            }
            let happening = world.perform(choice, scenario.machinery)
            problems += happening?.step.problems ?? []
            path.append((choice, happening))
        }
        return Dialogue.lines(scenario.trace(path: path, isComplete: false)) + problems
    }
}
