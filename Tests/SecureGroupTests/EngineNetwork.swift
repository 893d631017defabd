import Flush
import KeyAgreement
import Primitives

@testable import SecureGroup

/// One process of a test network: an engine, and what its application saw.
final class EngineNode {
    let identity: Identity
    let connection: UInt64
    var engine: GroupEngine
    var views: [SecureView] = []
    var messages: [[UInt8]] = []
    var problems: [GroupProblem] = []
    /// Set when the engine asked to join again.
    var wantsRejoin = false

    init(identity: Identity, connection: UInt64, engine: consuming GroupEngine) {
        self.identity = identity
        self.connection = connection
        self.engine = engine
    }
}

/// Engines over a perfect transport: one component, one total order. Messages can be changed on their way.
final class EngineNetwork {
    struct Message {
        let number: Int
        let sender: UInt64
        let destination: UInt64?
        let bytes: [UInt8]
    }

    private(set) var nodes: [EngineNode] = []
    private var pending: [Message] = []
    private(set) var now: UInt64 = 0
    private(set) var sent = 0
    /// Changes a message on its way to a receiver's connection.
    var tamper: (Message, UInt64) -> [UInt8] = { message, _ in message.bytes }
    private var configuration: UInt64 = 0
    private var nextConnection: UInt64 = 10
    private let entropy: Entropy
    private let trust: TrustStore
    private let suite: Suite
    private let algorithm: RobustAlgorithm

    init(seed: UInt64, suite: Suite, algorithm: RobustAlgorithm, trusting identities: [Identity]) throws {
        entropy = Entropy.seeded(seed)
        self.suite = suite
        self.algorithm = algorithm
        var trust = TrustStore()
        for identity in identities { try trust.add(identity.publicKey, label: identity.name) }
        self.trust = trust
    }

    static func identities(_ count: Int) throws -> [Identity] {
        try (0..<count).map { number in
            let seed = try SecretBytes(random: 32, from: Entropy.seeded(UInt64(1_000 + number)))
            return try Identity(name: "m\(number)", seed: seed)
        }
    }

    /// Connects a member, which runs the network's algorithm or the one that is named.
    func connect(_ identity: Identity, running chosen: RobustAlgorithm? = nil) throws {
        let engine = GroupEngine(
            group: "test", suite: suite, algorithm: chosen ?? algorithm, identity: identity,
            id: try entropy.nonzeroUInt64(), trust: trust, answersFlushRequests: true,
            flushLimits: FlushLimits(flushTimeout: 5_000), secureLimits: SecureGroupLimits(agreementTimeout: 2_000),
            entropy: entropy)
        let node = EngineNode(identity: identity, connection: nextConnection, engine: engine)
        nextConnection += 1
        let former = nodes.map { $0.connection }
        nodes.append(node)
        node.engine.attached(connection: node.connection, now: now)
        announce(former, newcomer: node.connection)
    }

    func disconnect(_ node: EngineNode) {
        nodes.removeAll { $0 === node }
        pending.removeAll { $0.sender == node.connection }
        announce(nodes.map { $0.connection }, newcomer: nil)
    }

    private func announce(_ former: [UInt64], newcomer: UInt64?) {
        configuration += 1
        let members = nodes.map { $0.connection }
        for node in nodes {
            let transitional = node.connection == newcomer ? [node.connection] : former
            carryOut(
                node.engine.configurationChanged(
                    id: configuration, members: members, transitional: transitional, now: now), at: node)
        }
    }

    func carryOut(_ actions: [GroupAction], at node: EngineNode) {
        for action in actions {
            switch action {
            case .multicast(let bytes): queue(bytes, from: node, to: nil)
            case .unicast(let connection, let bytes): queue(bytes, from: node, to: connection)
            case .event(.view(let installed)): node.views.append(installed.view)
            case .event(.message(_, _, _, let payload)): node.messages.append(payload)
            case .event(.problem(let problem, _)): node.problems.append(problem)
            case .event(.flushRequest), .event(.transitionalSignal): break
            case .rejoin(let problem):
                node.problems.append(problem)
                node.wantsRejoin = true
            case .replaced: node.wantsRejoin = true
            }
        }
    }

    private func queue(_ bytes: [UInt8], from node: EngineNode, to destination: UInt64?) {
        pending.append(Message(number: sent, sender: node.connection, destination: destination, bytes: bytes))
        sent += 1
    }

    /// Delivers until nothing is under way; who asked to join again does so.
    func run() throws {
        for _ in 0..<50_000 {
            if let node = nodes.first(where: { $0.wantsRejoin }) {
                disconnect(node)
                try connect(node.identity)
                nodes[nodes.count - 1].problems = node.problems
            } else if !pending.isEmpty {
                let message = pending.removeFirst()
                for node in nodes where message.destination == nil || message.destination == node.connection {
                    let bytes = tamper(message, node.connection)
                    carryOut(node.engine.received(bytes, from: message.sender, now: now), at: node)
                }
            } else {
                for node in nodes { carryOut(node.engine.settle(now: now), at: node) }
                if pending.isEmpty, !nodes.contains(where: { $0.wantsRejoin }) { return }
            }
        }
    }

    /// Lets time pass until a condition holds, at most for so long.
    func wait(_ milliseconds: UInt64, until isDone: () -> Bool) throws {
        let end = now + milliseconds
        try run()
        while now < end, !isDone() {
            now += 250
            for node in nodes { carryOut(node.engine.tick(now: now), at: node) }
            try run()
        }
    }

    /// Whether all are in one secure view with one key.
    var isTogether: Bool {
        guard let view = nodes.first?.views.last, view.members.count == nodes.count else { return false }
        return nodes.allSatisfy { $0.views.last?.id == view.id && $0.views.last?.keyFingerprint == view.keyFingerprint }
    }

    /// Whether two processes ever saw one view with two keys.
    var hasSplitKey: Bool {
        for (index, node) in nodes.enumerated() {
            for other in nodes[(index + 1)...] {
                for view in node.views {
                    if other.views.contains(where: { $0.id == view.id && $0.keyFingerprint != view.keyFingerprint }) {
                        return true
                    }
                }
            }
        }
        return false
    }
}
