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
    /// What each membership did, in order.
    private(set) var steps: [[Step]]
    /// By event, its place in the order in which the trace is read; empty when that is the order of the events.
    private var places: [Int] = []

    /// An event of one membership, with indices in place of records.
    struct Step {
        let event: Int
        let kind: Kind

        enum Kind {
            case vsFlushRequest, vsFlushOk, vsSignal
            case flushRequest, flushOk, signal
            /// Visits and messages are those of the Flush floor.
            case vsView(Int), vsSent(Int), vsDelivered(Int)
            /// Visits and messages are those of the secure floor.
            case view(Int), sent(Int), delivered(Int)
            case robust(RobustEvent, before: Phase, after: Phase, RobustOutcome)
            case problem
        }
    }

    init(_ trace: Trace) {
        self.trace = trace
        let count = trace.members.count
        flush = Floor(viewNoun: "VS view", memberCount: count)
        secure = Floor(viewNoun: "secure view", memberCount: count)
        mayOweLast = trace.members.map { !trace.isComplete || !$0.isWhole }
        steps = Array(repeating: [], count: count)
        var isHanging = Array(repeating: false, count: count)
        var indices: [UInt64: Int] = [:]
        for (index, member) in trace.members.enumerated() { indices[member.id] = index }
        let indexOf: (UInt64) -> Int = { indices[$0] ?? -1 }

        func read(_ event: Int) {
            let member = trace.events[event].member
            guard member >= 0, member < count else { return }
            switch trace.events[event].kind {
            case .crashed, .left, .rejoining, .replaced: mayOweLast[member] = true
            case .hangs(let hangs): isHanging[member] = hangs
            case .arrived(_, _, let wasTampered): if wasTampered { isTampered = true }
            case .swallowed: isTampered = true
            case let kind: if let step = step(kind, event, member, indexOf) { steps[member].append(step) }
            }
        }
        if trace.hasOneClock {
            for event in trace.events.indices { read(event) }
        } else {
            let order = CausalOrder.events(of: trace)
            places = Array(repeating: 0, count: order.count)
            for (place, event) in order.enumerated() { places[event] = place }
            for event in order { read(event) }
        }
        for member in 0..<count where isHanging[member] { mayOweLast[member] = true }
    }

    private func step(_ kind: EventKind, _ event: Int, _ member: Int, _ indexOf: (UInt64) -> Int) -> Step? {
        let step: Step.Kind
        switch kind {
        case .components, .connected, .configuration, .transmitted, .crashed, .left, .rejoining, .replaced, .hangs,
            .arrived, .swallowed:
            return nil
        case .vsFlushRequest: step = .vsFlushRequest
        case .vsFlushOk: step = .vsFlushOk
        case .flushRequest: step = .flushRequest
        case .flushOk: step = .flushOk
        case .problem: step = .problem
        case .vsSignal:
            flush.signal(at: event, by: member)
            step = .vsSignal
        case .vsView(let record): step = .vsView(flush.install(record, at: event, by: member, indexOf))
        case .vsSent(let record):
            if record.carries != nil { hasCarriers = true }
            step = .vsSent(flush.send(record, at: event, by: member, indexOf))
        case .vsDelivered(let record): step = .vsDelivered(flush.deliver(record, at: event, by: member, indexOf))
        case .robust(let robust, let before, let after, let outcome, _):
            hasRobustEvents = true
            step = .robust(robust, before: before, after: after, outcome)
        case .signal:
            secure.signal(at: event, by: member)
            step = .signal
        case .view(let record): step = .view(secure.install(record, at: event, by: member, indexOf))
        case .sent(let record): step = .sent(secure.send(record, at: event, by: member, indexOf))
        case .delivered(let record): step = .delivered(secure.deliver(record, at: event, by: member, indexOf))
        }
        return Step(event: event, kind: step)
    }

    /// Whether one event stands before another in the order in which the trace is read.
    func precedes(_ first: Int, _ second: Int) -> Bool {
        places.isEmpty ? first < second : places[first] < places[second]
    }

    /// Whether a membership may owe what belongs to a visit: "unless it crashes".
    func mayOwe(_ visit: Floor.Visit) -> Bool { visit.next < 0 && mayOweLast[visit.member] }

    /// Whether a membership may owe what belongs to a view that lists it and that it never installed.
    func mayOwe(_ view: Floor.View, by member: Int, _ floor: Floor) -> Bool {
        guard member >= 0 else { return true }
        guard mayOweLast[member], let last = floor.visitsOfMember[member].last else { return false }
        let lastView = floor.view(of: floor.visits[last])
        return lastView.map { $0.name.counter < view.name.counter } ?? true
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
