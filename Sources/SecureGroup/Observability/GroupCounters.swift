public import KeyAgreement

/// How often something took how long, in milliseconds.
public struct Timing: Equatable, Sendable {
    public var count: UInt64 = 0
    public var total: UInt64 = 0
    public var last: UInt64 = 0

    mutating func note(_ milliseconds: UInt64) {
        count &+= 1
        total &+= milliseconds
        last = milliseconds
    }

    fileprivate func added(to past: Timing) -> Timing {
        Timing(count: past.count &+ count, total: past.total &+ total, last: count > 0 ? last : past.last)
    }
}

/// Messages and their bytes.
public struct Traffic: Equatable, Sendable {
    public var messages: UInt64 = 0
    public var bytes: UInt64 = 0

    /// Nothing yet.
    public init() {}

    public mutating func note(_ count: Int) {
        messages &+= 1
        bytes &+= UInt64(count)
    }

    fileprivate mutating func add(_ other: Traffic) {
        messages &+= other.messages
        bytes &+= other.bytes
    }
}

/// Tokens of one kind, by the name it has in the papers.
public struct TokenCount: Equatable, Sendable {
    public let kind: TokenKind
    public var sent: UInt64 = 0
    public var received: UInt64 = 0
}

/// How often something was refused for one reason.
public struct RefusalCount: Equatable, Sendable {
    public let problem: GroupProblem
    public var count: UInt64
}

/// What a membership has done since the application joined; a membership that came again under a new incarnation goes
/// on counting.
public struct GroupCounters: Equatable, Sendable {
    /// Of the secure group: views, agreements, records.
    public var secure = SecureGroupCounters()
    /// Flush requests of the Flush layer.
    public var flushRequests: UInt64 = 0
    /// VS views, one for each attempt to reach a secure view.
    public var vsViews: UInt64 = 0
    /// VS views that ended before their key was agreed.
    public var cascades: UInt64 = 0
    /// From the flush request to the VS view.
    public var flush = Timing()
    /// From the VS view to the secure view.
    public var agreement = Timing()
    /// Payloads of the application.
    public var sent = Traffic()
    public var received = Traffic()
    /// By kind, in the order in which each was first seen.
    public var tokens: [TokenCount] = []
    /// By cause, in the order in which each was first seen.
    public var refusals: [RefusalCount] = []

    /// Nothing yet.
    public init() {}

    mutating func note(token kind: TokenKind, isSent: Bool) {
        add(TokenCount(kind: kind, sent: isSent ? 1 : 0, received: isSent ? 0 : 1))
    }

    private mutating func add(_ more: TokenCount) {
        guard let index = tokens.firstIndex(where: { $0.kind == more.kind }) else { return tokens.append(more) }
        tokens[index].sent &+= more.sent
        tokens[index].received &+= more.received
    }

    /// Counts something that was refused. There are about a hundred causes at most.
    mutating func note(_ problem: GroupProblem) { add(RefusalCount(problem: problem.cause, count: 1)) }

    private mutating func add(_ more: RefusalCount) {
        guard let index = refusals.firstIndex(where: { $0.problem == more.problem }) else {
            return refusals.append(more)
        }
        refusals[index].count &+= more.count
    }

    /// With what earlier incarnations did.
    public func added(to past: GroupCounters) -> GroupCounters {
        var sum = past
        sum.secure = secure.added(to: past.secure)
        sum.flushRequests &+= flushRequests
        sum.vsViews &+= vsViews
        sum.cascades &+= cascades
        sum.flush = flush.added(to: past.flush)
        sum.agreement = agreement.added(to: past.agreement)
        sum.sent.add(sent)
        sum.received.add(received)
        for token in tokens { sum.add(token) }
        for refusal in refusals { sum.add(refusal) }
        return sum
    }
}

extension GroupProblem {
    /// The problem without what differs from case to case.
    fileprivate var cause: GroupProblem {
        guard case .secureGroup(.outOfOrder) = self else { return self }
        return .secureGroup(.outOfOrder(missing: 1))
    }
}

extension SecureGroupCounters {
    /// With what an earlier incarnation did; `lastRun` stays this one's.
    fileprivate func added(to past: SecureGroupCounters) -> SecureGroupCounters {
        var sum = self
        sum.agreement = agreement.added(to: past.agreement)
        sum.views &+= past.views
        sum.restarts &+= past.restarts
        sum.signatures &+= past.signatures
        sum.verifications &+= past.verifications
        sum.sealed &+= past.sealed
        sum.opened &+= past.opened
        sum.refused &+= past.refused
        return sum
    }
}

extension AgreementCounters {
    fileprivate func added(to past: AgreementCounters) -> AgreementCounters {
        var sum = self
        sum.exponentiations &+= past.exponentiations
        sum.signatures &+= past.signatures
        sum.verifications &+= past.verifications
        sum.unicasts &+= past.unicasts
        sum.multicasts &+= past.multicasts
        sum.membershipChecks &+= past.membershipChecks
        sum.inversions &+= past.inversions
        return sum
    }
}
