@testable import Encrypt
import Primitives

/// What is on its way to a member.
public struct Packet: Equatable {
    public let sender: Int?
    public let receiver: Int
    public let bytes: [UInt8]

    public init(sender: Int? = nil, receiver: Int, bytes: [UInt8]) {
        self.sender = sender
        self.receiver = receiver
        self.bytes = bytes
    }

    /// The kind of message, as its second byte says.
    public var kind: UInt8 { bytes.count > 1 ? bytes[1] : 0 }

    public static let record: UInt8 = 1
    public static let joinRequest: UInt8 = 2
    public static let challenge: UInt8 = 3
    public static let answer: UInt8 = 4
    public static let refusal: UInt8 = 5
    public static let viewPart: UInt8 = 6
    public static let keyRequest: UInt8 = 7
    public static let leaveRequest: UInt8 = 8
    public static let announcement: UInt8 = 9
}

/// How a network treats what is sent.
public struct NetworkConditions {
    /// Of a thousand packets, how many are lost, and how many come twice.
    public var loss = 0
    public var duplication = 0
    /// How long a packet takes, in milliseconds: any time in between, so that packets overtake one another.
    public var delay = 1...1

    public init(loss: Int = 0, duplication: Int = 0, delay: ClosedRange<Int> = 1...1) {
        self.loss = loss
        self.duplication = duplication
        self.delay = delay
    }
}

/// A cluster in one process and in virtual time: machines, a wire, and the messaging system's views. All that is random
/// follows from the seed.
public final class ClusterNetwork {
    enum Happening {
        case packet(Packet)
        case timer(Int)
        case hostView(Int, [[UInt8]])
    }

    struct Scheduled {
        let time: UInt64
        let number: Int
        let happening: Happening
    }

    public private(set) var nodes: [ClusterNode] = []
    public private(set) var now: UInt64 = 1_000
    public var dice: Dice
    public var conditions: NetworkConditions
    /// Who is connected with whom, each in the messaging system's order.
    public private(set) var components: [[Int]] = []
    /// Everything that was sent, for a rogue who hears all.
    public private(set) var tape: [Packet] = []
    /// Whether the tape runs.
    public var isTaping = true
    /// Decides about each packet before the conditions do: false drops it.
    public var filter: ((Packet) -> Bool)? = nil
    /// Called after each thing that a member was told.
    public var watcher: ((ClusterNode) -> Void)? = nil
    /// Called with each delivery, and the record it was in.
    public var deliveryWatcher: ((ClusterNode, EncryptDelivery) -> Void)? = nil
    private var heap: [Scheduled] = []
    private var number = 0
    private let makeConfiguration: (Int) -> EncryptConfiguration
    private let makeCredential: (Int, Identity) throws -> Credential
    private let makeKeyRing: (Int) throws -> KeyRing?
    private let seed: UInt64
    /// The wall clock at the time 0, in seconds since 1970.
    public static let wallClock: UInt64 = 1_800_000_000

    public init(
        seed: UInt64, conditions: NetworkConditions = NetworkConditions(),
        configuration: @escaping (Int) -> EncryptConfiguration,
        credential: @escaping (Int, Identity) throws -> Credential = { (_, identity) in Credential(identity: identity)
        },
        keyRing: @escaping (Int) throws -> KeyRing? = { _ in nil }
    ) {
        self.seed = seed
        dice = Dice(seed)
        self.conditions = conditions
        makeConfiguration = configuration
        makeCredential = credential
        makeKeyRing = keyRing
    }

    // MARK: - Members

    /// The identity of the n-th member; the same for each seed, so that trust stores can be made beforehand.
    public static func identity(_ index: Int) throws -> Identity {
        #if SIMULATION
            return try Identity.simulated(name: "member \(index)", seed: UInt64(index) + 1)
        #else
            return try Identity.generate(name: "member \(index)", entropy: .seeded(UInt64(index) + 1))
        #endif
    }

    /// Adds a member without connecting it; `identity` and `address` are those of its index unless it comes again.
    @discardableResult
    public func add(identity: Int? = nil, address: [UInt8]? = nil) throws -> ClusterNode {
        let index = nodes.count
        let identityIndex = identity ?? index
        let identity = try Self.identity(identityIndex)
        let address = address ?? Self.address(index)
        let machine = try EncryptMachine(
            configuration: makeConfiguration(index), credential: try makeCredential(index, identity),
            address: address, keyRing: try makeKeyRing(index),
            entropy: .seeded(seed &* 1_000_003 &+ UInt64(index)), wallClock: Self.wallClock + now / 1_000, now: now)
        let node = ClusterNode(
            index: index, address: address, identityIndex: identityIndex, identity: identity, machine: machine)
        nodes.append(node)
        return node
    }

