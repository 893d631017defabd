import Traces

/// What lemma A.6 is there for: of those who stay connected, either all install a secure view or none does. Members
/// that come from one VS view into the next one and went through the same configurations of the transport in between
/// have all installed the secure view of the first, or have all abandoned its key.
///
/// The lemma itself speaks of members that moved together, and cannot see that the Flush layer parts a member that
/// missed a key list from those who installed it. Where nobody tampers, nobody misses one.
enum StayingTogether {
    static let check = Check("staying together (lemma A.6)", needs: [.flushFloor, .noTampering]) { index, report in
        let installed = KeyListTogether.secureViews(index)
        var first: [Passage: Int] = [:]
        for (number, passage) in passages(index) {
            let visit = index.flush.visits[number]
            guard let other = first[passage] else {
                first[passage] = number
                continue
            }
            let companion = index.flush.visits[other]
            guard installed[visit.previous] != installed[companion.previous] else { continue }
            let (with, without) = installed[visit.previous] == nil ? (companion, visit) : (visit, companion)
            report.add(
                visit.event,
                """
                \(index.name(with.member)) and \(index.name(without.member)) stayed connected until \
                \(index.view(visit, index.flush)); only the first has installed the secure view before it
                """)
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
