import Traces

/// The order in which the checks read a trace: what was sent stands before what was delivered.
enum CausalOrder {
    /// The indices of a trace's events. Where all events were seen by one clock, the order is theirs. Otherwise every
    /// member's own order is kept and a delivery is put after its sending; if that is not possible, because a message
    /// was delivered before something that precedes its sending, the delivery stands where it would be without it.
    static func events(of trace: Trace) -> [Int] {
        trace.hasOneClock ? Array(trace.events.indices) : sorted(trace)
    }

    private enum Link: Equatable {
        case none
        case sends(floor: Int, UInt64)
        case delivers(floor: Int, UInt64)
    }

    private static func link(_ kind: EventKind) -> Link {
        switch kind {
        case .vsSent(let record): .sends(floor: 0, record.number)
        case .vsDelivered(let record): .delivers(floor: 0, record.number)
        case .sent(let record): .sends(floor: 1, record.number)
        case .delivered(let record): .delivers(floor: 1, record.number)
        default: .none
        }
    }

    private static func sorted(_ trace: Trace) -> [Int] {
        var queues: [[Int]] = Array(repeating: [], count: trace.members.count + 1)
        var unsent: [Set<UInt64>] = [[], []]
        for (index, event) in trace.events.enumerated() {
            queues[event.member + 1].append(index)
            if case .sends(let floor, let number) = link(event.kind) { unsent[floor].insert(number) }
        }
        var heads = Array(repeating: 0, count: queues.count)
        var result: [Int] = []
        result.reserveCapacity(trace.events.count)
        while result.count < trace.events.count {
            let before = result.count
            for queue in queues.indices {
                while heads[queue] < queues[queue].count {
                    let event = queues[queue][heads[queue]]
                    let link = link(trace.events[event].kind)
                    if case .delivers(let floor, let number) = link, unsent[floor].contains(number) { break }
                    if case .sends(let floor, let number) = link { unsent[floor].remove(number) }
                    result.append(event)
                    heads[queue] += 1
                }
            }
            guard result.count == before else { continue }
            // A circle: let the earliest delivery pass without its sending.
            guard
                let queue = queues.indices.filter({ heads[$0] < queues[$0].count })
                    .min(by: { queues[$0][heads[$0]] < queues[$1][heads[$1]] })
            else { break }
            result.append(queues[queue][heads[queue]])
            heads[queue] += 1
        }
        return result
    }
}
