import KeyAgreement
import Observation
import SecureGroup
import Traces

/// A message that was handed in.
struct Message {
    var bytes: [UInt8]
    let sender: Int
    /// A connection; nil for all.
    let destination: UInt64?
}

/// Who can reach each other, with one total order.
struct Component {
    /// Indices of nodes, in the order in which they came.
    var members: [Int]
    /// The first place in its order.
    let firstPlace: Int
}

// The transport: extended virtual synchrony. What a member hands in gets its place in the order of the component in
// which the member is by then. What was ordered reaches all who stay together, or none of them.
extension Simulation {
    static let firstConnection: UInt64 = 100

    func node(at connection: UInt64) -> Node? {
        guard connection >= Self.firstConnection, connection - Self.firstConnection < UInt64(nodes.count) else {
            return nil
        }
        return nodes[Int(connection - Self.firstConnection)]
    }

    /// A member hands in a message.
    func transmit(_ bytes: [UInt8], to destination: UInt64?, from node: Node) {
        let number = messages.count
        messages.append(Message(bytes: bytes, sender: node.index, destination: destination))
        statistics.messages += 1
        if settings.recording == .everything {
            let receiver = destination.flatMap { self.node(at: $0)?.index }
            record(.transmitted(number: number, what: transportName(bytes), destination: receiver), node.index)
        }
        node.lastOrdered = max(node.lastOrdered, now + 20 + UInt64(dice.roll(scenario.latency)))
        messagesToOrder += 1
        heap.push(.order(message: number), at: node.lastOrdered)
    }

    /// A message gets its place, and is on its way to the receivers.
    func order(_ number: Int) {
        messagesToOrder -= 1
        let message = messages[number]
        messages[number].bytes = []
        let sender = nodes[message.sender]
        switch sender.life {
        case .running, .leaving: break
        // What a process that stopped had handed in is lost.
        case .vanished, .gone: return
        }
        places += 1
        let verdict = tampering?.verdictForAll(message, &dice)
        for index in components[sender.component].members {
            let receiver = nodes[index]
            if let destination = message.destination, destination != receiver.connection { continue }
            let own = verdict ?? tampering?.verdict(message, for: index, &dice) ?? .leave
            var bytes = message.bytes
            switch own {
            case .leave: break
            case .swallow:
                statistics.tampered += 1
                record(.swallowed(number: number, from: message.sender), index)
                continue
            case .flip(let place, let bit):
                statistics.tampered += 1
                bytes[place] ^= bit
            case .relabel(let label):
                statistics.tampered += 1
                Tampering.relabel(&bytes, label, settings.suite.agreement)
            }
            put(
                .message(bytes: bytes, sender: sender.connection, wasTampered: bytes != message.bytes), place: places,
                number: number, to: receiver)
        }
        if let left = tampering?.left, left <= 0 { tampering = nil }
    }

    private func put(_ content: InboxEntry.Content, place: Int, number: Int, to node: Node) {
        let quantum = UInt64(scenario.quantum)
        let arrival = (now + UInt64(dice.roll(scenario.lag + 1)) + quantum) / quantum * quantum
        node.lastArrival = max(node.lastArrival, arrival)
        node.put(InboxEntry(arrival: node.lastArrival, place: place, number: number, content: content))
        scheduleDelivery(to: node)
    }

    func scheduleDelivery(to node: Node) {
        guard !node.isDeliveryScheduled, node.isRunning, !node.isHung, let next = node.next else { return }
        node.isDeliveryScheduled = true
        heap.push(.deliver(node: node.index), at: max(next.arrival, now))
    }