    public static func address(_ index: Int) -> [UInt8] { Array("host \(index)".utf8) }

    /// Adds members, connects them to one component, and starts them.
    @discardableResult
    public func join(_ count: Int = 1, component: Int = 0) throws -> [ClusterNode] {
        var joined: [ClusterNode] = []
        for _ in 0..<count { joined.append(try add()) }
        try connect(joined.map { $0.index }, component: component)
        return joined
    }

    /// Connects members that were added and starts them.
    public func connect(_ joined: [Int], component: Int = 0) throws {
        while components.count <= component { components.append([]) }
        for index in joined {
            nodes[index].part = .connected
            perform(try nodes[index].machine.start(now: now), of: nodes[index])
        }
        components[component] += joined
        tellHostViews()
    }

    /// The members that are connected, component by component.
    public var connected: [ClusterNode] { components.flatMap { $0.map { nodes[$0] } } }

    /// A member is gone without a word; an eavesdropper keeps its keys and hears everything.
    public func crash(_ index: Int, eavesdropping: Bool = false) {
        nodes[index].part = eavesdropping ? .eavesdropping : .gone
        disconnect(index)
    }

    /// A member asks to leave; the messaging system says so to the others when it has.
    public func leave(_ index: Int, eavesdropping: Bool = false, tellingHost: Bool = true) throws {
        let node = nodes[index]
        if eavesdropping {
            // It says that it leaves, and does not do it.
            let request = try LeaveRequest(sender: node.machine.member.digest).signed(
                node.machine.cluster, by: node.identity)
            perform([.send(to: .everyone, bytes: request)], of: node)
            node.part = .eavesdropping
        } else {
            perform(try node.machine.leave(now: now), of: node)
            node.part = tellingHost ? .gone : .connected
        }
        if tellingHost { disconnect(index) }
    }

    /// A member is gone and another start of it is in its place, without a word of the messaging system to the others.
    public func replace(_ index: Int, by other: Int) throws {
        nodes[index].part = .gone
        nodes[other].part = .connected
        components = components.map { $0.map { $0 == index ? other : $0 } }
        perform(try nodes[other].machine.start(now: now), of: nodes[other])
        tellHostViews()
    }

    private func disconnect(_ index: Int) {
        for component in components.indices { components[component].removeAll { $0 == index } }
        tellHostViews()
    }

    /// Sets who is connected with whom.
    public func split(_ components: [[Int]]) {
        self.components = components
        tellHostViews()
    }

    /// Joins all components; whose coordinator is the first one's becomes everybody's.
    public func merge(order: [Int]? = nil) {
        let all = order.map { $0.flatMap { components[$0] } } ?? components.flatMap { $0 }
        components = [all]
        tellHostViews()
    }

    /// Each member hears of its component after a time of its own.
    private func tellHostViews() {
        components.removeAll { $0.isEmpty }
        for component in components {
            let addresses = component.map { nodes[$0].address }
            for index in component where nodes[index].hostView != addresses {
                nodes[index].hostView = addresses
                schedule(.hostView(index, addresses), after: delay())
            }
        }
    }

    private func delay() -> UInt64 {
        UInt64(conditions.delay.lowerBound + dice.below(conditions.delay.count))
    }

    // MARK: - The wire

    /// Seals a message and sends it to everybody. Throws what sealing throws.
    @discardableResult
    public func send(_ payload: [UInt8], from index: Int) throws -> [UInt8] {
        let record = try nodes[index].machine.seal([payload])
        perform([.send(to: .everyone, bytes: record)], of: nodes[index])
        return record
    }

    /// Puts bytes on the wire to one member, past the conditions.
    public func inject(_ bytes: [UInt8], to receiver: Int, after delay: UInt64 = 1) {
        schedule(.packet(Packet(receiver: receiver, bytes: bytes)), after: delay)
    }

    /// Puts bytes on the wire to all that are connected.
    public func injectToAll(_ bytes: [UInt8]) {
        for node in connected { inject(bytes, to: node.index) }
    }

    private func post(_ packet: Packet) {
        if isTaping { tape.append(packet) }
        guard filter?(packet) ?? true, !dice.happens(conditions.loss) else { return }
        schedule(.packet(packet), after: delay())
        if dice.happens(conditions.duplication) { schedule(.packet(packet), after: delay()) }
    }

