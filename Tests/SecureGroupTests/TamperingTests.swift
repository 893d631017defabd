import Flush
import Glibc
import KeyAgreement
import Primitives
import Testing

@testable import SecureGroup

/// One message of a run is changed or lost on its way, to one receiver or to all. The group must get on, and nobody may
/// believe in a secure view under another key than somebody else.
@Suite struct TamperingTests {
    /// A way to a run of the agreement: what was there before, and what happens.
    enum Event: CaseIterable {
        case formation, join, merge, leave, controllerLeaves, refresh, bundled

        /// Prepares a network; answers the sides that come next.
        func prepare(_ network: Network) throws -> [UInt64] {
            guard self != .formation else { return try network.fresh(4) }
            let ids = try network.fresh(4)
            network.change([ids])
            network.run()
            switch self {
            case .formation, .refresh: return ids
            case .join: return ids + (try network.fresh(1))
            case .merge:
                let others = try network.fresh(2)
                network.change([others])
                network.run()
                return ids + others
            case .leave: return Array(ids.dropFirst())
            case .controllerLeaves: return Array(ids.dropLast())
            case .bundled: return [ids[0], ids[2], ids[3]] + (try network.fresh(1))
            }
        }
    }

    /// An event under one of the algorithms.
    struct Case {
        let algorithm: RobustAlgorithm
        let event: Event

        static var all: [Case] {
            RobustAlgorithm.allCases.flatMap { algorithm in
                Event.allCases.map { Case(algorithm: algorithm, event: $0) }
            }
        }
    }

    /// How many messages the event's run has when nothing is spoiled.
    private static func messageCount(_ algorithm: RobustAlgorithm, _ event: Event) throws -> Int {
        let network = Network(algorithm)
        let ids = try event.prepare(network)
        var messages: [Network.Message] = []
        network.tamper = { message, _ in
            if messages.last != message { messages.append(message) }
            return message
        }
        network.change([ids])
        network.run()
        network.expectSecure(ids)
        return messages.count
    }

    /// Spoils the message at `index` for the receiver at `receiver` (nil: for all) with `spoil`.
    private static func arm(
        _ network: Network, message index: Int, receiver: Int?, _ spoil: @escaping ([UInt8]) -> [UInt8]?
    ) -> () -> Bool {
        var last: Network.Message?
        var count = -1
        var place = 0
        var hasHit = false
        network.tamper = { message, _ in
            if message != last {
                last = message
                count += 1
                place = 0
            } else {
                place += 1
            }
            guard count == index, receiver == nil || receiver == place else { return message }
            hasHit = true
            var changed = message
            guard let payload = spoil(message.payload) else { return nil }
            changed.payload = payload
            return changed
        }
        return { hasHit }
    }

    private func expectHealed(_ network: Network, _ note: String) throws {
        network.tamper = nil
        try network.settle()
        #expect(!network.nodes.contains { $0.hasFailed }, "\(note)")
        for side in network.present { network.expectSecure(side, note) }
    }

    @Test(arguments: RobustAlgorithm.allCases, Event.allCases)
    func lostMessages(_ algorithm: RobustAlgorithm, _ event: Event) throws {
        for receiver in [nil, 0, 1, 2, 3, 4] as [Int?] {
            for index in 0..<(try Self.messageCount(algorithm, event)) {
                let network = Network(algorithm)
                let ids = try event.prepare(network)
                _ = Self.arm(network, message: index, receiver: receiver) { _ in nil }
                network.change([ids])
                network.run()
                try expectHealed(
                    network, "\(algorithm) \(event) message \(index) lost for \(receiver.map(String.init) ?? "all")")
            }
        }
    }

    /// The same, and the next view comes before anybody's deadline: who missed a key list must not pass for one who has
    /// it.
    @Test(arguments: Case.all, [Network.Style.signalFirst, .signalLast])
    func lostMessagesBeforeTheNextView(_ item: Case, _ style: Network.Style) throws {
        let (algorithm, event) = (item.algorithm, item.event)
        for next in 0..<3 {
            for receiver in [nil, 0, 1, 2, 3] as [Int?] {
                for index in 0..<(try Self.messageCount(algorithm, event)) {
                    let network = Network(algorithm)
                    let ids = try event.prepare(network)
                    _ = Self.arm(network, message: index, receiver: receiver) { _ in nil }
                    network.change([ids])
                    network.run()
                    for id in ids where network.node(id).isSecure {
                        let node = network.node(id)
                        // Nothing is sent in the variant where the data would tell that others have the key.
                        if next == 1 { node.take(try node.machine.userMessage([1], service: .agreed)) }
                    }
                    network.tamper = nil
                    switch next {
                    case 0: network.change([ids], style: style)
                    case 1: network.change([ids + (try network.fresh(1))], style: style)
                    default: network.change([Array(ids.dropFirst())], style: style)
                    }
                    try expectHealed(
                        network,
                        "\(algorithm) \(event) \(style) next \(next) message \(index) lost for \(receiver ?? -1)")
                }
            }
        }
    }

