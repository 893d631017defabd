import Flush
import KeyAgreement
import KeyOracle
import Primitives
import SecureGroup

/// Engines that all reach each other, without latency and without a trace: what they cost is all that there is to see.
final class PerfectNetwork {
    private final class Node {
        let identity: Identity
        let connection: UInt64
        var engine: GroupEngine
        var views = 0
        var size = 0

        init(identity: Identity, connection: UInt64, engine: consuming GroupEngine) {
            self.identity = identity
            self.connection = connection
            self.engine = engine
        }
    }

    private struct Message {
        let sender: UInt64
        let destination: UInt64?
        let bytes: [UInt8]
    }

    /// How many messages were received, by whoever they were for.
    private(set) var deliveries = 0
    /// How many messages of the application came out at the top.
    private(set) var messages = 0
    /// How many secure views were installed, by each member.
    private(set) var views = 0
    private var nodes: [Node] = []
    private var pending: [Message] = []
    private var configuration: UInt64 = 0
    private var nextConnection: UInt64 = 10
    private var now: UInt64 = 0
    private let suite: Suite
    private let entropy: Entropy
    private let trust: TrustStore
    /// Watches all engines that join from now on.
    var oracle: KeyOracle? = nil

    init(suite: Suite, seed: UInt64, trusting identities: [Identity]) throws {
        self.suite = suite
        entropy = Entropy.seeded(seed)
        var trust = TrustStore()
        for identity in identities { try trust.add(identity.publicKey, label: identity.name) }
        self.trust = trust
    }

    var memberCount: Int { nodes.count }

    /// Whether all are in one secure view.
    var isTogether: Bool { nodes.allSatisfy { $0.size == nodes.count } }

    func join(_ identity: Identity) throws {
        let engine = GroupEngine(
            group: "speed", suite: suite, identity: identity, id: try entropy.nonzeroUInt64(), trust: trust,
            answersFlushRequests: true, flushLimits: FlushLimits(), secureLimits: SecureGroupLimits(),
            entropy: entropy)
        let node = Node(identity: identity, connection: nextConnection, engine: engine)
        nextConnection += 1
        oracle?.attach(to: &node.engine)
        node.engine.attached(connection: node.connection, now: now)
        let former = nodes.map { $0.connection }
        nodes.append(node)
        configure(former: former, newcomer: node.connection)
    }

    /// The oldest member leaves.
    func leave() -> Identity {
        let node = nodes.removeFirst()
        configure(former: nodes.map { $0.connection }, newcomer: nil)
        return node.identity
    }

    func refresh() {
        carryOut(nodes[0].engine.refresh(now: now), at: nodes[0])
        run()
    }

    /// Everybody sends a message to all.
    func talk(_ payload: [UInt8], service: Service) throws {
        for node in nodes { carryOut(try node.engine.send(payload, service: service, to: nil, now: now), at: node) }
        run()
    }

    private func configure(former: [UInt64], newcomer: UInt64?) {
        configuration += 1
        let members = nodes.map { $0.connection }
        for node in nodes {
            let transitional = node.connection == newcomer ? [node.connection] : former
            let actions = node.engine.configurationChanged(
                id: configuration, members: members, transitional: transitional, now: now)
            carryOut(actions, at: node)
        }
        run()
    }

    private func carryOut(_ actions: [GroupAction], at node: Node) {
        for action in actions {
            switch action {
            case .multicast(let bytes):
                pending.append(Message(sender: node.connection, destination: nil, bytes: bytes))
            case .unicast(let connection, let bytes):
                pending.append(Message(sender: node.connection, destination: connection, bytes: bytes))
            case .event(.view(let installed)):
                views += 1
                node.size = installed.view.members.count
            case .event(.message): messages += 1
            case .event(.flushRequest), .event(.transitionalSignal), .event(.problem), .rejoin, .replaced: break
            }
        }
    }

    /// Delivers until nothing is under way.
    private func run() {
        var next = 0
        while true {
            while next < pending.count {
                let message = pending[next]
                next += 1
                for node in nodes where message.destination == nil || message.destination == node.connection {
                    deliveries += 1
                    carryOut(node.engine.received(message.bytes, from: message.sender, now: now), at: node)
                }
            }
            pending.removeAll(keepingCapacity: true)
            next = 0
            for node in nodes { carryOut(node.engine.settle(now: now), at: node) }
            if pending.isEmpty { return }
        }
    }
}
