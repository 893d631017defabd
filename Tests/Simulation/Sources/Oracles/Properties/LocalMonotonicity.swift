import Traces

/// Property 2: "If process p installs a view v after installing a view v' then v's identifier is greater than v''s
/// identifier." Theorem A.2 says the same of secure views.
///
/// It is the counter that must grow: the hash beside it only tells apart views of components that went separate ways.
enum LocalMonotonicity {
    static let check = Check.property("2 Local Monotonicity (§3.1)") { floor, index, report in
        for visit in floor.visits where visit.view >= 0 && visit.previous >= 0 {
            let previous = floor.visits[visit.previous]
            guard previous.view >= 0, floor.views[visit.view].name.counter <= floor.views[previous.view].name.counter
            else { continue }
            report.add(
                visit.event,
                "\(index.name(visit.member)) installed \(index.view(visit, floor)) after \(index.view(previous, floor))"
            )
        }
    }
}
