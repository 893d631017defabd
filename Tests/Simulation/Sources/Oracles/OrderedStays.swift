import Traces

/// What the members of one view delivered of the messages that are agreed or safe and for all; members with the same
/// deliveries, the same place of the signal and the same companions afterwards are looked at once.
struct OrderedStays {
    struct Stay: Hashable {
        /// Messages, in the order of their delivery.
        let deliveries: [Int]
        /// How many of them stand before the transitional signal.
        let beforeSignal: Int
        /// The transitional set of the next view; −1 when there was none.
        let companions: Int
    }

    let stays: [Stay]
    /// By stay: the first visit that had it.
    let witnesses: [Int]
    /// By membership: its stay; −1 for who did not install the view.
    let stayOf: [Int]

    init(_ view: Floor.View, _ floor: Floor) {
        var known: [Stay: Int] = [:]
        var stays: [Stay] = []
        var witnesses: [Int] = []
        var stayOf = Array(repeating: -1, count: floor.visitsOfMember.count)
        for index in view.visits {
            let visit = floor.visits[index]
            let stay = Self.stay(visit, floor)
            if let place = known[stay] {
                stayOf[visit.member] = place
            } else {
                known[stay] = stays.count
                stayOf[visit.member] = stays.count
                stays.append(stay)
                witnesses.append(index)
            }
        }
        self.stays = stays
        self.witnesses = witnesses
        self.stayOf = stayOf
    }

    private static func stay(_ visit: Floor.Visit, _ floor: Floor) -> Stay {
        var deliveries: [Int] = []
        deliveries.reserveCapacity(visit.deliveries.count)
        var beforeSignal = 0
        let signal = visit.deliveriesBeforeSignal
        for (place, message) in visit.deliveries.enumerated() {
            let service = floor.messages[message].record.service
            guard service == .agreed || service == .safe, !floor.messages[message].isPrivate else { continue }
            if place < signal { beforeSignal += 1 }
            deliveries.append(message)
        }
        let companions = visit.next < 0 ? -1 : floor.visits[visit.next].transitionalSet
        return Stay(deliveries: deliveries, beforeSignal: beforeSignal, companions: companions)
    }
}

/// Places of messages in one stay, found at once; made once and filled for one stay after the other.
struct Places {
    private var places: [Int]
    private var filled: [Int] = []

    init(messageCount: Int) { places = Array(repeating: -1, count: messageCount) }

    mutating func fill(_ deliveries: [Int]) {
        for message in filled { places[message] = -1 }
        filled = deliveries
        for (place, message) in deliveries.enumerated() { places[message] = place }
    }

    /// −1 for a message that was not delivered.
    subscript(message: Int) -> Int { places[message] }
}
