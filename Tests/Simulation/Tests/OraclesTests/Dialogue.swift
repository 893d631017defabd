import Oracles
import Testing
import Traces

/// A trace written by hand, a line for each thing that happens to one or several members:
///
///     amy bob: view 1 {amy bob}           installs a view; the transitional set is the member itself
///     amy bob: view 2 {amy bob} with {amy bob}
///     amy: view 3 {amy} key k             with a key of that name; otherwise the key is named like the view
///     amy: sends 7 agreed                 a message to all, or: sends 7 agreed to bob
///     bob: delivers 7                     as it was sent, or: delivers 7 safe
///     amy bob: signal                     the transitional signal
///     amy: request, amy: ok               flush_request and flush_ok
///     amy: Data_Message S S               the robust machine takes an event; accepted, or: Data_Message KL KL ignored
///     amy: crashes                        or: leaves, rejoins, hangs, wakes, unwritten (its trace is not whole)
///     amy: problem text
///     amy: configured 1                   the transport's configuration of that number
///     amy: tampered                       a message came to it with other bytes
///
/// `vs` before a verb means the Flush floor: vsview, vssends (… carrying 7), vsdelivers, vssignal, vsrequest, vsok. A
/// view's number may end in letters, which tell apart views of one counter. What a line begins with # is for people.
struct Dialogue {
    var trace: Trace
    private var messages: [String: MessageRecord] = [:]

    /// - Parameter floor: where lines without `vs` happen.
    init(
        _ text: String, algorithm: String = "optimized", floor: Floor = .secure, isComplete: Bool = true,
        hasOneClock: Bool = true
    ) {
        trace = Trace(title: "by hand", algorithm: algorithm, hasOneClock: hasOneClock)
        trace.isComplete = isComplete
        for line in text.split(separator: "\n") where !line.hasPrefix("#") {
            let halves = line.split(separator: ":", maxSplits: 1)
            guard halves.count == 2 else {
                Issue.record("no speaker: \(line)")
                continue
            }
            for name in halves[0].split(separator: " ") { _ = member(String(name)) }
            let words = halves[1].split(separator: " ").map(String.init)
            for name in halves[0].split(separator: " ") { add(words, String(name), floor) }
        }
    }

    enum Floor: String, CaseIterable, Sendable { case flush, secure }

    private mutating func member(_ name: String) -> Int {
        if let known = trace.members.firstIndex(where: { $0.name == name }) { return known }
        trace.members.append(Membership(id: UInt64(trace.members.count + 1), name: name))
        return trace.members.count - 1
    }

    private mutating func id(_ name: String) -> UInt64 { trace.members[member(name)].id }

    private mutating func add(_ words: [String], _ name: String, _ floor: Floor) {
        let speaker = member(name)
        if words == ["unwritten"] {
            trace.members[speaker].isWhole = false
            return
        }
        guard let kind = kind(words, name, floor) else {
            Issue.record("what does \(name) do: \(words.joined(separator: " "))")
            return
        }
        trace.events.append(Event(time: UInt64(trace.events.count), member: speaker, kind))
    }

    private mutating func kind(_ words: [String], _ name: String, _ floor: Floor) -> EventKind? {
        let isFlush = words[0].hasPrefix("vs") || floor == .flush
        let verb = words[0].hasPrefix("vs") ? String(words[0].dropFirst(2)) : words[0]
        switch verb {
        case "view": return isFlush ? .vsView(view(words, name)) : .view(view(words, name))
        case "sends": return isFlush ? .vsSent(sent(words, name)) : .sent(sent(words, name))
        case "delivers":
            guard let record = delivered(words) else { return nil }
            return isFlush ? .vsDelivered(record) : .delivered(record)
        case "signal": return isFlush ? .vsSignal : .signal
        case "request": return isFlush ? .vsFlushRequest : .flushRequest
        case "ok": return isFlush ? .vsFlushOk : .flushOk
        case "crashes": return .crashed
        case "leaves": return .left
        case "rejoins": return .rejoining("key missing")
        case "hangs": return .hangs(true)
        case "wakes": return .hangs(false)
        case "problem": return .problem(words.dropFirst().joined(separator: " "))
        case "configured": return .configuration(id: UInt64(words[1]) ?? 0, members: [])
        case "tampered": return .arrived(number: 1, from: 0, wasTampered: true)
        default: return robust(words)
        }
    }

    private func robust(_ words: [String]) -> EventKind? {
        guard let event = RobustEvent(rawValue: words[0]), words.count >= 3, let before = Phase(rawValue: words[1]),
            let after = Phase(rawValue: words[2])
        else { return nil }
        let outcome = words.count > 3 ? RobustOutcome(rawValue: words[3]) : .accepted
        return outcome.map { .robust(event, before: before, after: after, $0, why: "as written") }
    }

    /// "3b {amy bob} with {amy} key k"
    private mutating func view(_ words: [String], _ name: String) -> ViewRecord {
        let letters = words[1].drop { $0.isNumber }
        let hash = letters.utf8.reduce(1) { $0 << 8 | UInt64($1) } << 48
        let lists = words.joined(separator: " ").split(separator: "{").dropFirst().map { list in
            list.prefix { $0 != "}" }.split(separator: " ").map(String.init)
        }
        let key = words.firstIndex(of: "key").map { words[$0 + 1] }
        return ViewRecord(
            name: ViewName(counter: UInt64(words[1].prefix { $0.isNumber }) ?? 0, hash: hash),
            members: lists[0].map { id($0) }, transitionalSet: (lists.count > 1 ? lists[1] : [name]).map { id($0) },
            keyFingerprint: key == "none" ? "" : key ?? "key \(words[1])")
    }

    /// "7 agreed to bob carrying 8"
    private mutating func sent(_ words: [String], _ name: String) -> MessageRecord {
        let record = MessageRecord(
            number: UInt64(words[1]) ?? 0, sender: id(name), service: ServiceName(rawValue: words[2]) ?? .fifo,
            destination: words.firstIndex(of: "to").map { id(words[$0 + 1]) }, what: "a text",
            carries: words.firstIndex(of: "carrying").flatMap { UInt64(words[$0 + 1]) })
        messages[words[0] + words[1]] = record
        return record
    }

    /// "7", "7 safe" with another service than it was sent with, or "7 agreed that bob sent" when no line above does.
    private mutating func delivered(_ words: [String]) -> MessageRecord? {
        let sends = words[0].hasPrefix("vs") ? "vssends" : "sends"
        var record = messages[sends + words[1]]
        if words.count > 4 {
            let number = UInt64(words[1]) ?? 0
            record = MessageRecord(number: number, sender: id(words[4]), service: .fifo, what: "a text")
        }
        if words.count > 2, let service = ServiceName(rawValue: words[2]) { record?.service = service }
        return record
    }
}

/// The names of the checks that find something, each once.
func broken(_ trace: Trace) -> [String] {
    var names: [String] = []
    for violation in Oracle.judge(trace) where !names.contains(violation.property) { names.append(violation.property) }
    return names
}

/// Judges a dialogue at each of the two floors by the properties of §3.1 alone, and expects these to be broken and no
/// other.
func expectProperties(
    _ expected: [String], isComplete: Bool = true, _ text: String, sourceLocation: SourceLocation = #_sourceLocation
) {
    for floor in Dialogue.Floor.allCases {
        let trace = Dialogue(text, floor: floor, isComplete: isComplete).trace
        let names = broken(trace).filter { $0.hasSuffix("(§3.1)") }
        #expect(names == expected.map { $0 + " (§3.1)" }, "\(floor)", sourceLocation: sourceLocation)
    }
}
