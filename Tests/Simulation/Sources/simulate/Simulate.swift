import ArgumentParser

@main
struct Simulate: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract: "Runs whole networks of members from seeds, and judges what happened to them.",
        subcommands: [
            Run.self, ScaleCommand.self, Draw.self, Judge.self, Speed.self, ExhaustiveCommand.self,
            EncryptCommand.self, MutationsCommand.self, MutationWorker.self,
        ],
        defaultSubcommand: Run.self)
}
