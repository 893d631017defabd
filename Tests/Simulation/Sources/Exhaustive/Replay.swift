/// Goes one way through a small network again.
enum Replay {
    /// The dialogue of a schedule, and what is amiss on its way.
    static func dialogue<Cases: Network>(_ schedule: String, _ network: Cases) -> [String] {
        var world = network.world
        var path: [(choice: Cases.Choice, happening: Happening)] = []
        var problems: [String] = []
        for word in schedule.split(separator: " ") {
            let choices = network.choices(world)
            guard let choice = choices.first(where: { $0.description == word }) else {
                problems.append("\(word) cannot happen here; what can: \(choices.map(\.description))")
                break
            }
            let happening = network.perform(choice, &world)
            problems += happening.problems
            path.append((choice, happening))
        }
        if network.isSettled(network.choices(world), world) { problems += network.problems(of: world) }
        return Dialogue.lines(network.trace(path: path, isComplete: false)) + problems
    }
}
