import ArgumentParser
import CConclave
import Glibc

struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "Measure what each suite costs on this machine, and which to take.",
        discussion: """
            Members of one group, all in this process, agree on keys while somebody joins and leaves. Of each suite and size \
            this shows the processor time on the critical path: what the group waits for when each member has a machine like \
            this one, without the network's time. Below it, for each size, the suite with the least, and the one over finite \
            fields.
            """)

    @Option(help: "Sizes of groups, from 2 to 200.", transform: BenchCommand.sizes)
    var sizes = [5, 20, 50]
    @Flag(help: "Measure every group of numbers, not only P-256 and ffdhe3072.")
    var all = false
    @Option(help: "Begin no further measurement after so many seconds.")
    var seconds = 45

    private static func sizes(_ text: String) throws -> [Int] {
        let sizes = text.split(separator: ",").map { Int($0) ?? 0 }
        guard !sizes.isEmpty, sizes.allSatisfy({ (2...200).contains($0) }) else {
            throw ValidationError("--sizes are numbers from 2 to 200 with commas between")
        }
        return sizes
    }

    func run() throws {
        let suites = suites
        let limit = ContinuousClock.now + .seconds(seconds)
        var results: [Result] = []
        Console.say(
            "milliseconds on the critical path" + column("join", 20) + column("leave", 12) + column("messages", 12))
        for size in sizes {
            for suite in suites {
                guard ContinuousClock.now < limit else {
                    Console.note("conclave: out of time; --seconds gives more, --sizes takes less")
                    return recommend(results)
                }
                let result = try Result(suite, size: size)
                Console.say(result.line)
                results.append(result)
            }
        }
        recommend(results)
    }

    /// One suite for each agreement and group of numbers: ciphers make no difference here.
    private var suites: [(number: UInt16, name: String)] {
        allSuites.filter { suite in
            suite.number & 0xff == 0x11
                && (all || suite.name.contains("_P256_") || suite.name.contains("_FFDHE3072_"))
        }
    }

    private func recommend(_ results: [Result]) {
        for size in sizes {
            let measured = results.filter { $0.size == size }
            guard let least = measured.min(by: { $0.sum < $1.sum }) else { continue }
            let fields = measured.filter { !$0.name.contains("P256") }.min { $0.sum < $1.sum }
            Console.say(
                "\(size) members: \(least.name)"
                    + (fields.map { $0.name == least.name ? "" : ", over a finite field \($0.name)" } ?? ""))
        }
    }
}

/// What a suite takes at a size.
private struct Result {
    let name: String
    let size: Int
    let join: AgreementCost
    let leave: AgreementCost

    init(_ suite: (number: UInt16, name: String), size: Int) throws(Failure) {
        let group = try BenchedGroup(suite: suite.number)
        try group.add(size - 1)
        _ = try group.agree(continuing: 0)
        try group.add(1)
        join = try group.agree(continuing: size - 1)
        group.remove(at: size / 2)
        leave = try group.agree(continuing: size - 1)
        name = suite.name
        self.size = size
    }

    var sum: Double { join.critical + leave.critical }

    var line: String {
        "\(column("\(size)", 4, isLeft: true)) \(column(name, 40, isLeft: true))"
            + column(milliseconds(join.critical), 8) + column(milliseconds(leave.critical), 12)
            + column("\(join.messages)/\(leave.messages)", 12)
    }
}

private func milliseconds(_ seconds: Double) -> String {
    let hundredths = Int((seconds * 100_000).rounded())
    return "\(hundredths / 100).\(String(hundredths % 100 + 100).dropFirst())"
}

private func column(_ text: String, _ width: Int, isLeft: Bool = false) -> String {
    let space = String(repeating: " ", count: max(0, width - text.count))
    return isLeft ? text + space : space + text
}
