import Foundation
import Primitives
import Traces

/// The list as a table in Markdown. What each mutation breaks is read where it is written: in its comment.
struct MutationTable {
    let entries: [MutationCatch]

    /// Where the mutations and their comments are.
    private static let source = "Sources/Primitives/Mutation.swift"

    func print() throws {
        let meanings = try Self.meanings(in: String(contentsOfFile: Self.source, encoding: .utf8))
        Swift.print("| mutation | what it breaks | caught by | check |\n|---|---|---|---|")
        for mutation in Mutation.allCases {
            let entry = entries.first { $0.mutation == mutation }
            let cells = [
                "`\(mutation.name)`", meanings[mutation.name] ?? "", entry?.example.text ?? "nothing",
                entry?.check ?? "",
            ]
            Swift.print("| " + cells.joined(separator: " | ") + " |")
        }
    }

    /// The comments of the cases of an enumeration, by the names of the cases.
    private static func meanings(in text: String) -> [String: String] {
        var meanings: [String: String] = [:]
        var comment: [Substring] = []
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            let line = line.drop { $0 == " " }
            if line.hasPrefix("/// ") {
                comment.append(line.dropFirst(4))
            } else {
                if line.hasPrefix("case ") { meanings[String(line.dropFirst(5))] = comment.joined(separator: " ") }
                comment = []
            }
        }
        return meanings
    }
}
