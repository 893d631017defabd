import Traces

/// Property 3: "A message is delivered in the view that it was sent in." An event occurs in view v at p "if the most
/// recent view installed by process p before the event was v".
enum SendingViewDelivery {
    static let check = Check.property("3 Sending View Delivery (§3.1)") { floor, index, report in
        for visit in floor.visits {
            for (place, message) in visit.deliveries.enumerated() where floor.messages[message].visit >= 0 {
                let sent = floor.visits[floor.messages[message].visit]
                guard sent.view != visit.view || visit.view < 0 else { continue }
                report.add(
                    visit.deliveryEvents[place],
                    """
                    \(index.name(visit.member)) delivered \(index.message(floor.messages[message])) in \
                    \(index.view(visit, floor)); it was sent in \(index.view(sent, floor))
                    """)
            }
        }
    }
}
