import Traces

/// Property 13: "Each process delivers exactly one transitional signal per view."
///
/// A view that no other has followed may still lack its signal. Before the first view there is none (lemma A.2).
enum TransitionalSignal {
    static let check = Check.property("13 Transitional Signal (§3.1)") { floor, index, report in
        for visit in floor.visits {
            if visit.view < 0 {
                guard let signal = visit.signals.first else { continue }
                report.add(signal, "\(index.name(visit.member)) delivered a transitional signal before any view")
            } else if visit.signals.count > 1 {
                report.add(
                    visit.signals[1],
                    """
                    \(index.name(visit.member)) delivered \(visit.signals.count) transitional signals in \
                    \(index.view(visit, floor))
                    """)
            } else if visit.signals.isEmpty, visit.next >= 0 {
                report.add(
                    floor.visits[visit.next].event,
                    """
                    \(index.name(visit.member)) left \(index.view(visit, floor)) without a transitional signal
                    """)
            }
        }
    }
}
