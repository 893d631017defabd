import Traces

/// A schedule as people read it: one line for each event of a robust machine, with what it brought about.
enum Dialogue {
    static func lines(_ trace: Trace) -> [String] {
        var lines: [String] = []
        func name(_ member: Int) -> String { member >= 0 ? trace.members[member].name : "network" }
        var pending = ""
        for event in trace.events {
            switch event.kind {
            case .components(let parts):
                lines.append("network: " + parts.map { $0.map(name).joined(separator: " ") }.joined(separator: " | "))
            case .vsDelivered(let message): pending = "\(message.what) of \(sender(message.sender, trace))"
            case .vsView(let view):
                let members = view.members.map { sender($0, trace) }.joined(separator: " ")
                let together = view.transitionalSet.map { sender($0, trace) }.joined(separator: " ")
                pending = "VS view \(view.name.counter) {\(members)} with {\(together)}"
            case .robust(let kind, let before, let after, let outcome, let why):
                let what = pending.isEmpty ? kind.rawValue : "\(kind.rawValue) (\(pending))"
                let tail = outcome == .accepted && why.isEmpty ? "" : " \(outcome.rawValue) \(why)"
                lines.append("\(name(event.member)): \(what), \(before) -> \(after)\(tail)")
                pending = ""
            case .vsSent(let message): lines.append("    \(name(event.member)) sends a \(message.what)")
            case .vsFlushOk: lines.append("    \(name(event.member)) acknowledges")
            case .flushRequest: lines.append("    \(name(event.member))'s application is asked to flush")
            case .signal: lines.append("    \(name(event.member))'s application gets the signal")
            case .view(let view):
                let members = view.members.map { sender($0, trace) }.joined(separator: " ")
                lines.append(
                    "    \(name(event.member)) has secure view \(view.name.counter) {\(members)}, key "
                        + view.keyFingerprint.prefix(8))
            case .delivered(let message):
                lines.append(
                    "    \(name(event.member))'s application gets \(message.what) of \(sender(message.sender, trace))")
            case .rejoining(let why): lines.append("    \(name(event.member)) must join again: \(why)")
            case .connected, .crashed, .left, .replaced, .hangs, .configuration, .transmitted, .arrived, .swallowed,
                .vsFlushRequest, .vsSignal, .flushOk, .sent, .problem:
                break
            }
        }
        return lines
    }

    private static func sender(_ id: UInt64, _ trace: Trace) -> String {
        trace.members.first { $0.id == id }?.name ?? "\(id)"
    }
}
