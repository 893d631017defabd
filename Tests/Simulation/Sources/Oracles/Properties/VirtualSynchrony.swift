import Traces

/// Property 8: "Two processes p and q that move together through two consecutive views v and v' deliver the same set of
/// messages in v." They move together if p "installs a view v with process q in its transitional set and process q
/// installs v as well".
///
/// Private messages are not for both and do not count.
enum VirtualSynchrony {
    static let check = Check.property("8 Virtual Synchrony (§3.1)", whenTampered: .none) { floor, index, report in
        let sums = floor.visits.map { sum($0, floor) }
        TransitionalSet.forEachCompanion(floor) { visit, companion in
            // Each pair once; who is not in the other's set as well breaks 7.3.
            guard visit.member < companion.member, sums[visit.previous] != sums[companion.previous] else { return }
            let mine = floor.visits[visit.previous]
            let others = floor.visits[companion.previous]
            let (missing, who) = difference(mine, others, floor)
            guard let missing else { return }
            report.add(
                visit.event,
                """
                \(index.name(visit.member)) and \(index.name(companion.member)) moved together from \
                \(index.view(mine, floor)) to \(index.view(visit, floor)), but \(index.name(who)) did not deliver \
                \(index.message(floor.messages[missing]))
                """)
        }
    }

    /// The same for the same set of messages, in whatever order; for two different sets almost surely different.
    private static func sum(_ visit: Floor.Visit, _ floor: Floor) -> UInt64 {
        var sum: UInt64 = 0
        for message in visit.deliveries where !floor.messages[message].isPrivate {
            let product = (UInt64(message) &+ 0x9e37_79b9_7f4a_7c15).multipliedFullWidth(by: 0xd6e8_feb8_6659_fd93)
            sum &+= product.high ^ product.low
        }
        return sum
    }

    /// A message that one of two visits delivered, and the member that did not.
    private static func difference(
        _ first: Floor.Visit, _ second: Floor.Visit, _ floor: Floor
    ) -> (message: Int?, member: Int) {
        let inFirst = Set(first.deliveries)
        let inSecond = Set(second.deliveries)
        let isPublic = { (message: Int) in !floor.messages[message].isPrivate }
        if let message = first.deliveries.first(where: { !inSecond.contains($0) && isPublic($0) }) {
            return (message, second.member)
        }
        return (second.deliveries.first { !inFirst.contains($0) && isPublic($0) }, first.member)
    }
}
