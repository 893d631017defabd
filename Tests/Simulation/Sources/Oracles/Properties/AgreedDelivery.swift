import Traces

/// Property 11:
/// 1. "Agreed delivery maintains all causal delivery guarantees": judged with property 10.
/// 2. "If agreed messages m, and later, m' are delivered by process p, and m and m' are also delivered by process q,
///    then q delivered m before m'."
/// 3. "If agreed messages m, and later, m' are delivered by process p in view v, and m' is delivered by process q in v
///    before a transitional signal, then q delivers m. If messages m, and later, m' are delivered by process p in view
///    v, and m' is delivered by process q in v after a transitional signal, then q delivers m if r, the sender of m,
///    belongs to q's transitional set."
///
/// Safe messages are agreed messages too (12.1). A signal belongs to the view in which it is delivered, and says that
/// what follows is for those who will go on together: q's transitional set is that of its next view. Where none
/// follows, nothing is known of it.
enum AgreedDelivery {
    static let second = Check.property("11.2 Agreed Delivery (§3.1)", whenTampered: .none) { floor, index, report in
        forEachPair(floor) { p, q, pairs, places in
            var last = -1
            for (place, message) in pairs.stays[p].deliveries.enumerated() where places[message] >= 0 {
                if places[message] < last {
                    let other = floor.messages[pairs.stays[q].deliveries[last]]
                    let event = deliveryEvent(message, pairs.witnesses[q], floor)
                    report.add(
                        event,
                        """
                        \(index.name(floor.visits[pairs.witnesses[q]].member)) delivered \
                        \(index.message(floor.messages[message])) before \(index.message(other)), and \
                        \(index.name(floor.visits[pairs.witnesses[p]].member)) after it, at place \(place + 1)
                        """)
                }
                last = max(last, places[message])
            }
        }
    }

    static let third = Check.property("11.3 Agreed Delivery (§3.1)", whenTampered: .none) { floor, index, report in
        forEachPair(floor) { p, q, pairs, places in
            let (mine, others) = (pairs.stays[p].deliveries, pairs.stays[q])
            let companions = others.companions < 0 ? [] : floor.sets[others.companions]
            // The last m' of p's that q delivered before its signal, and after it.
            let before = mine.lastIndex { places[$0] >= 0 && places[$0] < others.beforeSignal } ?? 0
            let after = mine.lastIndex { places[$0] >= others.beforeSignal } ?? 0
            for (place, message) in mine.prefix(max(before, after)).enumerated() where places[message] < 0 {
                let isOwed = place < before || companions.contains(floor.messages[message].sender)
                guard isOwed else { continue }
                let later = mine[place < before ? before : after]
                report.add(
                    deliveryEvent(later, pairs.witnesses[q], floor),
                    """
                    \(index.name(floor.visits[pairs.witnesses[q]].member)) delivered \
                    \(index.message(floor.messages[later])) \(place < before ? "before" : "after") the signal, but never \
                    \(index.message(floor.messages[message])), which \
                    \(index.name(floor.visits[pairs.witnesses[p]].member)) delivered before that
                    """)
            }
        }
    }

    /// All pairs of different stays in one view: p's, q's, and the places of q's messages.
    private static func forEachPair(_ floor: Floor, _ body: (Int, Int, OrderedStays, Places) -> Void) {
        var places = Places(messageCount: floor.messages.count)
        for view in floor.views where view.visits.count > 1 {
            let pairs = OrderedStays(view, floor)
            guard pairs.stays.count > 1 else { continue }
            for q in pairs.stays.indices {
                places.fill(pairs.stays[q].deliveries)
                for p in pairs.stays.indices where p != q { body(p, q, pairs, places) }
            }
        }
    }

    private static func deliveryEvent(_ message: Int, _ visit: Int, _ floor: Floor) -> Int? {
        floor.visits[visit].deliveries.firstIndex(of: message).map { floor.visits[visit].deliveryEvents[$0] }
    }
}
