import Primitives

@testable import Flush

/// A member of a test network: the machine, an application that answers flush requests, and a trace of what it saw.
final class FlushNode {
    enum Trace: Equatable {
        case signal
        case view(FlushView)
        case message(sender: UInt64, service: Service, payload: [UInt8])
    }

    let name: String
    let identity: Identity
    let id: UInt64
    let connection: UInt64
    var machine: FlushMachine
    var trace: [Trace] = []
    var refusals: [FlushError] = []
    var ignored: [FlushIgnoreReason] = []
    var endings: [FlushAction] = []
    /// What it sent, in order.
    var sent: [[UInt8]] = []
    /// Whether flush requests are answered at once.
    var isProper = true
    /// What was ordered and not delivered to it yet.
    var inbox: [FlushNetwork.Entry] = []
    /// Whether it takes part at all: a hung process is connected and does nothing.
    var isHung = false
    /// Whether it does nothing for now, and what is delivered in the meantime waits for it.
    var isAsleep = false
    /// Whether it was disconnected: to the others it has crashed.
    var isGone = false

    init(name: String, identity: Identity, id: UInt64, connection: UInt64, machine: consuming FlushMachine) {
        self.name = name
        self.identity = identity
        self.id = id
        self.connection = connection
        self.machine = machine
    }

    var isOver: Bool { isGone || endings.contains(.rejoinExcluded) || endings.contains(.endReplaced) }
    var isIdle: Bool { isHung || isAsleep }
    var view: FlushView? { machine.view }
    var names: [String] { machine.view?.members.map { $0.name } ?? [] }
}

/// A perfect transport with extended virtual synchrony, in one process: components with one total order each.
final class FlushNetwork {
    struct Message {
        let sender: UInt64
        let destination: UInt64?
        let bytes: [UInt8]
    }

    /// What a transport hands to one receiver, in order.
    enum Entry {
        case message(Message)
        case configuration(id: UInt64, members: [UInt64], transitional: [UInt64])
    }

    final class Component {
        var members: [UInt64]
        var pending: [Message] = []
        init(_ members: [UInt64]) { self.members = members }
    }

    var nodes: [FlushNode] = []
    var components: [Component] = []
    var now: UInt64 = 0
    var limits = FlushLimits()
    /// Whether receivers take what was ordered each at its own pace (`deliverNext`), or all at once.
    var isLagging = false
    /// Changes or loses a message on its way to one receiver; nil loses it.
    var tamper: ((Message, _ receiver: FlushNode) -> [UInt8]?)? = nil
    private var nextConfiguration: UInt64 = 1
    private var nextConnection: UInt64 = 100
    private let entropy: Entropy

    init(seed: UInt64 = 1) { entropy = Entropy.seeded(seed) }

    /// A network with members of these names in one component, who all trust each other.
    static func together(_ names: [String]) throws -> (FlushNetwork, [FlushNode], [Identity]) {
        let network = FlushNetwork()
        let identities = try names.map { try network.makeIdentity($0) }
        var nodes: [FlushNode] = []
        for identity in identities {
            nodes.append(try network.connect(identity, trusting: identities, to: network.components.first))
            network.run()
        }
        return (network, nodes, identities)
    }

    /// An application that has not answered its flush request does, and is proper from then on.
    func answer(_ node: FlushNode) throws {
        node.isProper = true
        perform(try node.machine.acknowledge(now: now), at: node)
        run()
    }

    func node(_ connection: UInt64) -> FlushNode? { nodes.first { $0.connection == connection } }

    func makeIdentity(_ name: String) throws -> Identity {
        let seed = try SecretBytes(random: 32, from: entropy)
        return try Identity(name: name, seed: seed)
    }

    /// Connects a new member to a component (or founds one) and tells everybody there.
    @discardableResult
    func connect(
        _ identity: Identity, trusting keys: [Identity], to component: Component? = nil, suite: UInt16 = 0x1211,
        algorithm: UInt8 = 1
    ) throws -> FlushNode {
        var trust = TrustStore()
        for key in keys { try trust.add(key.publicKey, label: key.name) }
        let id = try entropy.nonzeroUInt64()
        let machine = FlushMachine(
            group: "test", suite: suite, algorithm: algorithm, identity: identity, id: id, trust: trust,
            limits: limits,
            entropy: entropy)
        let node = FlushNode(
            name: identity.name, identity: identity, id: id, connection: nextConnection, machine: machine)
        nextConnection += 1
        nodes.append(node)
        node.machine.attached(connection: node.connection, now: now)
        if let component {
            reconfigure([component], into: [component.members + [node.connection]])
        } else {
            let component = Component([node.connection])
            components.append(component)
            announce(component, from: [])
        }
        return node
    }

