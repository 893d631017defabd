import Traces

/// Lemma A.6: "If process p installed a secure view v_sec with process q in the members set, they both install the same
/// next VS view, and p's VS transitional set includes q, then q must have installed v_sec."
///
/// That p and q come from one VS view is property 7.2 of the Flush floor.
enum KeyListTogether {
    static let check = Check("A.6 (appendix A.1.7)", needs: [.flushFloor]) { index, report in
        let installed = secureViews(index)
        let floor = index.flush
        TransitionalSet.forEachCompanion(floor) { visit, companion in
            guard visit.previous >= 0, companion.previous >= 0, let name = installed[visit.previous],
                installed[companion.previous] != name
            else { return }
            let view = floor.view(of: floor.visits[visit.previous])
            guard view?.members.contains(companion.member) ?? false else { return }
            report.add(
                visit.event,
                """
                \(index.name(visit.member)) installed secure view \(index.short(name)) and went on to \
                \(index.view(visit, floor)) together with \(index.name(companion.member)), which did not install it
                """)
        }
    }

    /// By visit of the Flush floor: the secure view that was installed during it.
    static func secureViews(_ index: TraceIndex) -> [ViewName?] {
        var result: [ViewName?] = Array(repeating: nil, count: index.flush.visits.count)
        for steps in index.steps {
            var current = -1
            for step in steps {
                if case .vsView(let visit) = step.kind { current = visit }
                guard case .view(let visit) = step.kind, current >= 0 else { continue }
                result[current] = index.secure.view(of: index.secure.visits[visit])?.name
            }
        }
        return result
    }
}
