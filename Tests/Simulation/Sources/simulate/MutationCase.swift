import Insiders
import Primitives
import Traces

/// Something that is carried out and judged: a dialogue, or a seed of the simulator.
enum MutationCase: Equatable {
    case dialogue(Dialogue)

    /// As a list has it: "dialogue recordTwice".
    init?(_ text: String) {
        let words = text.split(separator: " ").map(String.init)
        switch words.first {
        case "dialogue":
            guard words.count == 2, let dialogue = Dialogue(rawValue: words[1]) else { return nil }
            self = .dialogue(dialogue)
        default: return nil
        }
    }

    var text: String {
        switch self {
        case .dialogue(let dialogue): "dialogue \(dialogue.rawValue)"
        }
    }

    /// What does not hold.
    func run() -> [Violation] {
        switch self {
        case .dialogue(let dialogue): dialogue.run()
        }
    }

    /// In which order a search tries cases.
    static func all(seeds: Int) -> [MutationCase] {
        Dialogue.allCases.map { .dialogue($0) }
    }
}

/// A line of the list: which case catches a mutation, and by which check.
struct MutationCatch {
    let mutation: Mutation
    let example: MutationCase
    /// The property, lemma or claim that does not hold; "crash" if the process traps.
    let check: String

    init(mutation: Mutation, example: MutationCase, check: String) {
        self.mutation = mutation
        self.example = example
        self.check = check
    }

    /// Reads "mutation, case, check", with tabulators between.
    init?(line: String) {
        let fields = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
        guard fields.count == 3, let mutation = Mutation(name: fields[0]), let example = MutationCase(fields[1]) else {
            return nil
        }
        self.init(mutation: mutation, example: example, check: fields[2])
    }

    var line: String { "\(mutation.name)\t\(example.text)\t\(check)" }
}

extension Mutation {
    init?(name: String) {
        guard let mutation = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = mutation
    }
}
