import Traces

/// What the names of views and keys stand for.
enum ViewsAndKeys {
    /// A view's identifier is "the unique identifier of the view" (appendix A): who installs a view of that name
    /// installs it with the same members, in the same order.
    static let members = Check.property("one name, one view (appendix A)") { floor, index, report in
        for view in floor.views {
            guard let event = view.contradiction else { continue }
            report.add(
                event,
                """
                \(index.name(index.trace.events[event].member)) installed \(floor.viewNoun) \(index.short(view.name)) \
                with other members than \(index.names(view.members))
                """)
        }
    }

    /// All members of a secure view hold one key (§4).
    static let sameKey = Check("same view, same key (§4)") { index, report in
        for view in index.secure.views {
            guard let first = view.visits.first else { continue }
            let expected = fingerprint(index, first)
            for visit in view.visits.dropFirst() where fingerprint(index, visit) != expected {
                let visits = index.secure.visits
                report.add(
                    visits[visit].event,
                    """
                    \(index.name(visits[visit].member)) and \(index.name(visits[first].member)) installed \
                    secure view \(index.short(view.name)) with different keys
                    """)
            }
        }
    }

    /// "A group key is changed whenever the group changes or a periodic re-key is needed" (§1): no key serves two
    /// views, nor does a member install a view without one.
    static let differentKeys = Check("different views, different keys (§1)") { index, report in
        var viewOf: [String: Int] = [:]
        for visit in index.secure.visits.indices where index.secure.visits[visit].view >= 0 {
            let fingerprint = fingerprint(index, visit)
            let view = index.secure.visits[visit].view
            let name = index.name(index.secure.visits[visit].member)
            let words = index.view(index.secure.visits[visit], index.secure)
            if fingerprint.isEmpty { report.add(index.secure.visits[visit].event, "\(name) has no key for \(words)") }
            if let other = viewOf[fingerprint], other != view, !fingerprint.isEmpty {
                report.add(
                    index.secure.visits[visit].event,
                    "\(name) has the key of secure view \(index.short(index.secure.views[other].name)) for \(words)")
            }
            viewOf[fingerprint] = view
        }
    }

    private static func fingerprint(_ index: TraceIndex, _ visit: Int) -> String {
        let event = index.secure.visits[visit].event
        guard event >= 0, case .view(let record) = index.trace.events[event].kind else { return "" }
        return record.keyFingerprint
    }
}
