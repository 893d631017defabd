import Traces

/// Property 5: "A message is sent only once. A message is delivered only once to the same process."
enum NoDuplication {
    static let check = Check.property("5 No Duplication (§3.1)") { floor, index, report in
        for (message, event) in floor.resent {
            report.add(
                event,
                """
                \(index.name(index.trace.events[event].member)) sent \(index.message(floor.messages[message])), which \
                had been sent before
                """)
        }
        // The membership that was seen to deliver a message last.
        var last = Array(repeating: -1, count: floor.messages.count)
        for (member, visits) in floor.visitsOfMember.enumerated() {
            for visit in visits {
                for (place, message) in floor.visits[visit].deliveries.enumerated() {
                    if last[message] == member {
                        report.add(
                            floor.visits[visit].deliveryEvents[place],
                            "\(index.name(member)) delivered \(index.message(floor.messages[message])) twice")
                    }
                    last[message] = member
                }
            }
        }
    }
}
