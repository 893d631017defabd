internal import Drivers
internal import Flush
internal import KeyAgreement
internal import Primitives
internal import SecureGroup

/// A note as one line of a log. It holds names, counts and public fingerprints; keys, shares and payloads never reach a
/// note.
func describe(_ note: GroupNote) -> String {
    switch note {
    case .attached(let connection): "connected to the transport as \(hexadecimal(connection))"
    case .configuration(let members, let transitional):
        "the transport connects \(members), of whom \(transitional) came along"
    case .flushRequested: "the view is about to change"
    case .flushAcknowledged: "flush acknowledged"
    case .signalled: "transitional signal"
    case .vsView(let counter, let members, let milliseconds):
        "view \(counter) with \(members) members after \(milliseconds) ms of flush; agreeing on its key"
    case .tokenSent(let kind, let destination, let bytes):
        "sent \(kind.name) of \(bytes) bytes to \(destination.map { hexadecimal($0) } ?? "all")"
    case .tokenReceived(let kind, let sender, let bytes):
        "received \(kind.name) of \(bytes) bytes from \(hexadecimal(sender))"
    case .secureView(let counter, let members, let fingerprint, let milliseconds):
        "secure view \(counter) with \(members) members, key \(Primitives.hexadecimal(fingerprint.prefix(8))), \(milliseconds) ms after its view"
    case .refused(let problem, let member):
        if let member { "of \(member.name): \(Failure(problem).message)" } else { Failure(problem).message }
    case .ignoredByFlush(let reason): "flush ignored a message: \(describe(reason))"
    case .ignored(let reason): "ignored: \(describe(reason))"
    case .rejoining(let problem): "joining again with a new incarnation: \(Failure(problem).message)"
    case .replaced: "the same identity joined elsewhere: this membership is over"
    }
}

/// An id as people read it: sixteen hexadecimal digits.
private func hexadecimal(_ id: UInt64) -> String {
    Primitives.hexadecimal((0..<8).map { UInt8(truncatingIfNeeded: id >> (56 - 8 * $0)) })
}

private func describe(_ reason: SecureGroupIgnoreReason) -> StaticString {
    switch reason {
    case .abandonedRun: "a token of a run that the next view abandons"
    case .unneededToken: "a token that is for others"
    case .restartedRun: "a token of a run that a restart has ended"
    case .abandonedView: "data of a view whose key this member never had"
    case .alreadyInstalled: "a restart request after the key was agreed"
    case .alreadyRestarted: "a request for a restart that has happened"
    case .alreadyRequested: "a second flush request"
    case .alreadySignalled: "a second transitional signal"
    case .notYetJoined: "something for members, before the first view"
    case .ended: "something after the end"
    }
}

private func describe(_ reason: FlushIgnoreReason) -> StaticString {
    switch reason {
    case .departedConnection: "of a connection that is gone"
    case .repeatedHello: "a hello once more"
    case .outdated: "of a configuration or view that is over"
    case .refusedHello: "of somebody whose hello was refused"
    case .notForUs: "under a key that this member does not share"
    case .otherView: "of a view that this member is not in"
    case .otherDestination: "for somebody else"
    case .hasAcknowledged: "a proposal to exclude somebody who has acknowledged"
    case .notAwaited: "there was nothing to do with it"
    }
}