    /// Hands a member the next entry of its inbox; when nothing more is there, its machine settles.
    func deliver(to node: Node) {
        node.isDeliveryScheduled = false
        guard node.isRunning, !node.isHung, let next = node.next, next.arrival <= now else {
            return scheduleDelivery(to: node)
        }
        guard let entry = node.take() else { return }
        let milliseconds = now / 1_000
        switch entry.content {
        case .message(let bytes, let sender, let wasTampered):
            node.lastPlace = entry.place
            if settings.recording == .everything || wasTampered {
                let from = Int(sender - Self.firstConnection)
                record(.arrived(number: entry.number, from: from, wasTampered: wasTampered), node.index)
            }
            carryOut(node.engine.received(bytes, from: sender, now: milliseconds), at: node)
            countDelivery()
        case .configuration(let id, let members, let transitional):
            record(
                .configuration(id: id, members: members.map { Int($0 - Self.firstConnection) }), node.index)
            carryOut(
                node.engine.configurationChanged(
                    id: id, members: members, transitional: transitional, now: milliseconds), at: node)
        }
        if node.isRunning, node.next.map({ $0.arrival > now }) ?? true {
            carryOut(node.engine.settle(now: milliseconds), at: node)
        }
        scheduleDelivery(to: node)
        scheduleTick(node)
    }

    // MARK: - Configurations

    /// Replaces components by others; everybody is told who came along.
    func reconfigure(_ old: [Int], into lists: [[Int]]) {
        let former = old.map { (index: $0, members: components[$0].members, firstPlace: components[$0].firstPlace) }
        live.removeAll { old.contains($0) }
        for index in old { components[index].members = [] }
        for list in lists where !list.isEmpty {
            let late = former.flatMap { cut($0.members, $0.firstPlace, staying: list) }
            let index = components.count
            places += 1
            components.append(Component(members: list, firstPlace: places))
            live.append(index)
            announce(index, former.map { $0.members })
            orderAgain(late)
        }
        record(.components(live.map { components[$0].members }), -1)
    }

    /// What was ordered behind a message that is lost, and is ordered anew.
    private struct Late {
        let node: Int
        let entry: InboxEntry
    }

    /// Those of a component who stay together may miss the end of its order: from some message on that none of them
    /// has got, all that comes from others. What they get of the old order has no gap: their own messages behind the
    /// first one that is lost come in the new configuration.
    private func cut(_ members: [Int], _ firstPlace: Int, staying list: [Int]) -> [Late] {
        let together = members.filter { list.contains($0) }
        guard !together.isEmpty, together.count < members.count, dice.chance(60) else { return [] }
        let seen = together.reduce(firstPlace) { max($0, nodes[$1].lastPlace) }
        let end = seen + dice.roll(places - seen + 1)
        var gap = Int.max
        for index in together {
            nodes[index].drop { entry in
                guard entry.place > end, case .message(_, let sender, _) = entry.content else { return false }
                guard !together.contains(Int(sender - Self.firstConnection)) else { return false }
                gap = min(gap, entry.place)
                return true
            }
        }
        var late: [Late] = []
        for index in together {
            nodes[index].drop { entry in
                guard entry.place > gap else { return false }
                late.append(Late(node: index, entry: entry))
                return true
            }
        }
        return late.sorted { ($0.entry.place, $0.node) < ($1.entry.place, $1.node) }
    }

    private func orderAgain(_ late: [Late]) {
        var former = -1
        for message in late {
            if message.entry.place != former { places += 1 }
            former = message.entry.place
            put(message.entry.content, place: places, number: message.entry.number, to: nodes[message.node])
        }
    }

    private func announce(_ component: Int, _ former: [[Int]]) {
        configurations += 1
        let members = components[component].members
        let connections = members.map { nodes[$0].connection }
        for index in members {
            let node = nodes[index]
            node.component = component
            let before = former.first { $0.contains(index) } ?? [index]
            let transitional = members.filter { before.contains($0) }.map { nodes[$0].connection }
            put(
                .configuration(id: configurations, members: connections, transitional: transitional), place: 0,
                number: 0, to: node)
        }
    }

    /// Makes one component of several.
    func merge(_ some: [Int]) {
        guard some.count > 1 else { return }
        reconfigure(some, into: [some.flatMap { components[$0].members }])
    }
}

/// What a message of the Flush layer is called.
func transportName(_ bytes: [UInt8]) -> String {
    guard bytes.count > 1 else { return "garbage" }
    switch bytes[1] {
    case 1: return "hello"
    case 2: return "flush ok"
    case 3: return "exclusion"
    case 4: return "stability"
    case 5: return classify([UInt8](bytes.dropFirst(51))).what
    default: return "garbage"
    }
}
