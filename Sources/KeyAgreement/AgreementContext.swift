internal import Arithmetic
public import Primitives

/// One member's part in the agreement of a suite: membership changes and tokens go in, tokens come out, and in the end
/// all members hold one key.
///
/// A run begins with `begin` and ends with the action `.install`, which every member gets for the same AGREED message,
/// whose sender proves in it that it holds the key. Until then the key of the last completed run stays, and what that
/// run has left is all that a run that is abandoned leaves behind: a share that was refreshed for it is forgotten. A
/// later run may therefore only count those members to its base who completed the same last run; `begin` checks that of
/// this member, and the tokens carry the binding of that run, so that a member who completed another is refused
/// (`.wrongRun`) by those whom its tokens reach.
public struct AgreementContext: ~Copyable {
    /// The suite of all its runs.
    public let suite: Suite
    /// This member's identifier in its runs.
    public let id: UInt64

    var engine: AgreementEngine
    private(set) var run: RunContext?
    private(set) var machine: SuiteMachine
    private(set) var completed: CompletedRun?

    /// A context without a key. `id` is the member's incarnation, not zero.
    public init(suite: Suite, identity: Identity, id: UInt64, entropy: Entropy) {
        self.suite = suite
        self.id = id
        engine = AgreementEngine(group: suite.group, identity: identity, entropy: entropy)
        machine = suite.agreement.machine
    }

    /// On how many threads, 1 to 64, many powers at once may be computed: 1 at first. Those beside the caller's are
    /// begun where that pays, and have ended when the call returns.
    public var threads: Int {
        get { engine.threads }
        set { engine.threads = newValue }
    }

    /// Forgets a run under way. The last agreed key stays.
    public mutating func abandon() { machine.abandon() }
}

// MARK: - Runs

extension AgreementContext {
    /// Begins a run, and forgets one under way. Throws `.invalidRun`, `.notAMember` and `.notContinuing` for what this
    /// member cannot take part in, and then nothing has changed.
    ///
    /// What the run does follows from the members: all of them in the base is a leave, a partition or a refresh; new
    /// ones after the base are a join or a merge, with or without members of the last run missing (bundled events,
    /// paper §5); from scratch is the initial agreement. Alone, the key is there at once.
    public mutating func begin(_ run: AgreementRun) throws(AgreementError) -> [AgreementAction] {
        var next = try RunContext(run, suite: suite, id: id, publicKey: engine.identity.publicKey)
        guard next.identifier != self.run?.identifier else { throw .invalidRun }
        guard next.members.count > 1 else { return try beginAlone(next) }
        let last = try next.position < next.baseCount ? lastRun(before: next) : nil
        engine.startRun()
        let actions = try machine.begin(&next, after: last, &engine)
        self.run = next
        engine.count(actions)
        return actions
    }

    /// The run that the base continues from, if this member and all others of the base completed it.
    private func lastRun(before next: RunContext) throws(AgreementError) -> CompletedRun {
        guard let completed else { throw .notContinuing }
        for member in next.members.prefix(next.baseCount) where completed.place(of: member) == nil {
            throw .notContinuing
        }
        return completed
    }

    /// A group of one: K = g^N for a fresh N.
    private mutating func beginAlone(_ next: RunContext) throws(AgreementError) -> [AgreementAction] {
        engine.startRun()
        var share = try engine.freshShare()
        if isBroken(.singletonKeyIsConstant) { share = try engine.quotient(share, share) }
        let key = try engine.groupKey(engine.generator, share, binding: next.binding)
        machine.abandon()
        machine.keepAlone(share, generator: engine.generator)
        install(next, key)
        return [.install]
    }

    /// Takes a token that `sender` sent, and answers what follows from it. A token that is refused changes no state.
    public mutating func receive(_ token: [UInt8], from sender: UInt64) throws(AgreementError) -> [AgreementAction] {
        let envelope = try TokenEnvelope(reading: token)
        guard var next = run else { throw .wrongPhase }
        let position = try next.check(envelope, from: sender)
        let received = ReceivedToken(bytes: token, envelope: envelope, position: position)
        guard var step = try machine.receive(received, in: &next, &engine) else { return [.passedOver] }
        next.accept(envelope, from: position)
        run = next
        if let key = step.key {
            install(next, key)
            step.actions.append(.install)
        }
        engine.count(step.actions)
        return step.actions
    }

    /// Takes the key of the run into use.
    private mutating func install(_ run: RunContext, _ key: GroupKey) {
        completed = CompletedRun(run, key: isBroken(.oldKeyIsKept) ? completed?.key ?? key : key)
        self.run = run
    }

    /// Whether a token is one that is sent AGREED; nil for what is no token.
    public static func isAgreed(_ token: [UInt8]) -> Bool? {
        guard token.count > 1 else { return nil }
        return TokenEnvelope.Kind(rawValue: token[1])?.isAgreed
    }
}

// MARK: - What is known

extension AgreementContext {
    /// What this member waits for.
    public var phase: AgreementPhase { machine.phase }

    /// Whose token is awaited, in the order of the run's members.
    public var awaited: [UInt64] {
        guard let run else { return [] }
        return machine.awaited(in: run).map { run.members[$0].id }
    }

    /// Whether a key was agreed.
    public var hasKey: Bool { completed != nil }

    /// A public name of the last agreed key, 32 bytes: equal at two members only if their keys and runs are. Empty
    /// before the first key.
    public var fingerprint: [UInt8] { completed?.key.fingerprint ?? [] }

    /// What the run that began last has cost so far.
    public var runCounters: AgreementCounters { engine.runCounters }

    /// What everything has cost since the context was made.
    public var totalCounters: AgreementCounters { engine.totalCounters }

    /// Derives `count` bytes, at most 8,160, from the last agreed key (HKDF-SHA-256).
    public borrowing func key(
        label: StaticString, context: [UInt8], count: Int
    ) throws(AgreementError) -> SecretBytes {
        guard let completed else { throw .noKey }
        return try completed.key.derive(label: label, context: context, count: count)
    }

    /// The same for a label that a program chooses; no such label derives what the library itself derives.
    public borrowing func exportedKey(
        label: [UInt8], context: [UInt8], count: Int
    ) throws(AgreementError) -> SecretBytes {
        guard let completed else { throw .noKey }
        var writer = ByteWriter(capacity: label.count + context.count + 8)
        writer.writeVector32(label)
        writer.writeVector32(context)
        return try completed.key.derive(label: "exporter", context: writer.bytes, count: count)
    }
}
