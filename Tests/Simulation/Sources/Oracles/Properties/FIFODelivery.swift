import Traces

/// Property 9: "If message m is sent before message m' by the same process in the same view, then any process that
/// delivers m' delivers m before m'."
///
/// Every service includes it. A private message has its place among all that its receiver gets from its sender.
enum FIFODelivery {
    static let check = Check.property("9 FIFO Delivery (§3.1)", whenTampered: .none) { floor, index, report in
        var precedence = Precedence(floor, .fifo)
        precedence.forEachMissing { entry, missing in
            report.add(
                entry.event,
                """
                \(index.name(floor.visits[entry.visit].member)) delivered \
                \(index.message(floor.messages[entry.message])) without \(index.message(floor.messages[missing])), \
                which was sent before it
                """)
        }
    }
}
