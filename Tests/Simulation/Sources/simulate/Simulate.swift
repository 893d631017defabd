import ArgumentParser
@testable import SecureGroup

@main
struct Simulate: ParsableCommand {
    mutating func run() throws { print("simulate") }
}
