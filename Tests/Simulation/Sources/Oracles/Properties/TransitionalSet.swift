import Traces

/// Property 7:
/// 1. "Every process is part of its transitional set for a view v."
/// 2. "If two processes p and q install the same view and q is included in p's transitional set for this view, then p's
///    previous view was identical to q's previous view."
/// 3. "If two processes p and q install the same view v and q is included in p's transitional set for v, then p and q
///    have the same transitional set for v."
///
/// To have had no view is not a view in common: who comes to its first view has nobody but itself in its transitional
/// set, and is in nobody else's.
enum TransitionalSet {
    static let first = Check.property("7.1 Transitional Set (§3.1)") { floor, index, report in
        for visit in floor.visits where visit.view >= 0 {
            guard !floor.sets[visit.transitionalSet].contains(visit.member) else { continue }
            report.add(
                visit.event,
                "\(index.name(visit.member)) is not in its own transitional set for \(index.view(visit, floor))")
        }
    }

    static let second = Check.property("7.2 Transitional Set (§3.1)") { floor, index, report in
        forEachCompanion(floor) { visit, companion in
            let previous = floor.visits[visit.previous]
            let other = floor.visits[companion.previous]
            guard previous.view != other.view || previous.view < 0 else { return }
            report.add(
                visit.event,
                """
                \(index.name(visit.member)) has \(index.name(companion.member)) in its transitional set for \
                \(index.view(visit, floor)), but came from \(index.view(previous, floor)) and the other from \
                \(index.view(other, floor))
                """)
        }
    }

    static let third = Check.property("7.3 Transitional Set (§3.1)") { floor, index, report in
        forEachCompanion(floor) { visit, companion in
            guard visit.transitionalSet != companion.transitionalSet else { return }
            report.add(
                visit.event,
                """
                \(index.name(visit.member)) has \(index.names(floor.sets[visit.transitionalSet])) as transitional set \
                for \(index.view(visit, floor)), and \(index.name(companion.member)) of that set has \
                \(index.names(floor.sets[companion.transitionalSet]))
                """)
        }
    }

    /// All p and q that installed the same view, q another than p and in p's transitional set.
    static func forEachCompanion(_ floor: Floor, _ body: (Floor.Visit, Floor.Visit) -> Void) {
        for view in floor.views {
            let visitors = floor.visitors(of: view)
            for visit in view.visits {
                let visit = floor.visits[visit]
                for member in floor.sets[visit.transitionalSet] where member >= 0 && member != visit.member {
                    guard visitors[member] >= 0 else { continue }
                    body(visit, floor.visits[visitors[member]])
                }
            }
        }
    }
}