    private func perform(_ actions: [EncryptAction], of node: ClusterNode) {
        for action in actions {
            switch action {
            case .send(let destination, let bytes): route(bytes, to: destination, from: node)
            case .event(let event): node.events.append(event)
            case .deliver(let delivery):
                let sender = nodes.first { $0.machine.member.digest == delivery.sender.digest }
                for payload in delivery.opened.messages {
                    node.delivered.append(ClusterNode.Delivered(sender: sender?.index ?? -1, payload: payload))
                }
                deliveryWatcher?(node, delivery)
            case .refused(let error):
                node.refusals.append(error)
                node.toldRefusals += 1
            }
        }
        watcher?(node)
        guard let deadline = node.machine.deadline, node.part != .gone else { return }
        guard node.timer.map({ deadline < $0 }) ?? true else { return }
        node.timer = deadline
        schedule(.timer(node.index), at: max(deadline, now))
    }

    private func route(_ bytes: [UInt8], to destination: EncryptDestination, from node: ClusterNode) {
        for receiver in nodes where receiver.index != node.index {
            switch receiver.part {
            case .gone: continue
            case .eavesdropping:
                let packet = Packet(sender: node.index, receiver: receiver.index, bytes: bytes)
                if isTaping { tape.append(packet) }
                schedule(.packet(packet), after: 1)
            case .connected:
                let isMeant: Bool
                switch destination {
                case .everyone: isMeant = true
                case .address(let address): isMeant = receiver.address == address
                }
                guard isMeant, areConnected(node.index, receiver.index) else { continue }
                post(Packet(sender: node.index, receiver: receiver.index, bytes: bytes))
            }
        }
    }

    private func areConnected(_ first: Int, _ second: Int) -> Bool {
        components.contains { $0.contains(first) && $0.contains(second) }
    }

    // MARK: - Time

    private func schedule(_ happening: Happening, after delay: UInt64) { schedule(happening, at: now + delay) }

    private func schedule(_ happening: Happening, at time: UInt64) {
        number += 1
        heap.append(Scheduled(time: time, number: number, happening: happening))
        var child = heap.count - 1
        while child > 0, isBefore(heap[child], heap[(child - 1) / 2]) {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    private func isBefore(_ first: Scheduled, _ second: Scheduled) -> Bool {
        (first.time, first.number) < (second.time, second.number)
    }

    private func popFirst() -> Scheduled? {
        guard let first = heap.first else { return nil }
        let last = heap.removeLast()
        guard !heap.isEmpty else { return first }
        heap[0] = last
        var parent = 0
        while true {
            var smallest = parent
            for child in [2 * parent + 1, 2 * parent + 2]
            where child < heap.count && isBefore(heap[child], heap[smallest]) { smallest = child }
            guard smallest != parent else { return first }
            heap.swapAt(parent, smallest)
            parent = smallest
        }
    }

    /// Lets a time pass, in milliseconds.
    public func run(_ duration: UInt64 = 2_000) throws {
        let end = now + duration
        while let first = heap.first, first.time <= end {
            guard let next = popFirst() else { break }
            now = max(now, next.time)
            try happen(next.happening)
        }
        now = end
    }

    /// Lets time pass until something holds, at most for a time; whether it does.
    @discardableResult
    public func run(atMost duration: UInt64 = 60_000, until holds: () -> Bool) throws -> Bool {
        let end = now + duration
        while !holds() {
            guard let first = heap.first, first.time <= end, let next = popFirst() else { return false }
            now = max(now, next.time)
            try happen(next.happening)
        }
        return true
    }

    private func happen(_ happening: Happening) throws {
        switch happening {
        case .packet(let packet):
            let node = nodes[packet.receiver]
            guard node.part != .gone else { return }
            perform(node.machine.received(packet.bytes, now: now), of: node)
        case .timer(let index):
            let node = nodes[index]
            node.timer = nil
            guard node.part != .gone else { return }
            perform(try node.machine.tick(now: now), of: node)
        case .hostView(let index, let addresses):
            let node = nodes[index]
            guard node.part == .connected, node.hostView == addresses else { return }
            node.toldHostView = addresses
            perform(try node.machine.hostView(addresses, now: now), of: node)
        }
    }

    // MARK: - What a test asks

    /// A member does something of its own accord.
    public func act(_ index: Int, _ body: (inout EncryptMachine, UInt64) throws -> [EncryptAction]) throws {
        perform(try body(&nodes[index].machine, now), of: nodes[index])
    }

    /// Whether every component is one view of exactly its members, with one epoch. `excluded` are members that nobody
    /// admits.
    public func isSettled(excluding excluded: [Int] = []) -> Bool {
        components.allSatisfy { component in
            let members = component.filter { !excluded.contains($0) }
            guard let first = members.first, let view = nodes[first].view else { return members.isEmpty }
            let addresses = members.map { nodes[$0].address }
            return members.allSatisfy { index in
                guard let other = nodes[index].view else { return false }
                return other.epoch == view.epoch && other.counter == view.counter
                    && other.members.map { $0.address } == addresses && nodes[index].machine.canSeal
                    && other.members[other.ownPlace].digest == nodes[index].machine.member.digest
            }
        }
    }
}
