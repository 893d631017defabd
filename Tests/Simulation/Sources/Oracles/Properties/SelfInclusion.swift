import Traces

/// Property 1: "If process p installs a view v then p is a member of v."
enum SelfInclusion {
    static let check = Check.property("1 Self Inclusion (§3.1)") { floor, index, report in
        for visit in floor.visits where visit.view >= 0 {
            let id = index.trace.members[visit.member].id
            guard !floor.views[visit.view].ids.contains(id) else { continue }
            report.add(
                visit.event,
                "\(index.name(visit.member)) installed \(index.view(visit, floor)), which lacks it")
        }
    }
}
