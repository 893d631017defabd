public import Flush
public import KeyAgreement
public import Primitives
public import SecureGroup

/// How a membership behaves.
public struct GroupDriverOptions {
    public var suite: Suite
    public var algorithm = RobustAlgorithm.optimized
    public var answersFlushRequests = true
    public var flushLimits = FlushLimits()
    public var secureLimits = SecureGroupLimits()
    /// On how many threads, 1 to 64, many powers at once may be computed.
    public var threads = 1
    /// Bytes that may wait to be sent before sending is refused.
    public var sendQueueBytes = 4 << 20
    /// Bytes that may wait for the application before the transport is no longer read.
    public var eventQueueBytes = 64 << 20

    public init(suite: Suite) { self.suite = suite }
}

/// Why a call on a membership was refused.
public enum GroupDriverError: Error, Equatable {
    case transport(TransportError)
    case secureGroup(SecureGroupError)
    case primitives(PrimitivesError)
    /// Too much waits to be sent.
    case queueFull
    /// The membership is over, or leaving; why.
    case over(GroupEnd)
    /// No descriptor is left.
    case system(errno: Int32)
}

/// What the application fetches: events of the membership, and its end.
public enum GroupDriverEvent {
    case group(GroupEvent)
    case left(GroupEnd)
}

/// Why a membership is over.
public enum GroupEnd: Equatable, Sendable {
    /// The application asked for it.
    case asked
    /// The same identity joined again elsewhere.
    case replaced
    /// The transport ended it.
    case transport(TransportError)
}

/// How a wait for an event ended.
public enum GroupWaitOutcome {
    case event(GroupDriverEvent)
    case timedOut
    case woken
    /// The end of the membership was told already.
    case over(GroupEnd)
}

extension GroupEvent {
    /// Bytes that count against the event queue's bound.
    var byteCount: Int {
        switch self {
        case .message(_, _, _, let payload): return payload.count + 128
        case .view(let installed): return 128 * (installed.view.members.count + installed.previousMembers.count)
        case .flushRequest, .transitionalSignal, .problem: return 128
        }
    }
}
