import Traces

/// Property 6: "If process p sends a message m, then p delivers m unless it crashes."
enum SelfDelivery {
    static let check = Check.property("6 Self Delivery (§3.1)", whenTampered: .none) { floor, index, report in
        // The membership that was seen to deliver a message last.
        var delivered = Array(repeating: -1, count: floor.messages.count)
        for (member, visits) in floor.visitsOfMember.enumerated() {
            for visit in visits { for message in floor.visits[visit].deliveries { delivered[message] = member } }
            for visit in visits where !index.mayOwe(floor.visits[visit]) {
                for sent in floor.visits[visit].sends where delivered[sent] != member {
                    let message = floor.messages[sent]
                    guard message.isFor(member) else { continue }
                    report.add(message.event, "\(index.name(member)) never delivered its own \(index.message(message))")
                }
            }
        }
    }
}
