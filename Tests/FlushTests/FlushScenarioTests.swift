import Primitives
import Testing

@testable import Flush

@Suite struct FlushScenarioTests {
    @Test("members join one after the other and see each other in order of seniority")
    func join() throws {
        let (_, nodes, _) = try FlushNetwork.together(["a", "b", "c", "d"])
        for node in nodes {
            #expect(node.names == ["a", "b", "c", "d"])
            #expect(node.view == node.view)
            #expect(node.refusals.isEmpty)
        }
        #expect(Set(nodes.map { $0.view?.id.counter }).count == 1)
        #expect(nodes[0].view?.transitionalSet == [nodes[0].id, nodes[1].id, nodes[2].id])
        #expect(nodes[3].view?.transitionalSet == [nodes[3].id])
        #expect(nodes[3].trace.count == 1)
    }

    @Test(
        "a member with another suite or algorithm is refused by name and stays outside, and nobody waits for it",
        arguments: [FlushError.wrongSuite, .wrongAlgorithm])
    func otherSuiteOrAlgorithm(reason: FlushError) throws {
        let (network, nodes, identities) = try FlushNetwork.together(["a", "b"])
        let other = try network.makeIdentity("c")
        for node in nodes {
            var trust = node.machine.trust
            try trust.add(other.publicKey, label: "c")
            network.perform(node.machine.setTrust(trust, now: network.now), at: node)
        }
        let stranger = try network.connect(
            other, trusting: identities, to: network.components.first, suite: reason == .wrongSuite ? 0x1411 : 0x1211,
            algorithm: reason == .wrongAlgorithm ? 2 : 1)
        network.wait(5_000)
        for node in nodes {
            #expect(node.names == ["a", "b"])
            #expect(!node.refusals.isEmpty)
        }
        #expect(stranger.names == ["c"])
        #expect(stranger.refusals.count >= 2)
        network.perform(nodes[0].machine.requestFlush(now: network.now), at: nodes[0])
        network.wait(1_000)
        #expect(nodes[0].view?.id.counter == nodes[1].view?.id.counter)
        // What else they sent each other, acknowledgements, is passed over: it would not tell the application why.
        for node in nodes + [stranger] {
            #expect(node.refusals.allSatisfy { $0 == reason })
            #expect(node.ignored.contains(.refusedHello))
        }
    }

    @Test("that a hello was refused is remembered when others depart, and forgotten when a new hello is due")
    func refusedHelloIsRemembered() throws {
        let (network, nodes, identities) = try FlushNetwork.together(["a", "b", "c"])
        let other = try network.makeIdentity("d")
        let stranger = try network.connect(
            other, trusting: identities, to: network.components.first, algorithm: 2)
        network.wait(2_000)
        network.disconnect(nodes[2])
        network.wait(2_000)
        // Nobody introduces itself again, but all acknowledge.
        let before = nodes[0].ignored.filter { $0 == .refusedHello }.count
        network.perform(stranger.machine.requestFlush(now: network.now), at: stranger)
        network.wait(2_000)
        #expect(nodes[0].ignored.filter { $0 == .refusedHello }.count > before)
        for node in [nodes[0], nodes[1], stranger] {
            #expect(node.refusals.allSatisfy { $0 == .wrongAlgorithm })
            #expect(node.machine.configuration.refused.count == (node === stranger ? 2 : 1))
        }
        #expect(nodes[0].names == ["a", "b"])
        // Who departs is forgotten, so that nothing piles up.
        network.disconnect(stranger)
        network.wait(2_000)
        #expect(nodes[0].machine.configuration.refused.count == 0)
        // In a configuration with somebody new everything is said again, and judged again.
        let same = try network.connect(other, trusting: identities, to: network.components.first)
        network.wait(2_000)
        #expect(nodes[0].machine.configuration.refused.count == 0)
        #expect(nodes[0].machine.configuration.peer(same.connection) != nil)
    }

