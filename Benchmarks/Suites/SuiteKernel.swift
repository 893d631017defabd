internal import Arithmetic
public import CBenchmarks
internal import KeyAgreement
internal import Primitives

/// The members of one group in one process, over a network that takes no time: each member has a clock of its own that
/// advances by the processor time of what it does, and a message reaches a member no sooner than it was sent. So the
/// last clock at the end is the time on the critical path of an event, as if each member had a machine of its own.
final class SuiteGroup {
    /// A member with its part of the agreement.
    private final class Member {
        let id: UInt64
        let identity: Identity
        var context: AgreementContext
        var clock = 0.0
        var busy = 0.0
        /// How many messages, one after the other, led to where it is.
        var rounds = 0
        var hasInstalled = false

        init(id: UInt64, identity: Identity, context: consuming AgreementContext) {
            self.id = id
            self.identity = identity
            self.context = context
        }
    }

    private struct Message {
        let sender: UInt64
        /// nil for all.
        let destination: UInt64?
        let bytes: [UInt8]
        let time: Double
        let rounds: Int
    }

    private let suite: Suite
    private let entropy = Entropy.system()
    private var members: [Member] = []
    private var nextID: UInt64 = 1
    private var runs: UInt64 = 0
    private var waiting: [Message] = []
    private var sentMessages = 0
    private var sentBytes = 0

    init(_ suite: Suite) { self.suite = suite }

    var count: Int { members.count }

    /// Adds members at the end of the list; they take part in the next run.
    func add(_ count: Int) -> Bool {
        for _ in 0..<count {
            let id = nextID
            nextID += 1
            do throws(PrimitivesError) {
                let identity = try Identity(name: "m\(id)", seed: try SecretBytes(random: 32, from: entropy))
                members.append(
                    Member(
                        id: id, identity: identity,
                        context: AgreementContext(suite: suite, identity: identity, id: id, entropy: entropy)))
            } catch {
                return false
            }
        }
        return true
    }

    /// Takes a member out of the list; it takes no part in the next run.
    func remove(at place: Int) { members.remove(at: place) }

    /// Runs an agreement; the first `continuing` members go on from the last one, none: from scratch. false when the
    /// members do not all end with one key.
    func agree(continuing: Int) -> Bool {
        runs += 1
        (waiting, sentMessages, sentBytes) = ([], 0, 0)
        let number = (0..<32).map { $0 < 8 ? UInt8(truncatingIfNeeded: runs >> (8 * UInt64($0))) : 0 }
        let run = AgreementRun(
            group: Array("benchmark".utf8), view: number, run: number,
            members: members.map { Participant(id: $0.id, publicKey: $0.identity.publicKey) },
            baseCount: max(continuing, 1), fromScratch: continuing == 0)
        for member in members {
            (member.clock, member.busy, member.rounds, member.hasInstalled) = (0, 0, 0, false)
            guard step(member, { (context) throws(AgreementError) in try context.begin(run) }) else { return false }
        }
        while let message = takeEarliest() {
            for member in members where message.destination == nil || message.destination == member.id {
                // Of a multicast that comes back a member has nothing to wait for but the order.
                member.clock = max(member.clock, message.time)
                member.rounds = max(member.rounds, message.rounds)
                guard
                    step(
                        member,
                        { (context) throws(AgreementError) in try context.receive(message.bytes, from: message.sender) }
                    )
                else { return false }
            }
        }
        guard let fingerprint = members.first?.context.fingerprint else { return false }
        return members.allSatisfy { $0.hasInstalled && $0.context.fingerprint == fingerprint }
    }

    /// The message that was sent first. All messages have one order, as agreed messages do.
    private func takeEarliest() -> Message? {
        var chosen: Int? = nil
        for index in waiting.indices where chosen.map({ waiting[index].time < waiting[$0].time }) ?? true {
            chosen = index
        }
        return chosen.map { waiting.remove(at: $0) }
    }

