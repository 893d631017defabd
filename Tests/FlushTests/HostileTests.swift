import Primitives
import Testing

@testable import Flush

/// What those who are connected, and accepted by nobody or by some, can do to the others.
@Suite struct HostileTests {
    private let entropy = Entropy.seeded(99)

    /// A connection whose messages the test makes itself.
    private func puppet(_ identity: Identity, in network: FlushNetwork) throws -> FlushNode {
        let node = try network.connect(identity, trusting: [], to: network.components.first)
        node.isHung = true
        network.components.first?.pending.removeAll { $0.sender == node.connection }
        return node
    }

    private func hello(
        _ node: FlushNode, claiming id: UInt64, at observer: FlushNode, algorithm: UInt8 = 1
    ) throws -> [UInt8] {
        let hello = Hello(
            suite: 0x1211, algorithm: algorithm, configuration: observer.machine.configuration.id,
            connection: node.connection,
            incarnation: id, publicKey: node.identity.publicKey, name: node.name,
            nonce: try entropy.publicBytes(FlushWire.hashSize), view: nil, place: 0,
            lineage: [UInt8](repeating: 0, count: FlushWire.hashSize))
        return try hello.signed(group: observer.machine.group, by: node.identity)
    }

    private func signed(_ writer: ByteWriter, by node: FlushNode) throws -> [UInt8] {
        var writer = writer
        Authenticator.signature(try node.identity.sign(FlushWire.domain + writer.bytes)).write(&writer)
        return writer.bytes
    }

