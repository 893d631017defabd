import Primitives
import Testing

@testable import Flush

/// What the layer promises about messages and waiting, each promise with the events that could break it.
@Suite struct ServiceScenarioTests {
    private func network(_ names: [String]) throws -> (FlushNetwork, [FlushNode], [Identity]) {
        let (network, nodes, identities) = try FlushNetwork.together(names)
        for node in nodes { node.trace = [] }
        return (network, nodes, identities)
    }

    private func texts(_ node: FlushNode) -> [String] {
        node.trace.map { item in
            switch item {
            case .signal: return "signal"
            case .view(let view): return "view of \(view.members.map { $0.name }.joined())"
            case .message(_, _, let payload): return String(decoding: payload, as: UTF8.self)
            }
        }
    }

    @Test("changes that follow each other while an acknowledgement is outstanding end in one view after one signal")
    func cascade() throws {
        let (network, nodes, identities) = try network(["a", "b", "c", "d", "e"])
        nodes[2].isProper = false
        network.disconnect(nodes[4])
        network.run()
        network.disconnect(nodes[3])
        network.run()
        let back = try network.connect(identities[4], trusting: identities, to: network.components.first)
        network.run()
        for node in nodes.prefix(3) { #expect(texts(node) == ["signal"]) }
        #expect(back.view == nil)
        try network.answer(nodes[2])
        for node in nodes.prefix(3) { #expect(texts(node) == ["signal", "view of abce"]) }
        #expect(nodes[0].view?.leaveSet.map { $0.id } == [nodes[3].id, nodes[4].id])
        #expect(texts(back) == ["view of abce"])
    }

    @Test("who vanishes before it acknowledges is not waited for")
    func vanishing() throws {
        let (network, nodes, _) = try network(["a", "b", "c", "d"])
        nodes[2].isProper = false
        network.disconnect(nodes[1])
        network.run()
        #expect(nodes[0].machine.waitingFor.map { $0.name } == ["c"])
        network.disconnect(nodes[2])
        network.run()
        for node in [nodes[0], nodes[3]] { #expect(texts(node) == ["signal", "view of ad"]) }
        #expect(nodes[0].machine.waitingFor.isEmpty)
    }

    @Test("what is sent in a view is delivered in it, and refused by whoever has gone on")
    func sendingView() throws {
        let (network, nodes, _) = try network(["a", "b", "c"])
        nodes[1].isProper = false
        network.perform(nodes[0].machine.requestFlush(now: network.now), at: nodes[0])
        try network.send("last of b", .fifo, from: nodes[1])
        let old = try #require(network.components[0].pending.last)
        network.run()
        try network.answer(nodes[1])
        for node in nodes { #expect(texts(node) == ["last of b", "signal", "view of abc"]) }
        network.deliver(old, to: network.components[0].members)
        network.run()
        for node in nodes {
            #expect(node.trace.count == 3)
            #expect(node.refusals == [.wrongView])
        }
    }

    @Test("a member delivers what it sent itself, of every service, when it is cut off at once")
    func selfDelivery() throws {
        let (network, nodes, _) = try network(["a", "b"])
        let services: [(String, Service)] = [("f", .fifo), ("c", .causal), ("s", .safe), ("a", .agreed)]
        for (text, service) in services { try network.send(text, service, from: nodes[0]) }
        network.reconfigure(network.components, into: nodes.map { [$0.connection] })
        network.run()
        #expect(texts(nodes[0]) == ["signal", "f", "c", "s", "a", "view of a"])
        #expect(texts(nodes[1]) == ["signal", "view of b"])
    }

    @Test("an answer never overtakes its question, of any service, at a receiver that lags")
    func causality() throws {
        for service in [Service.fifo, .causal, .agreed, .safe] {
            let (network, nodes, _) = try network(["a", "b", "c"])
            network.isLagging = true
            try network.send("question", service, from: nodes[0])
            for _ in 0..<20 {
                if let component = network.components.first { network.deliverOne(component) }
                for node in nodes.prefix(2) {
                    while network.deliverNext(node) {}
                    network.perform(node.machine.settle(now: network.now), at: node)
                }
                if texts(nodes[1]) == ["question"] { break }
                if service == .safe { while network.deliverNext(nodes[2]) {} }
                network.perform(nodes[2].machine.settle(now: network.now), at: nodes[2])
            }
            #expect(texts(nodes[1]) == ["question"])
            try network.send("answer", service, from: nodes[1])
            network.run()
            for node in nodes { #expect(texts(node) == ["question", "answer"], "\(service)") }
        }
    }

    @Test("a safe message of which one member lost a confirmation is delivered there when a flush has asked all")
    func lostConfirmation() throws {
        let (network, nodes, _) = try network(["a", "b", "c"])
        var lost = 0
        network.tamper = { message, receiver in
            guard receiver === nodes[0], message.sender == nodes[2].connection, message.bytes[1] == 4, lost == 0 else {
                return message.bytes
            }
            lost += 1
            return nil
        }
        try network.send("safe", .safe, from: nodes[1])
        try network.send("agreed", .agreed, from: nodes[1])
        network.run()
        #expect(lost == 1)
        #expect(texts(nodes[0]).isEmpty)
        #expect(texts(nodes[1]) == ["safe", "agreed"])
        network.wait(40_000)
        #expect(texts(nodes[0]) == ["signal", "safe", "agreed", "view of abc"])
        #expect(texts(nodes[1]) == ["safe", "agreed", "signal", "view of abc"])
    }

    @Test("a view says whether somebody may have parted without safe messages that came after the signal")
    func lateSafeMessages() throws {
        let (network, nodes, _) = try network(["a", "b", "c", "d"])
        nodes[0].isProper = false
        try network.send("early", .safe, from: nodes[0])
        network.deliverOne(network.components[0])
        network.disconnect(nodes[3])
        network.run()
        try network.answer(nodes[0])
        network.run()
        for node in nodes.prefix(3) {
            #expect(texts(node) == ["signal", "early", "view of abc"])
            #expect(node.view?.hasUnconfirmedMessages == false, "it came before what all acknowledged")
            node.trace = []
        }

        nodes[0].isProper = false
        network.perform(nodes[1].machine.requestFlush(now: network.now), at: nodes[1])
        network.run()
        try network.send("late, of no service that promises it", .agreed, from: nodes[0])
        try network.answer(nodes[0])
        network.run()
        for node in nodes.prefix(3) { #expect(node.view?.hasUnconfirmedMessages == false) }

        nodes[0].isProper = false
        network.disconnect(nodes[2])
        network.run()
        for node in nodes.prefix(2) { node.trace = [] }
        try network.send("late", .safe, from: nodes[0])
        network.run()
        #expect(texts(nodes[1]) == ["late"])
        try network.answer(nodes[0])
        network.run()
        for node in nodes.prefix(2) { #expect(node.view?.hasUnconfirmedMessages == true) }
    }

    @Test("another configuration that all acknowledge confirms what came before it")
    func lateSafeMessagesBeforeAnotherLoss() throws {
        let (network, nodes, _) = try network(["a", "b", "c", "d"])
        nodes[0].isProper = false
        network.disconnect(nodes[3])
        network.run()
        try network.send("late", .safe, from: nodes[0])
        network.run()
        network.disconnect(nodes[2])
        network.run()
        try network.answer(nodes[0])
        network.run()
        for node in nodes.prefix(2) {
            #expect(texts(node) == ["signal", "late", "view of ab"])
            #expect(node.view?.hasUnconfirmedMessages == false)
        }
    }

    @Test("what waits to become stable as the view ends may be missing too, also where nobody is lost")
    func safeMessagesThatWaitAsTheViewEnds() throws {
        let (network, nodes, _) = try network(["a", "b", "c"])
        nodes[0].isProper = false
        network.perform(nodes[1].machine.requestFlush(now: network.now), at: nodes[1])
        network.run()
        try network.send("late", .safe, from: nodes[0])
        try network.answer(nodes[0])
        network.run()
        for node in nodes {
            #expect(texts(node) == ["signal", "late", "view of abc"])
            #expect(node.view?.hasUnconfirmedMessages == true)
        }
    }

    @Test("too much behind a safe message that somebody does not confirm ends in a flush, long before the timeout")
    func waitingLimit() throws {
        let network = FlushNetwork()
        network.limits = FlushLimits(waitingLimit: 10_000)
        let all = try ["a", "b", "c"].map { try network.makeIdentity($0) }
        var nodes: [FlushNode] = []
        for identity in all {
            nodes.append(try network.connect(identity, trusting: all, to: network.components.first))
            network.run()
        }
        nodes[2].isHung = true
        try network.send("safe", .safe, from: nodes[0])
        var accepted = 0
        while accepted < 100, nodes[1].machine.canSend {
            network.perform(
                try nodes[1].machine.send([UInt8](repeating: 0, count: 1_000), service: .fifo), at: nodes[1])
            network.run()
            accepted += 1
        }
        #expect(accepted == 10, "the eleventh thousand is refused")
        #expect(nodes[0].machine.waitingFor.map { $0.name } == ["c"])
        network.wait(40_000)
        for node in nodes.prefix(2) {
            #expect(node.names == ["a", "b"])
            #expect(node.trace.filter { if case .message = $0 { true } else { false } }.count == 11)
        }
    }

    @Test("private messages keep their place among the others, also behind a safe one")
    func privateOrder() throws {
        let (network, nodes, _) = try network(["a", "b", "c"])
        try network.send("one", .safe, from: nodes[0])
        let whisper = Array("whisper".utf8)
        network.perform(try nodes[0].machine.send(whisper, service: .fifo, to: nodes[1].id), at: nodes[0])
        try network.send("two", .fifo, from: nodes[0])
        network.run()
        #expect(texts(nodes[1]) == ["one", "whisper", "two"])
        #expect(texts(nodes[2]) == ["one", "two"])
        #expect(throws: FlushError.unknownMember) { try nodes[0].machine.send(whisper, service: .fifo, to: 1) }
    }

    @Test("16 MiB in fragments, accepted before the acknowledgement, are delivered in the old view by all")
    func largeMessages() throws {
        let (network, nodes, _) = try network(["a", "b", "c"])
        nodes[0].isProper = false
        network.perform(nodes[1].machine.requestFlush(now: network.now), at: nodes[1])
        network.run()
        let fragment = [UInt8](repeating: 7, count: 1 << 16)
        for _ in 0..<256 { network.perform(try nodes[0].machine.send(fragment, service: .agreed), at: nodes[0]) }
        try network.answer(nodes[0])
        for node in nodes {
            let expected = FlushNode.Trace.message(sender: nodes[0].id, service: .agreed, payload: fragment)
            #expect(node.trace.prefix(256).allSatisfy { $0 == expected })
            #expect(texts(node).suffix(2) == ["signal", "view of abc"])
            #expect(node.trace.count == 258)
        }
    }

    @Test("whom the group waits for is named: one's own application, a silent acknowledgement, a silent newcomer")
    func waiting() throws {
        let (network, nodes, identities) = try network(["a", "b", "c"])
        for node in nodes { #expect(node.machine.waitingFor.isEmpty) }
        nodes[0].isProper = false
        nodes[1].isProper = false
        network.perform(nodes[0].machine.requestFlush(now: network.now), at: nodes[0])
        network.run()
        #expect(nodes[0].machine.waitingFor.first?.name == "a", "its application has not answered")
        try network.answer(nodes[0])
        #expect(nodes[0].machine.waitingFor.map { $0.name } == ["b"])
        #expect(nodes[2].machine.waitingFor.map { $0.name } == ["b"])
        try network.answer(nodes[1])
        for node in nodes { #expect(node.machine.waitingFor.isEmpty) }
        network.disconnect(nodes[2])
        network.run()
        nodes[1].isHung = true
        let newcomer = try network.connect(identities[2], trusting: identities, to: network.components.first)
        network.wait(3_000)
        #expect(nodes[0].machine.waitingFor.map { $0.name } == ["b"], "its hello is missing")
        #expect(newcomer.machine.waitingFor.map { $0.name } == ["a"], "a does not acknowledge before b's hello")
    }

    @Test("an excluded member wakes up to an old backlog, leaves and comes back by itself")
    func backlog() throws {
        let (network, nodes, identities) = try network(["a", "b", "c"])
        nodes[2].isAsleep = true
        try network.send("while c sleeps", .safe, from: nodes[0])
        network.perform(nodes[0].machine.requestFlush(now: network.now), at: nodes[0])
        network.wait(45_000)
        for node in nodes.prefix(2) { #expect(texts(node).last == "view of ab") }
        #expect(!nodes[2].inbox.isEmpty)
        nodes[2].isAsleep = false
        network.run()
        #expect(nodes[2].endings == [.rejoinExcluded])
        network.disconnect(nodes[2])
        let again = try network.connect(identities[2], trusting: identities, to: network.components.first)
        network.wait(2_000)
        for node in [nodes[0], nodes[1], again] { #expect(node.names == ["a", "b", "c"]) }
    }

    @Test("two silent members are excluded together")
    func twoSilent() throws {
        let (network, nodes, _) = try network(["a", "b", "c", "d", "e"])
        nodes[1].isHung = true
        nodes[3].isProper = false
        network.perform(nodes[0].machine.requestFlush(now: network.now), at: nodes[0])
        network.wait(35_000)
        for node in [nodes[0], nodes[2], nodes[4]] { #expect(node.names == ["a", "c", "e"]) }
        #expect(nodes[3].endings == [.rejoinExcluded])
    }

    @Test("the member that proposes an exclusion crashes: the others end without it and without the silent one")
    func proposerCrashes() throws {
        let network = FlushNetwork()
        let all = try ["a", "b", "c", "d"].map { try network.makeIdentity($0) }
        network.limits = FlushLimits(flushTimeout: 5_000)
        var nodes = [try network.connect(all[0], trusting: all)]
        network.limits = FlushLimits()
        for identity in all.dropFirst() {
            network.run()
            nodes.append(try network.connect(identity, trusting: all, to: network.components.first))
        }
        network.run()
        nodes[3].isHung = true
        network.perform(nodes[1].machine.requestFlush(now: network.now), at: nodes[1])
        network.wait(4_900)
        // Its proposal is ordered, and one member takes it in before it is gone.
        network.isLagging = true
        network.now += 250
        network.perform(nodes[0].machine.tick(now: network.now), at: nodes[0])
        network.deliverAll(from: nodes[0])
        while network.deliverNext(nodes[1]) {}
        network.isLagging = false
        network.disconnect(nodes[0])
        network.wait(60_000)
        for node in nodes[1...2] {
            #expect(node.names == ["b", "c"])
            #expect(node.endings.isEmpty)
        }
        #expect(nodes[1].view == nodes[2].view)
    }

    @Test("sides that trust each other in part come to rest", arguments: 1...8)
    func trustInPart(_ seed: Int) throws {
        let (network, nodes, identities) = try network(["a", "b", "c", "d", "e"])
        // a no longer accepts one of the others, who goes on accepting it.
        var trust = TrustStore()
        for identity in identities where identity.name != identities[1 + seed % 4].name {
            try trust.add(identity.publicKey, label: identity.name)
        }
        network.perform(nodes[0].machine.setTrust(trust, now: network.now), at: nodes[0])
        if seed > 4 { network.perform(nodes[3].machine.requestFlush(now: network.now), at: nodes[3]) }
        network.wait(70_000)
        let views = nodes.map { $0.trace.count }
        network.wait(40_000)
        #expect(nodes.map { $0.trace.count } == views, "no flush without end")
        for node in nodes where node.endings.isEmpty { #expect(node.view != nil) }
    }
}
