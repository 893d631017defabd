import Traces

/// Property 10: "If message m causally precedes message m' and both are sent in the same view, then any process that
/// delivers m' delivers m before m'."
///
/// Holds between messages of the services causal, agreed and safe, so that this is 11.1 as well ("Agreed delivery
/// maintains all causal delivery guarantees") and that part of 12.1. That one causally precedes another is computed
/// from who sent and delivered what before; FIFO and private messages hand it on.
enum CausalDelivery {
    static let check = Check.property("10 Causal Delivery (§3.1)", whenTampered: .none) { floor, index, report in
        var precedence = Precedence(floor, .causal)
        precedence.forEachMissing { entry, missing in
            report.add(
                entry.event,
                """
                \(index.name(floor.visits[entry.visit].member)) delivered \
                \(index.message(floor.messages[entry.message])) without \(index.message(floor.messages[missing])), \
                which causally precedes it
                """)
        }
    }
}
