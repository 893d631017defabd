import CConclave
import Glibc

/// What an agreement took.
struct AgreementCost {
    /// Seconds of processor time on the longest chain of steps that wait for each other.
    var critical = 0.0
    var messages = 0
}

/// Members that agree on keys in this process, over a network that takes no time. Each has a clock of its own, which
/// advances by the processor time of what it does, and gets a message no sooner than it was sent.
final class BenchedGroup {
    private struct Token {
        let sender: Int
        let destination: UInt64?
        let bytes: [UInt8]
        let time: Double
    }

    private let suite: conclave_suite
    private var members: [AgreementMember] = []
    private var clocks: [Double] = []
    private var nextID: UInt64 = 1
    private var runs: UInt8 = 0

    init(suite: conclave_suite) throws(Failure) { self.suite = suite }

    /// Adds members, who take part in the next agreement, at the end of the list.
    func add(_ count: Int) throws(Failure) {
        for _ in 0..<count {
            members.append(try AgreementMember(suite: suite, id: nextID))
            nextID += 1
        }
    }

    func remove(at place: Int) { members.remove(at: place) }

    /// Agrees on a key; the first `continuing` members go on from the last one.
    func agree(continuing: Int) throws(Failure) -> AgreementCost {
        runs += 1
        clocks = members.map { _ in 0 }
        var cost = AgreementCost()
        var waiting: [Token] = []
        let participants = members.map { $0.participant }
        for place in members.indices {
            try step(place, &waiting) { (member) throws(Failure) in
                try member.begin(run: runs, participants, continuing: min(continuing, participants.count))
            }
        }
        while let earliest = waiting.indices.min(by: { waiting[$0].time < waiting[$1].time }) {
            let token = waiting.remove(at: earliest)
            cost.messages += 1
            for place in members.indices where token.destination ?? members[place].id == members[place].id {
                clocks[place] = max(clocks[place], token.time)
                try step(place, &waiting) { (member) throws(Failure) in
                    try member.receive(token.bytes, from: participants[token.sender].id)
                }
            }
        }
        guard members.allSatisfy({ $0.isComplete }) else {
            throw Failure(CONCLAVE_E_AGREEMENT_FAILED, "the members did not agree on a key")
        }
        cost.critical = clocks.max() ?? 0
        return cost
    }

    private func step(
        _ place: Int, _ waiting: inout [Token], _ body: (AgreementMember) throws(Failure) -> Void
    ) throws(Failure) {
        let start = processorTime()
        try body(members[place])
        let tokens = try members[place].takeTokens()
        clocks[place] += processorTime() - start
        waiting += tokens.map {
            Token(sender: place, destination: $0.destination, bytes: $0.bytes, time: clocks[place])
        }
    }
}

/// Seconds of processor time that this process has had.
private func processorTime() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}