    /// Every 32nd byte of every message (and all of the first ones), each with one bit changed. `CONCLAVE_EVERY_BYTE=1`
    /// takes all of them; it takes some minutes.
    @Test(arguments: RobustAlgorithm.allCases, [Event.join, .leave, .merge])
    func changedBytes(_ algorithm: RobustAlgorithm, _ event: Event) throws {
        let stride = getenv("CONCLAVE_EVERY_BYTE") == nil ? 32 : 1
        for receiver in [nil, 1] as [Int?] {
            var index = 0
            var isPast = false
            while !isPast {
                var position = 0
                var size = 1
                while position < size {
                    let network = Network(algorithm)
                    let ids = try event.prepare(network)
                    let hasHit = Self.arm(network, message: index, receiver: receiver) { payload in
                        size = payload.count
                        var changed = payload
                        changed[position] ^= 1 << UInt8(position % 8)
                        return changed
                    }
                    network.change([ids])
                    network.run()
                    let note = "\(algorithm) \(event) message \(index) byte \(position) changed for \(receiver ?? -1)"
                    if position == 0, !hasHit() {
                        isPast = receiver == nil || index > 12
                        break
                    }
                    #expect(network.nodes.contains { !$0.refusals.isEmpty } == hasHit(), "\(note)")
                    try expectHealed(network, note)
                    position += position < 8 ? 1 : stride
                }
                index += 1
            }
        }
    }

    /// What was recorded in one view and comes again in the next is refused or ignored, and harms nothing.
    @Test(arguments: RobustAlgorithm.allCases)
    func replayedFromTheLastView(_ algorithm: RobustAlgorithm) throws {
        let network = Network(algorithm)
        let ids = try network.fresh(4)
        var recorded: [Network.Message] = []
        network.tamper = { message, _ in
            if recorded.last != message { recorded.append(message) }
            return message
        }
        network.change([ids])
        network.run()
        network.node(ids[0]).take(try network.node(ids[0]).machine.userMessage([1], service: .fifo))
        network.run()
        network.tamper = nil
        let joined = ids + (try network.fresh(1))
        network.change([joined])
        let component = network.components[0]
        var isBusy = true
        while isBusy {
            for message in recorded {
                for id in joined where message.destination == nil || message.destination == id {
                    let node = network.node(id)
                    node.take(
                        node.machine.data(
                            from: message.sender, service: message.service, isPrivate: message.destination != nil,
                            payload: message.payload, now: network.now))
                }
            }
            isBusy = network.step(component)
        }
        network.expectSecure(joined)
        #expect(network.nodes.allSatisfy { $0.machine.counters.restarts == 0 })
        #expect(network.node(ids[1]).delivered[0].count == 1)
    }

    /// Deadlines fire while everything is merely slow: restarts, but one key in the end.
    @Test(arguments: RobustAlgorithm.allCases)
    func slowRuns(_ algorithm: RobustAlgorithm) throws {
        for steps in 0..<14 {
            let network = Network(algorithm)
            let ids = try network.fresh(4)
            network.change([ids])
            for _ in 0..<steps { network.step(network.components[0]) }
            _ = network.passTime()
            try expectHealed(network, "\(algorithm) deadline after \(steps) messages")
        }
    }

    /// Every token is lost: each member gives up after the last restart, and the next view heals it.
    @Test(arguments: RobustAlgorithm.allCases)
    func restartsUsedUp(_ algorithm: RobustAlgorithm) throws {
        let network = Network(algorithm)
        let ids = try network.fresh(3)
        network.tamper = { message, _ in message.payload.first == 1 ? nil : message }
        network.change([ids])
        for _ in 0..<10 {
            network.run()
            _ = network.passTime()
        }
        for id in ids {
            #expect(network.node(id).hasFailed)
            #expect(network.node(id).log.contains(.failed(.restartsUsedUp)))
            #expect(network.node(id).machine.counters.restarts == 3)
            #expect(network.node(id).machine.deadline == nil)
        }
        network.tamper = nil
        network.change([ids])
        network.run()
        network.expectSecure(ids)
    }
}
