import ArgumentParser
import Foundation
import Primitives

/// What every command that runs seeds is told.
struct SeedOptions: ParsableArguments {
    @Option(help: "One seed.")
    var seed: UInt64?
    @Option(help: "Seeds, A..B, both included.")
    var seeds: SeedRange?
    @Option(help: "Break the library in this way: see \"simulate mutations\".")
    var mutation: String?
    @Option(help: "How many threads.")
    var jobs: Int = ProcessInfo.processInfo.activeProcessorCount
    @Flag(help: "Print what happens.")
    var verbose = false

    var range: SeedRange { seeds ?? SeedRange(first: seed ?? 1, last: seed ?? 1) }

    func validate() throws {
        if let mutation, Mutation(name: mutation) == nil { throw ValidationError("no mutation is called \(mutation)") }
        guard jobs > 0 else { throw ValidationError("--jobs is at least 1") }
    }

    /// Breaks the library as asked for.
    func activateMutation() { Mutation.active = mutation.flatMap { Mutation(name: $0) } }
}