    @Test("views that named only some of each other come together")
    func namedInPart() throws {
        let network = FlushNetwork()
        let all = try ["anna", "bert", "carl"].map { try network.makeIdentity($0) }
        let anna = try network.connect(all[0], trusting: all)
        network.run()
        let bert = try network.connect(all[1], trusting: all, to: network.components.first)
        let carl = try network.connect(all[2], trusting: all, to: network.components.first)
        let settle = { (node: FlushNode) in network.perform(node.machine.settle(now: network.now), at: node) }
        // Carl has seen nobody when it founds a view, and bert alone when it acknowledges; the others have seen all.
        network.deliverAll(from: carl)
        network.now += 1_100
        network.perform(carl.machine.tick(now: network.now), at: carl)
        network.deliverAll(from: carl)
        #expect(carl.names == ["carl"])
        network.deliverAll(from: bert)
        network.deliverAll(from: anna)
        settle(anna)
        settle(bert)
        network.deliverAll(from: anna)
        network.deliverAll(from: bert)
        network.deliverAll(from: carl)
        network.run(limit: 2_000)
        for node in [anna, bert, carl] {
            #expect(Set(node.names) == ["anna", "bert", "carl"])
            #expect(node.trace.count < 10)
        }
    }

    @Test("who went on alone before the other had introduced itself again has not left it out on purpose")
    func aloneBeforeTheOthersHello() throws {
        let (network, nodes, _) = try FlushNetwork.together(["a", "b"])
        let (a, b) = (nodes[0], nodes[1])
        let both = nodes.map { $0.connection }
        network.reconfigure(network.components, into: both.map { [$0] })
        network.reconfigure(network.components, into: [both])
        network.deliverAll(from: a)
        network.perform(a.machine.settle(now: network.now), at: a)
        network.deliverAll(from: a)
        #expect(a.names == ["a"])
        // Now a asks for b, and b acknowledges before it hears of that.
        network.deliverAll(from: b)
        network.perform(b.machine.settle(now: network.now), at: b)
        network.run()
        #expect(Set(a.names) == ["a", "b"])
        #expect(a.view?.id == b.view?.id)
    }

    @Test("a crash gives the signal, then a view without the member that is gone")
    func crash() throws {
        let (network, nodes, _) = try FlushNetwork.together(["a", "b", "c"])
        for node in nodes { node.trace = [] }
        network.disconnect(nodes[1])
        network.run()
        for node in [nodes[0], nodes[2]] {
            #expect(node.names == ["a", "c"])
            #expect(node.trace.first == .signal)
            #expect(node.view?.leaveSet.map { $0.name } == ["b"])
        }
    }

    @Test("a stranger is in no view and holds nobody up")
    func stranger() throws {
        let (network, nodes, identities) = try FlushNetwork.together(["a", "b"])
        let before = nodes[0].view
        let stranger = try network.connect(
            try network.makeIdentity("mallory"), trusting: identities, to: network.components.first)
        network.wait(20_000)
        #expect(stranger.view == nil)
        #expect(stranger.endings == [.reportNotAdmitted(.notAdmitted)])
        #expect(nodes[0].view == before)
        network.disconnect(nodes[1])
        network.wait(1_000)
        #expect(nodes[0].names == ["a"])
        #expect(stranger.view == nil)
    }

    @Test("a stranger whom some members accept is not let in by them alone")
    func halfAccepted() throws {
        let (network, nodes, identities) = try FlushNetwork.together(["a", "b"])
        let other = try network.makeIdentity("c")
        var trust = nodes[1].machine.trust
        try trust.add(other.publicKey, label: "c")
        network.perform(nodes[1].machine.setTrust(trust, now: network.now), at: nodes[1])
        let node = try network.connect(other, trusting: identities, to: network.components.first)
        network.wait(15_000)
        #expect(node.view == nil)
        #expect(nodes[0].names == ["a", "b"])
        let views = nodes[1].trace.count
        network.wait(60_000)
        #expect(nodes[1].trace.count == views, "no flush without end")
        network.perform(nodes[0].machine.setTrust(trust, now: network.now), at: nodes[0])
        network.run()
        #expect(node.names == ["a", "b", "c"])
    }

    @Test("who is trusted no longer is expelled at once")
    func expulsion() throws {
        let (network, nodes, identities) = try FlushNetwork.together(["a", "b", "c"])
        var trust = TrustStore()
        for identity in identities where identity.name != "a" {
            try trust.add(identity.publicKey, label: identity.name)
        }
        for node in [nodes[1], nodes[2]] {
            network.perform(node.machine.setTrust(trust, now: network.now), at: node)
        }
        network.wait(5_000)
        #expect(nodes[1].names == ["b", "c"])
        #expect(nodes[2].names == ["b", "c"])
        #expect(nodes[0].names == ["a"])
    }

