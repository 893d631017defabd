import Traces

/// Property 4: "If process p delivers a message m in a view v, then there exists a process q that sent m in v causally
/// before p delivered m."
///
/// Here: that somebody sent it, that it is whom the message names as its sender, that it asked for the service and the
/// destination with which the message is delivered, and that it did so first. That it was in v is property 3. Of a
/// member whose trace is not whole the sending may be missing.
enum DeliveryIntegrity {
    static let check = Check.property("4 Delivery Integrity (§3.1)", whenTampered: .secure) { floor, index, report in
        for entry in floor.log where !entry.isSend {
            let message = floor.messages[entry.message]
            let member = floor.visits[entry.visit].member
            if message.visit < 0 {
                if message.sender >= 0, !index.trace.members[message.sender].isWhole { continue }
                report.add(
                    entry.event, "\(index.name(member)) delivered \(index.message(message)), which nobody sent")
            } else if index.precedes(entry.event, message.event) {
                report.add(entry.event, "\(index.name(member)) delivered \(index.message(message)) before it was sent")
            } else if floor.visits[message.visit].member != message.sender {
                let sender = index.name(floor.visits[message.visit].member)
                report.add(
                    entry.event, "\(index.name(member)) delivered \(index.message(message)), which \(sender) sent")
            } else if !message.isFor(member) {
                report.add(
                    entry.event, "\(index.name(member)) delivered \(index.message(message)), which is not for it")
            }
        }
        for (message, event) in floor.contradictions {
            let member = index.name(index.trace.events[event].member)
            report.add(
                event,
                "\(member) saw \(index.message(floor.messages[message])) with another sender, service or destination"
            )
        }
    }
}
