import Traces

/// Property 12:
/// 1. "Safe delivery maintains all agreed delivery guarantees": judged with properties 10 and 11.
/// 2. "If process p delivers a safe message m in view v before the transitional signal, then every process q of view v
///    delivers m unless it crashes. If process p delivers a safe message m in view v after the transitional signal,
///    then every process q that belongs to p's transitional set delivers m after the transitional signal unless it
///    crashes."
///
/// "Every process q of view v" is every member that v lists, whether it came to install v or not. p's transitional set
/// is that of its next view, as in property 11. A private message is safe once its one receiver has it.
///
/// A VS view may list somebody who parts before it installs that view, and nobody can know: the second half is judged
/// at the Flush floor for those who do install it. For the application the property is judged as it stands: where a
/// message may be missing, the secure view needs a token of everybody in it (decision 0016).
enum SafeDelivery {
    static let check = Check.property("12.2 Safe Delivery (§3.1)", whenTampered: .none) { floor, index, report in
        var places = Places(messageCount: floor.messages.count)
        var isSeen = Array(repeating: false, count: floor.messages.count)
        for view in floor.views where view.visits.count > 0 {
            let stays = OrderedStays(view, floor)
            let early = early(stays, floor, &isSeen)
            let late = late(stays, floor)
            guard !early.isEmpty || !late.isEmpty else { continue }
            let visitors = floor.visitors(of: view)
            for (stay, deliveries) in stays.stays.enumerated() {
                places.fill(deliveries.deliveries)
                for (message, witness) in early where places[message] < 0 {
                    guard
                        let q = view.members.first(where: { member in
                            member >= 0 && stays.stayOf[member] == stay && !index.mayOwe(floor.visits[visitors[member]])
                        })
                    else { continue }
                    report.add(
                        event(message, witness, floor), sentence(index, floor, message, witness, "before", q))
                }
                for (message, witness, companions) in late where places[message] < deliveries.beforeSignal {
                    guard
                        let q = floor.sets[companions].first(where: { member in
                            member >= 0 && stays.stayOf[member] == stay && !index.mayOwe(floor.visits[visitors[member]])
                                && isBound(floor.visits[visitors[member]], with: floor.visits[witness], floor)
                        })
                    else { continue }
                    report.add(event(message, witness, floor), sentence(index, floor, message, witness, "after", q))
                }
            }
            // Those who are to have it and never installed the view.
            for member in view.members where member >= 0 && visitors[member] < 0 {
                guard !index.mayOwe(view, by: member, floor) else { continue }
                if let (message, witness) = early.first {
                    report.add(
                        event(message, witness, floor), sentence(index, floor, message, witness, "before", member))
                }
                if let (message, witness, _) = late.first(where: { floor.sets[$0.companions].contains(member) }) {
                    report.add(
                        event(message, witness, floor), sentence(index, floor, message, witness, "after", member))
                }
            }
        }
    }

    /// Whether a companion owes what was delivered after the signal.
    private static func isBound(_ visit: Floor.Visit, with witness: Floor.Visit, _ floor: Floor) -> Bool {
        guard !floor.needsTokens, witness.next >= 0 else { return true }
        return visit.next >= 0 && floor.visits[visit.next].view == floor.visits[witness.next].view
    }

    /// The safe messages that somebody delivered before the signal, each once, with a visit that did.
    private static func early(
        _ stays: OrderedStays, _ floor: Floor, _ isSeen: inout [Bool]
    ) -> [(message: Int, witness: Int)] {
        var result: [(message: Int, witness: Int)] = []
        for (stay, witness) in zip(stays.stays, stays.witnesses) {
            for message in stay.deliveries.prefix(stay.beforeSignal)
            where floor.messages[message].record.service == .safe && !isSeen[message] {
                isSeen[message] = true
                result.append((message, witness))
            }
        }
        return result
    }

    /// The safe messages that were delivered after the signal, with a visit that did and its companions.
    private static func late(
        _ stays: OrderedStays, _ floor: Floor
    ) -> [(message: Int, witness: Int, companions: Int)] {
        var result: [(message: Int, witness: Int, companions: Int)] = []
        for (stay, witness) in zip(stays.stays, stays.witnesses) where stay.companions >= 0 {
            for message in stay.deliveries.dropFirst(stay.beforeSignal)
            where floor.messages[message].record.service == .safe {
                result.append((message, witness, stay.companions))
            }
        }
        return result
    }

    private static func event(_ message: Int, _ visit: Int, _ floor: Floor) -> Int? {
        floor.visits[visit].deliveries.firstIndex(of: message).map { floor.visits[visit].deliveryEvents[$0] }
    }

    private static func sentence(
        _ index: TraceIndex, _ floor: Floor, _ message: Int, _ witness: Int, _ when: String, _ q: Int
    ) -> String {
        let visit = floor.visits[witness]
        return """
            \(index.name(visit.member)) delivered \(index.message(floor.messages[message])) in \
            \(index.view(visit, floor)) \(when) the signal; \(index.name(q)) did not\(when == "after" ? " after its own" : "")
            """
    }
}
