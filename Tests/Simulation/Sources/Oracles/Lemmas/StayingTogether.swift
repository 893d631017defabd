import Traces

/// What lemma A.6 is there for: who stays connected with each other stays together. Members that come from one VS view
/// into the next one and went through the same configurations of the transport in between are in each other's
/// transitional sets.
///
/// The lemma itself speaks of members that moved together, and cannot see that the Flush layer parts a member that
/// missed a key list from those who installed it. Where nobody tampers, nobody misses one.
enum StayingTogether {
    static let check = Check("staying together (lemma A.6)", needs: [.flushFloor, .noTampering]) {
        index, report in
        let floor = index.flush
        var groups: [[Int]] = []
        var places: [Passage: Int] = [:]
        for (visit, passage) in passages(index) {
            if let place = places[passage] {
                groups[place].append(visit)
            } else {
                places[passage] = groups.count
                groups.append([visit])
            }
        }
        for group in groups {
            for visit in group.map({ floor.visits[$0] }) {
                let set = floor.sets[visit.transitionalSet]
                guard let other = group.lazy.map({ floor.visits[$0].member }).first(where: { !set.contains($0) }) else {
                    continue
                }
                report.add(
                    visit.event,
                    """
                    \(index.name(visit.member)) and \(index.name(other)) stayed connected, and came to \
                    \(index.view(visit, floor)) apart
                    """)
            }
        }
    }

    /// A way from one VS view to the next.
    private struct Passage: Hashable {
        let from: Int
        let to: Int
        let configurations: [UInt64]
    }

    /// Every visit of a VS view after the first, with the way that led to it.
    private static func passages(_ index: TraceIndex) -> [(visit: Int, passage: Passage)] {
        var configurations: [[(event: Int, id: UInt64)]] = index.trace.members.map { _ in [] }
        for (number, event) in index.trace.events.enumerated() where event.member >= 0 {
            if case .configuration(let id, _) = event.kind { configurations[event.member].append((number, id)) }
        }
        var result: [(visit: Int, passage: Passage)] = []
        for (number, visit) in index.flush.visits.enumerated() where visit.previous >= 0 && visit.view >= 0 {
            let last = index.flush.visits[visit.previous]
            // Without configurations in the trace nobody knows who stayed connected.
            guard last.view >= 0, !configurations[visit.member].isEmpty else { continue }
            let between = configurations[visit.member].filter { last.event < $0.event && $0.event < visit.event }
            result.append((number, Passage(from: last.view, to: visit.view, configurations: between.map { $0.id })))
        }
        return result
    }
}
