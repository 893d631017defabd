import EncryptNetwork
import Exhaustive
import Insiders
import Primitives
import SecureGroup
import SimulatedNetwork
import Traces

/// Something that is carried out and judged: a seed of the simulator, a small exhaustive exploration, or a dialogue.
enum MutationCase: Equatable {
    case dialogue(Dialogue)
    /// An attack on the encryption of a cluster.
    case attack(Attack)
    /// A seed, with the flavour that is drawn from it or with another one.
    case seed(UInt64, algorithm: RobustAlgorithm, flavour: Flavour? = nil)
    /// Every order of events of two members, one change and no messages, from this beginning.
    case exhaustive(ExhaustiveStart)

    /// As a list has it: "dialogue recordTwice", "seed 17 optimized", "seed 17 basic storm".
    init?(_ text: String) {
        let words = text.split(separator: " ").map(String.init)
        if words.count == 2, words[0] == "dialogue", let dialogue = Dialogue(rawValue: words[1]) {
            self = .dialogue(dialogue)
        } else if words.count == 2, words[0] == "attack", let attack = Attack(rawValue: words[1]) {
            self = .attack(attack)
        } else if (3...4).contains(words.count), words[0] == "seed", let seed = UInt64(words[1]),
            let algorithm = RobustAlgorithm.allCases.first(where: { $0.name == words[2] })
        {
            let flavour = words.count == 4 ? Flavour(rawValue: words[3]) : nil
            guard words.count == 3 || flavour != nil else { return nil }
            self = .seed(seed, algorithm: algorithm, flavour: flavour)
        } else if words.count == 2, words[0] == "exhaustive", let start = ExhaustiveStart(rawValue: words[1]) {
            self = .exhaustive(start)
        } else {
            return nil
        }
    }

    var text: String {
        switch self {
        case .dialogue(let dialogue): "dialogue \(dialogue.rawValue)"
        case .attack(let attack): "attack \(attack.rawValue)"
        case .seed(let seed, let algorithm, let flavour):
            "seed \(seed) \(algorithm.name)" + (flavour.map { " " + $0.rawValue } ?? "")
        case .exhaustive(let start): "exhaustive \(start.rawValue)"
        }
    }

    /// What does not hold.
    func run() throws -> [Violation] {
        switch self {
        case .dialogue(let dialogue): return dialogue.run()
        case .attack(let attack):
            return attack.run().map { Violation(property: "attack", sentence: $0) }
        case .seed(let seed, let algorithm, let flavour):
            let plan = RunPlan(
                seeds: SeedRange(first: seed, last: seed), members: nil, events: nil, flavour: flavour,
                algorithms: [algorithm], suite: "simulation", realShare: Self.realShare)
            let (scenario, settings) = try plan.run(0)
            let simulation = try Simulation(scenario, settings)
            try simulation.run()
            return Runner.violations(of: simulation)
        case .exhaustive(let start):
            let options = ExhaustiveOptions()
            (options.start, options.sends) = (start, 0)
            let result = try Exhaustive.explore(options, table: StateEventTable())
            return result.problems.map { Violation(property: "exhaustive", sentence: $0.what) }
        }
    }

    /// As `simulate` has it: seeds with real numbers take long, and a search leaves them out.
    private static let realShare = 2

    /// What a search tries, in this order: seeds of both algorithms, exhaustive cases, dialogues, and the seeds again
    /// with many partitions, which few draw.
    static func all(seeds: Int) -> [MutationCase] {
        let numbers = numbers(from: 1, count: seeds)
        return numbers.flatMap { each($0, flavour: nil) } + small + numbers.flatMap { each($0, flavour: .merges) }
    }

    /// What is tried when this case does not tell a mutation any more: the seeds that follow, with the flavour of this
    /// one first, then with their own; last what is not made from a seed.
    ///
    /// - Parameter seeds: how many seeds, each with both algorithms.
    func next(seeds: Int) -> [MutationCase] {
        guard case .seed(let seed, _, let flavour) = self else {
            return Self.small.filter { $0 != self }
                + Self.numbers(from: 1, count: seeds).flatMap { Self.each($0, flavour: nil) }
        }
        let own = flavour ?? Scenario(seed: seed).flavour
        let numbers = Self.numbers(from: seed &+ 1, count: seeds)
        return numbers.flatMap { Self.each($0, flavour: own) } + numbers.flatMap { Self.each($0, flavour: nil) }
            + Self.small
    }

    private static let small =
        Attack.allCases.map { attack($0) } + ExhaustiveStart.allCases.map { exhaustive($0) }
        + Dialogue.allCases.map { dialogue($0) }

    private static func each(_ seed: UInt64, flavour: Flavour?) -> [MutationCase] {
        Algorithm.both.each.map { .seed(seed, algorithm: $0, flavour: flavour) }
    }

    /// The seeds from one on, without those that run real numbers.
    private static func numbers(from first: UInt64, count: Int) -> [UInt64] {
        [UInt64]((first...).lazy.filter { $0 % 100 >= UInt64(realShare) }.prefix(max(count, 0)))
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
