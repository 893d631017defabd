import Traces

/// A trace, read once, with everything at hand that the checks ask for.
final class TraceIndex {
    let trace: Trace
    private(set) var flush: Floor
    private(set) var secure: Floor
    /// By membership: whether it may owe what belongs to its last view (see `Oracle`).
    private(set) var mayOweLast: [Bool]
    private(set) var hasRobustEvents = false
    private(set) var hasCarriers = false
    private(set) var isTampered = false
    /// The events of each membership, in order.
    private(set) var eventsOf: [[Int]]

    init(_ trace: Trace) {
        self.trace = trace
        let count = trace.members.count
        flush = Floor(viewNoun: "VS view", memberCount: count)
        secure = Floor(viewNoun: "secure view", memberCount: count)
        mayOweLast = trace.members.map { !trace.isComplete || !$0.isWhole }
        eventsOf = Array(repeating: [], count: count)
        var isHanging = Array(repeating: false, count: count)
        var indices: [UInt64: Int] = [:]
        for (index, member) in trace.members.enumerated() { indices[member.id] = index }
        let indexOf: (UInt64) -> Int = { indices[$0] ?? -1 }

        for event in CausalOrder.events(of: trace) {
            let member = trace.events[event].member
            guard member >= 0, member < count else { continue }
            eventsOf[member].append(event)
            switch trace.events[event].kind {
            case .components, .connected, .configuration, .transmitted, .vsFlushRequest, .vsFlushOk, .flushRequest,
                .flushOk, .problem:
                break
            case .crashed, .left, .rejoining, .replaced: mayOweLast[member] = true
            case .hangs(let hangs): isHanging[member] = hangs
            case .arrived(_, _, let wasTampered): if wasTampered { isTampered = true }
            case .swallowed: isTampered = true
            case .vsSignal: flush.signal(at: event, by: member)
            case .vsView(let record): flush.install(record, at: event, by: member, indexOf)
            case .vsSent(let record):
                if record.carries != nil { hasCarriers = true }
                flush.send(record, at: event, by: member, indexOf)
            case .vsDelivered(let record): flush.deliver(record, at: event, by: member, indexOf)
            case .robust: hasRobustEvents = true
            case .signal: secure.signal(at: event, by: member)
            case .view(let record): secure.install(record, at: event, by: member, indexOf)
            case .sent(let record): secure.send(record, at: event, by: member, indexOf)
            case .delivered(let record): secure.deliver(record, at: event, by: member, indexOf)
            }
        }
        for member in 0..<count where isHanging[member] { mayOweLast[member] = true }
    }

    // MARK: - Words for sentences

    /// "amy", or "amy (2)" for the second membership of that name.
    func name(_ member: Int) -> String {
        guard member >= 0 else { return "somebody unknown" }
        let name = trace.members[member].name
        let earlier = trace.members[..<member].count { $0.name == name }
        return earlier == 0 ? name : "\(name) (\(earlier + 1))"
    }

    func names(_ members: [Int]) -> String { "{" + members.map(name).joined(separator: ", ") + "}" }

    /// "VS view 3-1f2e", or "before any VS view".
    func view(_ visit: Floor.Visit, _ floor: Floor) -> String {
        guard let view = floor.view(of: visit) else { return "no \(floor.viewNoun)" }
        return "\(floor.viewNoun) \(short(view.name))"
    }

    func short(_ name: ViewName) -> String {
        "\(name.counter)-" + String(name.hash >> 48, radix: 16)
    }

    /// "message 17 of amy (agreed, text of 3 bytes)".
    func message(_ message: Floor.Message) -> String {
        let record = message.record
        let to = message.destination.map { ", for \(name($0)) alone" } ?? ""
        return "message \(record.number) of \(name(message.sender)) (\(record.service.rawValue)\(to), \(record.what))"
    }
}