    private func step(
        _ member: Member, _ body: (inout AgreementContext) throws(AgreementError) -> [AgreementAction]
    ) -> Bool {
        let start = bench_processor_time()
        let actions: [AgreementAction]
        do throws(AgreementError) { actions = try body(&member.context) } catch { return false }
        let time = bench_processor_time() - start
        member.clock += time
        member.busy += time
        for action in actions {
            switch action {
            case .unicast(let destination, let bytes): send(bytes, from: member, to: destination)
            case .multicast(let bytes), .multicastAgreed(let bytes): send(bytes, from: member, to: nil)
            case .install: member.hasInstalled = true
            case .passedOver: break
            }
        }
        return true
    }

    private func send(_ bytes: [UInt8], from member: Member, to destination: UInt64?) {
        sentMessages += 1
        sentBytes += bytes.count
        waiting.append(
            Message(
                sender: member.id, destination: destination, bytes: bytes, time: member.clock,
                rounds: member.rounds + 1))
    }

    /// What the last run has cost.
    func fill(_ cost: UnsafeMutablePointer<bench_cost>) {
        var sum = bench_cost()
        for member in members {
            let counters = member.context.runCounters
            sum.critical_seconds = max(sum.critical_seconds, member.clock)
            sum.busiest_seconds = max(sum.busiest_seconds, member.busy)
            sum.total_seconds += member.busy
            sum.rounds = max(sum.rounds, UInt32(member.rounds))
            sum.exponentiations += counters.exponentiations
            sum.signatures += counters.signatures
            sum.verifications += counters.verifications
            sum.most_exponentiations = max(sum.most_exponentiations, counters.exponentiations)
        }
        sum.messages = UInt64(sentMessages)
        sum.message_bytes = UInt64(sentBytes)
        unsafe cost.pointee = sum
    }
}

// MARK: - For C

private func group(_ handle: UnsafeMutableRawPointer) -> SuiteGroup {
    unsafe Unmanaged<SuiteGroup>.fromOpaque(handle).takeUnretainedValue()
}

@_cdecl("bench_group_new")
public func benchGroupNew(_ agreement: UInt8, _ numbers: UInt8) -> UnsafeMutableRawPointer? {
    guard let agreement = AgreementProtocol(rawValue: agreement), let numbers = NumberGroup(rawValue: numbers) else {
        return nil
    }
    return unsafe Unmanaged.passRetained(SuiteGroup(Suite(forBenchmarksIn: numbers, agreement))).toOpaque()
}

@_cdecl("bench_group_free")
public func benchGroupFree(_ handle: UnsafeMutableRawPointer) {
    unsafe Unmanaged<SuiteGroup>.fromOpaque(handle).release()
}

@_cdecl("bench_group_add")
public func benchGroupAdd(_ handle: UnsafeMutableRawPointer, _ count: Int) -> Bool { unsafe group(handle).add(count) }

@_cdecl("bench_group_remove")
public func benchGroupRemove(_ handle: UnsafeMutableRawPointer, _ place: Int) {
    unsafe group(handle).remove(at: place)
}

@_cdecl("bench_group_agree")
public func benchGroupAgree(
    _ handle: UnsafeMutableRawPointer, _ continuing: Int, _ cost: UnsafeMutablePointer<bench_cost>
) -> Bool {
    let group = unsafe group(handle)
    guard group.agree(continuing: continuing) else { return false }
    unsafe group.fill(cost)
    return true
}

/// Seconds that one exponentiation with a secret exponent takes in a group of numbers, of `rounds` the best; negative
/// on failure.
@_cdecl("bench_exponentiation")
public func benchExponentiation(_ numbers: UInt8, _ rounds: Int) -> Double {
    guard let numbers = NumberGroup(rawValue: numbers) else { return -1 }
    do throws(ArithmeticError) {
        let entropy = Entropy.seeded(1)
        var context = ExponentiationContext(group: numbers)
        let base = try context.power(context.generator, try Scalar(random: numbers, from: entropy))
        let exponent = try Scalar(random: numbers, from: entropy)
        var best = 1e9
        for _ in 0..<rounds {
            let start = bench_processor_time()
            _ = try context.power(base, exponent)
            best = min(best, bench_processor_time() - start)
        }
        return best
    } catch {
        return -1
    }
}
