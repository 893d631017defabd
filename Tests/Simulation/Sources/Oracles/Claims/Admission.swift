import Traces

/// Nobody is in a view with a stranger: whom no member accepts is not admitted, whomever it accepts itself.
enum Admission {
    static let check = Check.property("admission (docs/flush-and-admission.md)") { floor, index, report in
        for view in floor.views where view.members.count > 1 {
            guard let stranger = view.members.first(where: { $0 >= 0 && index.trace.members[$0].isStranger }),
                let visit = view.visits.first
            else { continue }
            report.add(
                floor.visits[visit].event,
                "\(index.name(floor.visits[visit].member)) has the stranger \(index.name(stranger)) in "
                    + "\(floor.viewNoun) \(index.short(view.name))")
        }
    }
}
