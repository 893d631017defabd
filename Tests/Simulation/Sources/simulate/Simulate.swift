import ArgumentParser

@main
struct Simulate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Runs whole networks of members in one process, and judges what they did.",
        subcommands: [Speed.self])
}