    @Test("a member that never acknowledges is excluded after the timeout")
    func exclusion() throws {
        let (network, nodes, identities) = try FlushNetwork.together(["a", "b", "c"])
        nodes[1].isProper = false
        let newcomer = try network.connect(
            try network.makeIdentity("d"), trusting: identities, to: network.components.first)
        var trust = nodes[0].machine.trust
        try trust.add(newcomer.identity.publicKey, label: "d")
        for node in nodes { network.perform(node.machine.setTrust(trust, now: network.now), at: node) }
        network.wait(5_000)
        #expect(nodes[0].names == ["a", "b", "c"])
        #expect(nodes[0].machine.waitingFor.map { $0.name } == ["b"])
        network.wait(40_000)
        #expect(nodes[0].names == ["a", "c", "d"])
        #expect(nodes[1].endings == [.rejoinExcluded])
    }

    @Test("a hung process is excluded too, and a hung newcomer")
    func hung() throws {
        let (network, nodes, identities) = try FlushNetwork.together(["a", "b", "c"])
        nodes[2].isHung = true
        network.disconnect(nodes[1])
        network.wait(40_000)
        #expect(nodes[0].names == ["a"])
        let again = try network.connect(identities[1], trusting: identities, to: network.components.first)
        network.wait(80_000)
        #expect(nodes[0].names == ["a", "b"])
        #expect(again.names == ["a", "b"])
    }

    @Test("the newest incarnation of a key replaces the older one")
    func replacement() throws {
        let (network, nodes, identities) = try FlushNetwork.together(["a", "b"])
        let again = try network.connect(identities[1], trusting: identities, to: network.components.first)
        network.run()
        #expect(nodes[0].names == ["a", "b"])
        #expect(nodes[0].view?.members[1].id == again.id)
        #expect(nodes[0].view?.id.counter == 3, "one view tells everybody")
        #expect(again.names == ["a", "b"])
        #expect(nodes[1].endings == [.endReplaced])
    }

    @Test("a name that another key holds is refused")
    func nameTaken() throws {
        let (network, nodes, identities) = try FlushNetwork.together(["a", "b"])
        let impostor = try network.makeIdentity("b")
        var trust = nodes[0].machine.trust
        try trust.add(impostor.publicKey, label: "b")
        for node in nodes { network.perform(node.machine.setTrust(trust, now: network.now), at: node) }
        let node = try network.connect(impostor, trusting: identities, to: network.components.first)
        network.wait(15_000)
        #expect(node.view == nil)
        #expect(node.endings == [.reportNotAdmitted(.nameTaken)])
        #expect(nodes[0].names == ["a", "b"])
    }

