import ArgumentParser
import EncryptNetwork
import Foundation
import Primitives

/// Whether the simulator notices when the library is broken.
struct MutationsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mutations",
        abstract: "Breaks the library on purpose, and expects to see it.",
        discussion: """
            Each mutation (Sources/Primitives/Mutation.swift) breaks the library in one way. Without --search, every \
            line of the list is carried out twice: with the mutation on, when a check that is there for it must fail, \
            and with it off, when all must hold. Where the library has changed and a seed means another run, the next \
            seeds are tried; the lines that should be refreshed are told at the end. With --search, the list is written \
            anew: for each mutation cases are tried until one fails that holds otherwise.
            """)

    @Flag(help: "Look for a case that catches each mutation, and write the list.")
    var search = false

    @Option(help: "How many seeds of each kind a search tries.")
    var seeds = 200

    @Option(help: "How many seeds are tried with both algorithms where a line of the list catches nothing any more.")
    var nextSeeds = 200

    @Flag(help: "Print the list as a Markdown table, as docs/simulation.md has it.")
    var markdown = false

    @Option(help: "Only this mutation.")
    var mutation: String?

    @Option(help: "The list.")
    var list = "Tests/Simulation/mutations.tsv"

    @Option(help: "How many processes at once.")
    var jobs = 2

    @Option(help: "After so many seconds a process is taken for one that hangs.")
    var limit = 600.0

    func run() throws {
        var chosen = Mutation.allCases
        if let mutation {
            guard let known = Mutation(name: mutation) else { throw ValidationError("no mutation \(mutation)") }
            chosen = [known]
        }
        if markdown { return try MutationTable(entries: read()).print() }
        let failed = try search ? find(chosen) : replay(chosen)
        let unshown = mutation == nil ? try unshownAttacks() : []
        for attack in unshown { print("NOT SHOWN to be able to succeed: attack \(attack.rawValue)") }
        print("\(chosen.count - failed) passed, \(failed + unshown.count) failed")
        if failed + unshown.count > 0 { throw ExitCode.failure }
    }

    // MARK: - The list

    private func read() throws -> [MutationCatch] {
        let lines = try String(contentsOfFile: list, encoding: .utf8).split(separator: "\n")
        return try lines.filter { !$0.hasPrefix("#") }.map { line in
            guard let entry = MutationCatch(line: String(line)) else {
                throw ValidationError("\(list): not a line of the list: \(line)")
            }
            return entry
        }
    }

    private func write(_ entries: [MutationCatch]) throws {
        let head = """
            # What catches each mutation: mutation, case, check that fails. Written by: simulate mutations --search

            """
        try (head + entries.map { $0.line + "\n" }.joined()).write(toFile: list, atomically: true, encoding: .utf8)
    }

    /// Attacks with which no mutation is caught: each shows one protection to be there, or an option to matter.
    private func unshownAttacks() throws -> [Attack] {
        let shown = try read().map { $0.example }
        return Attack.allCases.filter { !$0.isShownByAnOption && !shown.contains(.attack($0)) }
    }

    // MARK: - Replaying

    private func replay(_ chosen: [Mutation]) throws -> Int {
        let entries = try read()
        let outcomes = concurrently(chosen) { mutation -> Replay? in
            guard let entry = entries.first(where: { $0.mutation == mutation }) else {
                return .survived("is not in the list")
            }
            do { return try replay(entry) } catch { return .survived("\(error)") }
        }
        var refreshed: [MutationCatch] = []
        var failed = 0
        for (mutation, outcome) in zip(chosen, outcomes) {
            switch outcome {
            case .caught: print("caught   \(mutation.name)")
            case .caughtElsewhere(let entry, let reason):
                print("caught   \(mutation.name), but by \(entry.example.text): \(reason)")
                refreshed.append(entry)
            case .survived(let reason):
                print("SURVIVES \(mutation.name): \(reason)")
                failed += 1
            case nil:
                print("SURVIVES \(mutation.name): was not tried")
                failed += 1
            }
        }
        if !refreshed.isEmpty {
            print("lines to refresh in \(list):")
            for entry in refreshed { print(entry.line) }
        }
        return failed
    }

    /// What became of a line of the list.
    private enum Replay {
        case caught
        /// The case of the list does not tell the mutation any more, and why; another one does.
        case caughtElsewhere(MutationCatch, String)
        case survived(String)
    }

    /// Carries out the case of the list, and others where it tells nothing any more.
    private func replay(_ entry: MutationCatch) throws -> Replay {
        guard let reason = try obstacle(to: entry) else { return .caught }
        let cases = entry.example.next(seeds: nextSeeds)
        guard let other = try firstCatch(entry.mutation, cases) else {
            return .survived("\(reason); nor do \(cases.count) other cases tell it")
        }
        return .caughtElsewhere(other.entry, reason)
    }

    /// Why a line of the list does not hold: the library is broken in that way, and nothing that is there for it
    /// fails; or the library is whole, and something fails. Nil if the line is right.
    private func obstacle(to entry: MutationCatch) throws -> String? {
        let (mutation, example) = (entry.mutation, entry.example)
        let broken = try WorkerResult.run(mutation: mutation, cases: [example], limit: limit)
        guard broken.found.contains(where: { mutation.isExpected($0.check) }) else {
            return "\(example.text) holds with it"
        }
        let whole = try WorkerResult.run(mutation: nil, cases: [example], limit: limit)
        return whole.found.first.map { "\(example.text) fails without it: \($0.check): \($0.sentence)" }
    }

    // MARK: - Searching

    private struct Finding {
        var entry: MutationCatch
        var sentence: String
        var count: Int
    }

    private func find(_ chosen: [Mutation]) throws -> Int {
        let cases = MutationCase.all(seeds: seeds)
        let findings = concurrently(chosen) { mutation -> Finding? in
            do {
                guard let finding = try firstCatch(mutation, cases) else {
                    print("SURVIVES \(mutation.name)")
                    return nil
                }
                print("\(finding.entry.line)\t\(finding.count) cases\t\(finding.sentence)")
                return finding
            } catch {
                print("\(mutation.name): \(error)")
                return nil
            }
        }
        var entries = (try? read()) ?? []
        entries.removeAll { entry in chosen.contains(entry.mutation) }
        entries += findings.compactMap { $0?.entry }
        let order = Mutation.allCases
        entries.sort { (order.firstIndex(of: $0.mutation) ?? 0) < (order.firstIndex(of: $1.mutation) ?? 0) }
        try write(entries)
        return findings.count { $0 == nil }
    }

    /// Tries cases until one is caught.
    private func find(_ mutation: Mutation, _ cases: [MutationCase]) throws -> Finding? {
        var result = try WorkerResult.run(mutation: mutation, cases: cases, untilFailure: true, limit: limit)
        if cases.count > 1, let last = result.found.last, last.check == "hangs" {
            // Perhaps only the time for all of them was too short.
            let alone = try WorkerResult.run(mutation: mutation, cases: [last.example], limit: limit)
            result.found = result.found.dropLast() + alone.found
        }
        guard let first = result.found.first(where: { mutation.isExpected($0.check) }) else {
            if let other = result.found.first {
                print(
                    "\(mutation.name) breaks only other things: \(other.example.text) \(other.check): \(other.sentence)"
                )
            }
            return nil
        }
        let entry = MutationCatch(mutation: mutation, example: first.example, check: first.check)
        return Finding(entry: entry, sentence: first.sentence, count: result.count)
    }

    /// Tries cases until one is caught that holds without the mutation; only those that are caught are carried out
    /// twice.
    private func firstCatch(_ mutation: Mutation, _ cases: [MutationCase]) throws -> Finding? {
        var left = cases[...]
        while !left.isEmpty {
            guard let finding = try find(mutation, [MutationCase](left)) else { return nil }
            let whole = try WorkerResult.run(mutation: nil, cases: [finding.entry.example], limit: limit)
            if whole.found.isEmpty { return finding }
            left = left.drop { $0 != finding.entry.example }.dropFirst()
        }
        return nil
    }

    // MARK: - At the same time

    /// Does something for each mutation, for so many of them at once; the answers are in the order of the mutations.
    private func concurrently<Answer: Sendable>(
        _ mutations: [Mutation], _ body: @escaping @Sendable (Mutation) -> Answer?
    ) -> [Answer?] {
        let answers = Answers<Answer>(count: mutations.count)
        DispatchQueue.concurrentPerform(iterations: max(jobs, 1)) { _ in
            while let index = answers.next() {
                answers.set(body(mutations[index]), at: index)
                fflush(nil)
            }
        }
        return answers.all
    }
}

/// Answers that several threads give.
private final class Answers<Answer: Sendable>: @unchecked Sendable {
    private let lock = NSLock()
    private var answers: [Answer?]
    private var given = 0

    init(count: Int) { answers = Array(repeating: nil, count: count) }

    /// The next question that nobody has taken.
    func next() -> Int? {
        lock.lock()
        defer { lock.unlock() }
        guard given < answers.count else { return nil }
        given += 1
        return given - 1
    }

    func set(_ answer: Answer?, at index: Int) {
        lock.lock()
        defer { lock.unlock() }
        answers[index] = answer
    }

    var all: [Answer?] {
        lock.lock()
        defer { lock.unlock() }
        return answers
    }
}
