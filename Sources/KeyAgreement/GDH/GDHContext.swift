internal import Arithmetic
public import Primitives

/// One member's part in GDH IKA.2 (paper §3.2): membership changes and tokens go in, tokens come out, and in the end
/// all members hold g to the product of everybody's share.
///
/// A run begins with `begin` and ends with the action `.install`, which every member gets for the same AGREED key list.
/// Until then the key and the partial keys of the last completed run stay, and they are all that a run that is
/// abandoned leaves behind: a share that was refreshed for it is forgotten. A later run may therefore only count those
/// members to its base who completed the same last run; `begin` checks that of this member, and the tokens carry the
/// binding of that run, so that a member who completed another is refused (`.wrongRun`) by those whom its tokens reach.
public struct GDHContext: ~Copyable {
    /// The suite of all its runs.
    public let suite: Suite
    /// This member's identifier in its runs.
    public let id: UInt64

    var engine: AgreementEngine
    var run: RunContext?
    var state = GDHState.idle
    private(set) var completed: CompletedRun?

    /// A context without a key. `id` is the member's incarnation, not zero.
    public init(suite: Suite, identity: Identity, id: UInt64, entropy: Entropy) {
        self.suite = suite
        self.id = id
        engine = AgreementEngine(group: suite.group, identity: identity, entropy: entropy)
    }

    /// Forgets a run under way. The last agreed key stays.
    public mutating func abandon() { state = .idle }

    /// Takes the key of the run into use.
    mutating func install(_ run: RunContext, partialKeys: [PartialKey], share: Share, key: GroupKey) {
        let key = isBroken(.oldKeyIsKept) ? completed?.key ?? key : key
        completed = CompletedRun(run, partialKeys: partialKeys, share: share, key: key)
        self.run = run
        state = .idle
    }
}

// MARK: - What is known

extension GDHContext {
    /// What this member waits for.
    public var phase: AgreementPhase {
        switch state {
        case .idle: .idle
        case .waitForPartialToken: .waitForPartialToken
        case .waitForFinalToken: .waitForFinalToken
        case .collectFactOuts: .collectFactOuts
        case .waitForKeyList: .waitForKeyList
        }
    }

    /// Whose token is awaited, in the order of the run's members.
    public var awaited: [UInt64] {
        guard let run else { return [] }
        switch state {
        case .idle: return []
        case .waitForPartialToken: return [run.members[run.position - 1].id]
        case .waitForFinalToken, .waitForKeyList: return [run.members[run.controller].id]
        case .collectFactOuts(let state):
            return run.members.indices.filter { state.isMissing($0) }.map { run.members[$0].id }
        }
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
