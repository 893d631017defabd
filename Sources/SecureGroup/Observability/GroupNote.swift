public import Flush
public import KeyAgreement

/// How much of its doings a membership tells; each includes those before it.
public enum NoteLevel: UInt8, Comparable, Sendable {
    /// What was refused, or went amiss.
    case warning = 1
    /// Views and what leads to them.
    case info = 2
    /// Every step of flush and agreement.
    case debug = 3

    public static func < (first: NoteLevel, second: NoteLevel) -> Bool { first.rawValue < second.rawValue }
}

/// Something that a person who looks after a group wants to read about. It carries no key, no share, no payload.
public enum GroupNote: Equatable, Sendable {
    /// The transport made this end a member.
    case attached(connection: UInt64)
    /// So many are connected; so many of them came along from the configuration before.
    case configuration(members: Int, transitional: Int)
    /// The view is about to change.
    case flushRequested
    /// The application's answer, or the library's.
    case flushAcknowledged
    /// The transitional signal.
    case signalled
    /// The members agree on who they are; their key comes next.
    case vsView(counter: UInt64, members: Int, milliseconds: UInt64)
    /// A message of the key agreement; `peer` is nil for one to all.
    case tokenSent(TokenKind, to: UInt64?, bytes: Int)
    case tokenReceived(TokenKind, from: UInt64, bytes: Int)
    /// A new secure view.
    case secureView(counter: UInt64, members: Int, fingerprint: [UInt8], milliseconds: UInt64)
    /// Something was refused.
    case refused(GroupProblem, about: Member?)
    /// Something had no effect, for a good reason.
    case ignoredByFlush(FlushIgnoreReason)
    case ignored(SecureGroupIgnoreReason)
    /// This membership comes again with a new incarnation.
    case rejoining(GroupProblem)
    /// The same identity joined elsewhere.
    case replaced

    /// The quietest level at which it is told.
    public var level: NoteLevel {
        switch self {
        case .refused, .rejoining, .replaced: .warning
        case .attached, .configuration, .flushRequested, .secureView: .info
        case .flushAcknowledged, .signalled, .vsView, .tokenSent, .tokenReceived, .ignoredByFlush, .ignored: .debug
        }
    }
}
