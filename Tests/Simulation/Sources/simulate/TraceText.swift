import Traces

/// A trace as lines of text.
struct TraceText {
    private let trace: Trace

    init(_ trace: Trace) { self.trace = trace }

    func print() {
        Swift.print(trace.title)
        for event in trace.events { Swift.print(line(event)) }
    }

    private func line(_ event: Event) -> String {
        let time = "\(event.time / 1_000).\(String(1_000 + event.time % 1_000).dropFirst())"
        let pad = String(repeating: " ", count: max(10 - time.count, 0))
        return "\(pad)\(time) \(event.member < 0 ? "network" : name(event.member)): \(text(event.kind))"
    }

    private func name(_ index: Int) -> String { "\(trace.members[index].name)/\(index)" }

    private func name(id: UInt64) -> String {
        trace.members.firstIndex { $0.id == id }.map { name($0) } ?? "\(id)"
    }

    private func text(_ kind: EventKind) -> String {
        switch kind {
        case .components(let lists):
            "components " + lists.map { "[" + $0.map { name($0) }.joined(separator: " ") + "]" }.joined(separator: " ")
        case .connected: "connected"
        case .crashed: "crashed"
        case .left: "left"
        case .rejoining(let why): "rejoins: \(why)"
        case .replaced: "replaced"
        case .hangs(let value): value ? "hangs" : "goes on"
        case .configuration(let id, let members):
            "configuration \(id) [" + members.map { name($0) }.joined(separator: " ") + "]"
        case .transmitted(let number, let what, let destination):
            "hands in #\(number) \(what)" + (destination.map { " for \(name($0))" } ?? "")
        case .arrived(let number, let from, let wasTampered):
            "gets #\(number) of \(name(from))" + (wasTampered ? ", changed" : "")
        case .swallowed(let number, let from): "is not given #\(number) of \(name(from))"
        case .vsFlushRequest: "vs flush request"
        case .vsFlushOk: "vs flush ok"
        case .vsSignal: "vs transitional signal"
        case .vsView(let view): "vs view \(text(view))"
        case .vsSent(let message): "vs sends \(text(message))"
        case .vsDelivered(let message): "vs delivers \(text(message))"
        case .robust(let event, let before, let after, let outcome, let why):
            "\(event.rawValue) in \(before.rawValue)" + (before == after ? "" : " → \(after.rawValue)")
                + (outcome == .accepted ? "" : " \(outcome.rawValue)") + (why.isEmpty ? "" : " (\(why))")
        case .flushRequest: "flush request"
        case .flushOk: "flush ok"
        case .signal: "transitional signal"
        case .view(let view): "SECURE VIEW \(text(view))"
        case .sent(let message): "sends \(text(message))"
        case .delivered(let message): "delivers \(text(message))"
        case .problem(let what): "problem: \(what)"
        }
    }

    private func text(_ view: ViewRecord) -> String {
        "\(view.name.counter)-\(String(view.name.hash >> 48, radix: 16)) ["
            + view.members.map { name(id: $0) }.joined(separator: " ") + "] with ["
            + view.transitionalSet.map { name(id: $0) }.joined(separator: " ") + "]"
            + (view.keyFingerprint.isEmpty ? "" : " key \(view.keyFingerprint.prefix(8))")
    }

    private func text(_ message: MessageRecord) -> String {
        "\(message.what) of \(name(id: message.sender)) (\(message.service.rawValue)"
            + (message.destination.map { ", for \(name(id: $0))" } ?? "") + ")"
    }
}
