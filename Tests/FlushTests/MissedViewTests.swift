import Primitives
import Testing

@testable import Flush

/// Members that lack what the others have: a view, its key, or an answer in time; and how all come together again.
@Suite struct MissedViewTests {
    private func isAcknowledgement(_ message: FlushNetwork.Message, of sender: FlushNode) -> Bool {
        message.sender == sender.connection && message.bytes[1] == 2
    }

    /// Gives members the key of a secure view, as the layer above does; `among` are all whom that view has.
    private func share(_ first: UInt8, _ nodes: [FlushNode], among all: [FlushNode]? = nil) {
        for node in nodes {
            let key = SecretBytes(count: 32) { bytes in bytes[0] = first }
            node.machine.secureViewInstalled(members: (all ?? nodes).map { $0.id }, key: key)
        }
    }

    @Test("who is kept from an acknowledgement misses the view, is told so, and comes again")
    func missedView() throws {
        let (network, nodes, identities) = try FlushNetwork.together(["a", "b", "c"])
        share(1, nodes)
        network.tamper = { message, receiver in
            receiver === nodes[2] && self.isAcknowledgement(message, of: nodes[0]) ? nil : message.bytes
        }
        network.perform(nodes[0].machine.requestFlush(now: network.now), at: nodes[0])
        network.run()
        network.tamper = nil
        #expect(nodes[0].view?.id == nodes[1].view?.id)
        #expect(nodes[0].view?.id != nodes[2].view?.id)
        // In the others' view it is a member, and they have a key for three, under which they would acknowledge.
        share(2, [nodes[0], nodes[1]], among: nodes)
        network.wait(8_000)
        #expect(nodes[2].endings == [.rejoinExcluded], "long before the flush timeout")
        network.disconnect(nodes[2])
        let again = try network.connect(identities[2], trusting: identities, to: network.components.first)
        network.wait(2_000)
        for node in [nodes[0], nodes[1], again] { #expect(node.names == ["a", "b", "c"]) }
    }

    @Test("a newcomer that is kept from an acknowledgement comes again too")
    func missedFirstView() throws {
        let (network, nodes, identities) = try FlushNetwork.together(["a", "b"])
        let carl = try network.makeIdentity("c")
        for node in nodes {
            var trust = TrustStore()
            for key in identities + [carl] { try trust.add(key.publicKey, label: key.name) }
            network.perform(node.machine.setTrust(trust, now: network.now), at: node)
        }
        network.tamper = { message, receiver in
            receiver.name == "c" && self.isAcknowledgement(message, of: nodes[0]) ? nil : message.bytes
        }
        let newcomer = try network.connect(carl, trusting: identities, to: network.components.first)
        network.run()
        network.tamper = nil
        #expect(nodes[1].names == ["a", "b", "c"])
        #expect(newcomer.view == nil)
        network.wait(8_000)
        #expect(newcomer.endings == [.rejoinExcluded])
    }

    @Test("who parted from a view and is back understands what its members acknowledge")
    func backWithAnotherKey() throws {
        let (network, nodes, _) = try FlushNetwork.together(["a", "b", "c"])
        let all = nodes.map { $0.connection }
        share(1, nodes)
        for node in nodes.prefix(2) { node.isProper = false }
        network.reconfigure(network.components, into: [Array(all.prefix(2)), [all[2]]])
        network.run()
        #expect(nodes[2].names == ["c"])
        share(2, [nodes[2]])
        // a and b are in the view of three still, whose key they share with c.
        network.reconfigure(network.components, into: [all])
        network.run()
        for node in nodes.prefix(2) { try network.answer(node) }
        network.run()
        for node in nodes { #expect(Set(node.names) == ["a", "b", "c"]) }
        #expect(Set(nodes.map { $0.view?.id.counter }).count == 1)
        #expect(nodes.allSatisfy { $0.refusals.isEmpty })
    }

    @Test("a code under the key of the view before is late, a wrong one is forged")
    func lateCode() throws {
        let (network, nodes, _) = try FlushNetwork.together(["a", "b"])
        let (a, b) = (nodes[0], nodes[1])
        share(1, nodes)
        var recorded: [UInt8] = []
        network.tamper = { message, _ in
            if self.isAcknowledgement(message, of: b) { recorded = message.bytes }
            return message.bytes
        }
        network.perform(a.machine.requestFlush(now: network.now), at: a)
        network.run()
        share(2, nodes)
        #expect(a.machine.received(recorded, from: b.connection, now: network.now) == [.ignore(.outdated)])
        recorded[recorded.count - 1] ^= 1
        #expect(
            a.machine.received(recorded, from: b.connection, now: network.now)
                == [.refuse(.notAuthentic, sender: b.id)])
    }

    @Test("whom the others left behind for its silence comes in when it answers, without a new configuration")
    func silentForTooLong() throws {
        let network = FlushNetwork()
        let identities = try ["a", "b"].map { try network.makeIdentity($0) }
        let nodes = try identities.map { try network.connect($0, trusting: identities) }
        network.run()
        for node in nodes { #expect(node.names == [node.name]) }
        nodes[1].isProper = false
        network.reconfigure(network.components, into: [nodes.map { $0.connection }])
        network.wait(35_000)
        let goesOn = nodes[0].machine.canSend
        #expect(goesOn, "it goes on without b")
        nodes[1].isProper = true
        try network.answer(nodes[1])
        network.wait(5_000)
        for node in nodes { #expect(Set(node.names) == ["a", "b"]) }
        #expect(nodes[0].view?.id == nodes[1].view?.id)
    }

    @Test("a proposal that was under way when the view came has had its time: who answers then comes in")
    func lateProposal() throws {
        let (network, nodes, identities) = try FlushNetwork.together(["a", "b"])
        let carl = try network.makeIdentity("c")
        for node in nodes {
            var trust = node.machine.trust
            try trust.add(carl.publicKey, label: "c")
            network.perform(node.machine.setTrust(trust, now: network.now), at: node)
        }
        let c = try network.connect(carl, trusting: identities + [carl])
        network.run()
        c.isProper = false
        network.reconfigure(network.components, into: [(nodes + [c]).map { $0.connection }])
        // a and b propose at the same time; the view comes with the first proposal.
        network.wait(31_000)
        for node in nodes { #expect(node.names == ["a", "b"]) }
        try network.answer(c)
        network.wait(2_000)
        for node in nodes + [c] { #expect(Set(node.names) == ["a", "b", "c"]) }
        #expect(c.endings.isEmpty)
    }

    /// Lets everybody who is told to join again do so, within a few seconds: long before the flush timeout.
    private func heal(_ network: FlushNetwork, _ nodes: [FlushNode], _ identities: [Identity]) throws {
        network.wait(5_000)
        var present = nodes
        for (index, node) in nodes.enumerated() where !node.endings.isEmpty {
            #expect(node.endings == [.rejoinExcluded])
            network.disconnect(node)
            let identity = try #require(identities.first { $0.name == node.name })
            present[index] = try network.connect(identity, trusting: identities, to: network.components.first)
        }
        network.wait(5_000)
        for node in present {
            #expect(Set(node.names) == Set(nodes.map { $0.name }))
            #expect(node.view?.id == present[0].view?.id)
        }
    }

    @Test("a member that was not given a hello comes to the others, also when somebody departs", arguments: 0...2)
    func missedHello(_ victim: Int) throws {
        for departs in [true, false] {
            let (network, nodes, identities) = try FlushNetwork.together(["a", "b", "c"])
            let all = nodes.map { $0.connection }
            network.reconfigure(network.components, into: [Array(all.prefix(2)), [all[2]]])
            network.run()
            // The hello of c, which may be its own.
            network.tamper = { message, receiver in
                let isKept = receiver === nodes[victim] && message.sender == all[2] && message.bytes[1] == 1
                return isKept ? nil : message.bytes
            }
            network.reconfigure(network.components, into: [all])
            network.run()
            network.tamper = nil
            if departs { network.disconnect(nodes[1]) }
            try heal(network, departs ? [nodes[0], nodes[2]] : nodes, identities)
        }
    }
}