    @Test("a hung process is excluded alone, when a newcomer makes everybody introduce itself again")
    func hungAmongMany() throws {
        let (network, nodes, identities) = try FlushNetwork.together(["a", "b", "c", "d", "e"])
        network.disconnect(nodes[4])
        network.run()
        nodes[3].isHung = true
        let again = try network.connect(identities[4], trusting: identities, to: network.components.first)
        network.wait(90_000)
        for node in nodes.prefix(3) { #expect(node.endings.isEmpty, "\(node.name) was excluded too") }
        for node in [nodes[0], nodes[1], nodes[2], again] { #expect(node.names == ["a", "b", "c", "e"]) }
    }

    @Test("a connection that comes just before the timeout costs nobody its place who has acknowledged")
    func connectionBeforeTheTimeout() throws {
        let (network, nodes, identities) = try FlushNetwork.together(["a", "b", "c", "d"])
        nodes[3].isProper = false
        network.perform(nodes[0].machine.requestFlush(now: network.now), at: nodes[0])
        network.wait(29_500)
        let stranger = try network.makeIdentity("mallory")
        let tick = network.now + 500
        try network.connect(stranger, trusting: identities, to: network.components.first)
        // Time is up before any hello was delivered.
        network.now = tick
        for node in nodes { network.perform(node.machine.tick(now: network.now), at: node) }
        network.wait(5_000)
        for node in nodes.prefix(3) { #expect(node.endings.isEmpty, "\(node.name) was excluded too") }
        network.wait(90_000)
        for node in nodes.prefix(3) { #expect(node.names == ["a", "b", "c"]) }
        #expect(nodes[3].endings == [.rejoinExcluded])
    }

    @Test("what follows a refused hello is passed over, what comes without any is refused, and a valid hello counts")
    func afterARefusedHello() throws {
        let (network, nodes, _) = try FlushNetwork.together(["a", "b"])
        let stranger = try puppet(try network.makeIdentity("mallory"), in: network)
        let observer = nodes[0]
        let proposal = Exclusion(
            configuration: observer.machine.configuration.id, sender: stranger.id, view: nil,
            connections: [nodes[1].connection])
        let message = try signed(proposal.unauthenticated(group: observer.machine.group), by: stranger)
        let receive = { (bytes: [UInt8]) in
            observer.machine.received(bytes, from: stranger.connection, now: network.now)
        }
        #expect(receive(message) == [.refuse(.unknownSender, sender: nil)])
        let refused = try hello(stranger, claiming: stranger.id, at: observer, algorithm: 2)
        #expect(receive(refused) == [.refuse(.wrongAlgorithm, sender: nil)])
        #expect(receive(message) == [.ignore(.refusedHello)])
        #expect(receive(refused) == [.refuse(.wrongAlgorithm, sender: nil)])
        #expect(observer.machine.configuration.refused.count == 1)
        let valid = try hello(stranger, claiming: stranger.id, at: observer)
        #expect(!receive(valid).contains { if case .refuse = $0 { true } else { false } })
        #expect(observer.machine.configuration.peer(stranger.connection)?.id == stranger.id)
        #expect(!receive(message).contains(.ignore(.refusedHello)))
    }

    @Test("a stranger's proposals to exclude connections that do not exist leave no trace")
    func inventedTargets() throws {
        let (network, nodes, _) = try FlushNetwork.together(["a", "b", "c"])
        let stranger = try puppet(try network.makeIdentity("mallory"), in: network)
        let observer = nodes[0]
        let receive = { (bytes: [UInt8]) in
            observer.machine.received(bytes, from: stranger.connection, now: network.now)
        }
        _ = receive(try hello(stranger, claiming: stranger.id, at: observer))
        let propose = { (connections: [UInt64]) in
            let proposal = Exclusion(
                configuration: observer.machine.configuration.id, sender: stranger.id, view: nil,
                connections: connections)
            return receive(
                try signed(proposal.unauthenticated(group: observer.machine.group), by: stranger))
        }
        for round in UInt64(1)...3 {
            let invented = (0..<UInt64(1_000)).map { round * 10_000 + $0 }
            #expect(try propose(invented) == [.ignore(.departedConnection)])
        }
        #expect(observer.machine.configuration.exclusions.isEmpty)
        // Of a proposal that names somebody, that much is recorded, once.
        for _ in 0..<2 { _ = try propose([nodes[1].connection, 10_000, 10_001]) }
        #expect(observer.machine.configuration.exclusions.map { $0.target } == [nodes[1].connection])
        #expect(observer.endings.isEmpty)
    }

    @Test("a stranger that takes a member's incarnation keeps nobody out")
    func stolenIncarnation() throws {
        let (network, nodes, _) = try FlushNetwork.together(["a", "b", "c"])
        let stranger = try puppet(try network.makeIdentity("mallory"), in: network)
        let bytes = try hello(stranger, claiming: nodes[1].id, at: nodes[0])
        network.components[0].pending.insert(
            FlushNetwork.Message(sender: stranger.connection, destination: nil, bytes: bytes), at: 0)
        network.run()
        network.perform(nodes[0].machine.requestFlush(now: network.now), at: nodes[0])
        let before = nodes[0].view?.id.counter ?? 0
        network.wait(2_000)
        #expect(nodes[0].view?.id.counter == before + 1)
        network.wait(90_000)
        for node in nodes {
            #expect(node.names == ["a", "b", "c"])
            #expect(node.endings.isEmpty)
        }
    }

    @Test("a stranger acknowledges no safe message in a member's name")
    func stolenReceipt() throws {
        let (network, nodes, _) = try FlushNetwork.together(["a", "b", "c"])
        let stranger = try puppet(try network.makeIdentity("mallory"), in: network)
        let bytes = try hello(stranger, claiming: nodes[2].id, at: nodes[0])
        network.components[0].pending.insert(
            FlushNetwork.Message(sender: stranger.connection, destination: nil, bytes: bytes), at: 0)
        network.run()
        nodes[2].isHung = true
        for node in nodes { node.trace = [] }
        try network.send("safe", .safe, from: nodes[0])
        let sent = try #require(network.components[0].pending.last?.bytes)
        network.run()
        let receipt = Stability(
            view: try #require(nodes[0].view?.id), sender: nodes[2].id, digests: [try Stability.digest(of: sent)])
        network.components[0].pending.append(
            FlushNetwork.Message(
                sender: stranger.connection, destination: nil,
                bytes: try signed(receipt.unauthenticated(group: nodes[0].machine.group), by: stranger)))
        network.run()
        #expect(nodes[0].trace.isEmpty)
    }

    @Test("no counter leads to a group that can never change again")
    func counters() throws {
        let (network, nodes, _) = try FlushNetwork.together(["a", "b"])
        let other = try network.makeIdentity("x")
        var trust = nodes[1].machine.trust
        try trust.add(other.publicKey, label: "x")
        for node in nodes { network.perform(node.machine.setTrust(trust, now: network.now), at: node) }
        let x = try puppet(other, in: network)
        network.run()
        let observer = nodes[0].machine.configuration
        let group = nodes[0].machine.group
        let hello = try hello(x, claiming: 77, at: nodes[0])
        var accepted = observer.peers.map { FlushAcknowledgement.Accepted(connection: $0.connection, hello: $0.digest) }
        accepted.append(.init(connection: x.connection, hello: try Digest.sha256(hello)))
        let ack = FlushAcknowledgement(
            configuration: observer.id, sender: 77, view: nil, highestCounter: UInt64.max >> 1 - 1,
            heard: observer.heard, accepted: AcceptedList(accepted))
        for bytes in [hello, try signed(ack.unauthenticated(group: group), by: x)] {
            network.components[0].pending.append(
                FlushNetwork.Message(sender: x.connection, destination: nil, bytes: bytes))
        }
        network.wait(3_000)
        for node in nodes { #expect(node.names == ["a", "b"]) }
        network.disconnect(x)
        network.wait(90_000)
        network.perform(nodes[0].machine.requestFlush(now: network.now), at: nodes[0])
        let before = nodes[0].view?.id.counter ?? 0
        network.run()
        for node in nodes { #expect(node.view?.id.counter == before + 1) }
        #expect(before < 100)
    }

    @Test("a safe message does not wait for a hung member without end")
    func safeAndHung() throws {
        let (network, nodes, _) = try FlushNetwork.together(["a", "b", "c"])
        nodes[2].isHung = true
        for node in nodes { node.trace = [] }
        try network.send("safe", .safe, from: nodes[0])
        network.wait(120_000)
        #expect(nodes[0].names == ["a", "b"])
        #expect(nodes[0].trace.contains(.message(sender: nodes[0].id, service: .safe, payload: [UInt8]("safe".utf8))))
        #expect(nodes[1].trace.count == nodes[0].trace.count)
    }

    @Test("who is accepted by one member alone excludes nobody else's")
    func halfAcceptedExclusion() throws {
        let (network, nodes, _) = try FlushNetwork.together(["a", "b", "c"])
        let other = try network.makeIdentity("x")
        var trust = nodes[1].machine.trust
        try trust.add(other.publicKey, label: "x")
        network.perform(nodes[1].machine.setTrust(trust, now: network.now), at: nodes[1])
        let x = try puppet(other, in: network)
        network.run()
        let observer = nodes[0].machine.configuration
        let hello = Hello(
            suite: 0x1211, algorithm: 1, configuration: observer.id, connection: x.connection,
            incarnation: 77, publicKey: x.identity.publicKey, name: x.name,
            nonce: try entropy.publicBytes(FlushWire.hashSize), view: nodes[0].view?.id, place: 9,
            lineage: nodes[0].machine.lineage)
        let group = nodes[0].machine.group
        let exclusion = Exclusion(
            configuration: observer.id, sender: 77, view: nodes[0].view?.id, connections: [nodes[2].connection])
        let messages = [
            try hello.signed(group: group, by: x.identity), try signed(exclusion.unauthenticated(group: group), by: x),
        ]
        for bytes in messages {
            network.components[0].pending.append(
                FlushNetwork.Message(sender: x.connection, destination: nil, bytes: bytes))
        }
        network.wait(3_000)
        network.wait(60_000)
        for node in nodes { #expect(node.names == ["a", "b", "c"], "\(node.name) \(node.endings)") }
    }

    @Test("who is accepted by one member alone holds nobody up")
    func halfAcceptedSilence() throws {
        let (network, nodes, _) = try FlushNetwork.together(["a", "b", "c"])
        let other = try network.makeIdentity("x")
        var trust = nodes[1].machine.trust
        try trust.add(other.publicKey, label: "x")
        network.perform(nodes[1].machine.setTrust(trust, now: network.now), at: nodes[1])
        let x = try puppet(other, in: network)
        network.run()
        let bytes = try hello(x, claiming: 77, at: nodes[0])
        network.components[0].pending.append(
            FlushNetwork.Message(sender: x.connection, destination: nil, bytes: bytes))
        network.wait(3_000)
        for node in nodes {
            let canSend = node.machine.canSend
            #expect(canSend, "\(node.name)")
        }
    }

    @Test("hellos just before the time is up cost nobody its place who had acknowledged")
    func sparedThroughHellos() throws {
        let (network, nodes, _) = try FlushNetwork.together(["a", "b", "c"])
        nodes[2].isProper = false
        // Two strangers are connected and say nothing yet.
        let strangers = try ["s", "t"].map { name in
            let limbo = FlushNetwork(seed: 9)
            let identity = try limbo.makeIdentity(name)
            let node = try network.connect(identity, trusting: [], to: network.components.first)
            network.components.first?.pending.removeAll { $0.sender == node.connection }
            node.isHung = true
            return node
        }
        network.perform(nodes[0].machine.requestFlush(now: network.now), at: nodes[0])
        network.wait(29_500)
        #expect(nodes[0].machine.waitingFor.map { $0.name } == ["c"])
        network.isLagging = true
        let configuration = nodes[0].machine.configuration
        for node in strangers where configuration.peer(node.connection) == nil {
            network.perform(
                node.machine.configurationChanged(
                    id: configuration.id, members: configuration.members, transitional: [node.connection], now: 0),
                at: node)
        }
        while let component = network.components.first, !component.pending.isEmpty { network.deliverOne(component) }
        while network.deliverNext(nodes[0]) {}
        #expect(nodes[0].machine.configuration.heard == 5)
        network.now += 1_000
        var proposed: [UInt64] = []
        for case .multicast(let bytes) in nodes[0].machine.tick(now: network.now) where bytes[1] == 3 {
            proposed += try Exclusion.read(bytes, group: nodes[0].machine.group).0.connections
        }
        #expect(proposed == [nodes[2].connection], "c is silent, and b has yet to hear the hellos")
    }
}
