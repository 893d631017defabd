import Traces

/// Lemma A.5: "When process p installs a secure view v, the view includes p and the v's identifier is the identifier of
/// the most recently installed VS view."
///
/// And so are its members. That it includes p is property 1.
enum SecureViewIdentifiers {
    static let check = Check("A.5 (appendix A.1)", needs: [.flushFloor]) { index, report in
        for (member, steps) in index.steps.enumerated() {
            var latest: Floor.View? = nil
            for step in steps {
                switch step.kind {
                case .vsView(let visit): latest = index.flush.view(of: index.flush.visits[visit])
                case .view(let visit):
                    guard let view = index.secure.view(of: index.secure.visits[visit]) else { continue }
                    guard view.name != latest?.name || view.ids != latest?.ids else { continue }
                    report.add(
                        step.event,
                        """
                        \(index.name(member)) installed secure view \(index.short(view.name)) of \
                        \(index.names(view.members)); its latest VS view is \
                        \(latest.map { "\(index.short($0.name)) of \(index.names($0.members))" } ?? "none")
                        """)
                default: break
                }
            }
        }
    }
}