    @Test("partition and merge: the largest side comes first")
    func partitionAndMerge() throws {
        let (network, nodes, _) = try FlushNetwork.together(["a", "b", "c", "d", "e"])
        let all = nodes.map { $0.connection }
        network.reconfigure(network.components, into: [Array(all.prefix(2)), Array(all.suffix(3))])
        network.run()
        #expect(nodes[0].names == ["a", "b"])
        #expect(nodes[4].names == ["c", "d", "e"])
        network.reconfigure(network.components, into: [all])
        network.run()
        for node in nodes { #expect(node.names == ["c", "d", "e", "a", "b"]) }
        #expect(nodes[0].view?.transitionalSet == [nodes[0].id, nodes[1].id])
        #expect(nodes[2].view?.transitionalSet == [nodes[2].id, nodes[3].id, nodes[4].id])
    }

    @Test("who parts and comes back within one flush is not in the transitional set")
    func partingWithinAFlush() throws {
        let (network, nodes, _) = try FlushNetwork.together(["a", "b", "c"])
        let all = nodes.map { $0.connection }
        nodes[0].isProper = false
        network.reconfigure(network.components, into: [Array(all.prefix(2)), [all[2]]])
        network.run()
        #expect(nodes[2].names == ["c"])
        network.reconfigure(network.components, into: [all])
        network.run()
        nodes[0].isProper = true
        network.perform(try nodes[0].machine.acknowledge(now: network.now), at: nodes[0])
        network.run()
        for node in nodes { #expect(node.names == ["a", "b", "c"]) }
        #expect(nodes[0].view?.transitionalSet == [nodes[0].id, nodes[1].id])
        #expect(nodes[2].view?.transitionalSet == [nodes[2].id])
        #expect(nodes[0].trace.filter { $0 == .signal }.count == 3)
    }

    @Test("a refresh is a view with the same members")
    func refresh() throws {
        let (network, nodes, _) = try FlushNetwork.together(["a", "b", "c"])
        let before = nodes[0].view
        network.perform(nodes[1].machine.requestFlush(now: network.now), at: nodes[1])
        network.run()
        for node in nodes {
            #expect(node.view?.members == before?.members)
            #expect(node.view?.id.counter == (before?.id.counter ?? 0) + 1)
            #expect(node.view?.transitionalSet.count == 3)
        }
    }

    @Test("safe messages wait until all have them, and agreed ones behind them keep their place")
    func safe() throws {
        let (network, nodes, _) = try FlushNetwork.together(["a", "b", "c"])
        for node in nodes { node.trace = [] }
        nodes[2].isHung = true
        try network.send("one", .agreed, from: nodes[0])
        try network.send("two", .safe, from: nodes[0])
        try network.send("three", .agreed, from: nodes[1])
        network.run()
        #expect(nodes[0].trace.count == 1)
        network.disconnect(nodes[2])
        network.run()
        let texts = nodes[0].trace.compactMap { item -> String? in
            switch item {
            case .signal: return "signal"
            case .view: return "view"
            case .message(_, _, let payload): return String(decoding: payload, as: UTF8.self)
            }
        }
        #expect(texts == ["one", "signal", "two", "three", "view"])
        #expect(nodes[1].trace == nodes[0].trace)
    }

    @Test("sending between acknowledgement and view is refused")
    func flushPending() throws {
        let (network, nodes, _) = try FlushNetwork.together(["a", "b"])
        nodes[0].isProper = false
        nodes[1].isProper = false
        network.perform(nodes[0].machine.requestFlush(now: 0), at: nodes[0])
        try network.send("still allowed", .fifo, from: nodes[0])
        network.perform(try nodes[0].machine.acknowledge(now: 0), at: nodes[0])
        #expect(throws: FlushError.flushPending) { try network.send("too late", .fifo, from: nodes[0]) }
        network.run()
        #expect(throws: FlushError.noFlushRequest) { try nodes[0].machine.acknowledge(now: 0) }
        network.perform(try nodes[1].machine.acknowledge(now: 0), at: nodes[1])
        network.run()
        try network.send("next view", .fifo, from: nodes[0])
    }
}

extension FlushScenarioTests {
    @Test("who moved along but never installed the secure view is not in the transitional set")
    func missedKeyList() throws {
        let (network, nodes, _) = try FlushNetwork.together(["a", "b", "c"])
        for node in nodes.prefix(2) {
            let key = SecretBytes(count: 32) { _ in }
            node.machine.secureViewInstalled(members: nodes.map { $0.id }, key: key)
        }
        network.perform(nodes[0].machine.requestFlush(now: network.now), at: nodes[0])
        network.run()
        for node in nodes { #expect(node.names == ["a", "b", "c"]) }
        #expect(nodes[0].view?.transitionalSet == [nodes[0].id, nodes[1].id])
        #expect(nodes[2].view?.transitionalSet == [nodes[2].id])
    }
}

extension FlushScenarioTests {
    @Test("who was expelled asks no more for those who went on without it")
    func expelledStaysQuiet() throws {
        let (network, nodes, identities) = try FlushNetwork.together(["a", "b", "c"])
        var trust = TrustStore()
        for identity in identities where identity.name != "a" {
            try trust.add(identity.publicKey, label: identity.name)
        }
        for node in [nodes[1], nodes[2]] {
            network.perform(node.machine.setTrust(trust, now: network.now), at: node)
        }
        network.wait(2_000)
        #expect(nodes[0].names == ["a"])
        let views = nodes.map { $0.trace.count }
        network.wait(90_000)
        #expect(nodes.map { $0.trace.count } == views)
        #expect(nodes[0].machine.waitingFor.isEmpty)
    }
}