    /// Replaces components by others; each new member list is told who came along.
    func reconfigure(_ old: [Component], into lists: [[UInt64]]) {
        components.removeAll { component in old.contains { $0 === component } }
        for list in lists where !list.isEmpty {
            let component = Component(list)
            for former in old { component.pending += former.pending.filter { list.contains($0.sender) } }
            components.append(component)
            announce(component, from: old)
        }
    }

    private func announce(_ component: Component, from old: [Component]) {
        let number = nextConfiguration
        nextConfiguration += 1
        for connection in component.members {
            guard let node = node(connection), !node.isHung else { continue }
            let former = old.first { $0.members.contains(connection) }?.members ?? [connection]
            let transitional = component.members.filter { former.contains($0) }
            node.inbox.append(
                .configuration(id: number, members: component.members, transitional: transitional))
        }
        if !isLagging { deliverInboxes() }
    }

    func component(of node: FlushNode) -> Component? {
        components.first { $0.members.contains(node.connection) }
    }

    func disconnect(_ node: FlushNode) {
        guard let component = component(of: node) else { return }
        component.pending.removeAll { $0.sender == node.connection }
        nodes.removeAll { $0 === node }
        node.isGone = true
        reconfigure([component], into: [component.members.filter { $0 != node.connection }])
    }

    func perform(_ actions: [FlushAction], at node: FlushNode) {
        for action in actions {
            switch action {
            case .multicast(let bytes):
                component(of: node)?.pending.append(Message(sender: node.connection, destination: nil, bytes: bytes))
            case .unicast(let connection, let bytes):
                component(of: node)?.pending.append(
                    Message(sender: node.connection, destination: connection, bytes: bytes))
            case .requestFlush:
                if node.isProper, let actions = try? node.machine.acknowledge(now: now) { perform(actions, at: node) }
            case .signal: node.trace.append(.signal)
            case .install(let view): node.trace.append(.view(view))
            case .deliver(let sender, let service, _, let payload):
                node.trace.append(.message(sender: sender, service: service, payload: [UInt8](payload)))
            case .refuse(let error, _): node.refusals.append(error)
            case .ignore(let reason): node.ignored.append(reason)
            case .reportNotAdmitted, .rejoinExcluded, .endReplaced: node.endings.append(action)
            }
        }
    }

    /// Orders and delivers one message of a component.
    func deliverOne(_ component: Component) {
        guard !component.pending.isEmpty else { return }
        let message = component.pending.removeFirst()
        deliver(message, to: component.members)
    }

    /// Orders and delivers all that one node has under way, before what others sent: a transport may be so unfair.
    func deliverAll(from node: FlushNode) {
        guard let component = component(of: node) else { return }
        while let index = component.pending.firstIndex(where: { $0.sender == node.connection }) {
            deliver(component.pending.remove(at: index), to: component.members)
        }
    }

    func deliver(_ message: Message, to members: [UInt64]) {
        for connection in members {
            guard let node = node(connection), !node.isHung else { continue }
            if let destination = message.destination, destination != connection { continue }
            node.inbox.append(.message(message))
        }
        if !isLagging { deliverInboxes() }
    }

    /// Hands the next entry to one receiver; false when there is none.
    @discardableResult
    func deliverNext(_ node: FlushNode) -> Bool {
        guard !node.inbox.isEmpty else { return false }
        switch node.inbox.removeFirst() {
        case .message(let message):
            guard let bytes = tamper.map({ $0(message, node) }) ?? message.bytes else { return true }
            perform(node.machine.received(bytes, from: message.sender, now: now), at: node)
        case .configuration(let id, let members, let transitional):
            perform(
                node.machine.configurationChanged(id: id, members: members, transitional: transitional, now: now),
                at: node)
        }
        return true
    }

    func deliverInboxes() {
        while let node = nodes.first(where: { !$0.isIdle && !$0.inbox.isEmpty }) { deliverNext(node) }
    }

    /// Delivers until nothing is under way, letting every machine settle when its transport is idle.
    func run(limit: Int = 100_000) {
        for _ in 0..<limit {
            deliverInboxes()
            if let busy = components.first(where: { !$0.pending.isEmpty }) {
                deliverOne(busy)
                continue
            }
            for node in nodes where !node.isIdle { perform(node.machine.settle(now: now), at: node) }
            if components.allSatisfy({ $0.pending.isEmpty }) { return }
        }
    }

    /// Lets time pass, in steps, with everything delivered in between.
    func wait(_ milliseconds: UInt64) {
        let end = now + milliseconds
        run()
        while now < end {
            now = min(now + 250, end)
            for node in nodes where !node.isIdle { perform(node.machine.tick(now: now), at: node) }
            run()
        }
    }

    func send(_ text: String, _ service: Service, from node: FlushNode) throws {
        perform(try node.machine.send([UInt8](text.utf8), service: service), at: node)
    }
}
