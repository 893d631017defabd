import Primitives
import Testing

@testable import Flush

/// Trust that is not mutual, not the same at all members, or changes.
@Suite struct PartialTrustTests {
    private let network = FlushNetwork()

    private func identities(_ names: [String]) throws -> [Identity] { try names.map { try network.makeIdentity($0) } }

    private func store(_ keys: [Identity], without name: String? = nil) throws -> TrustStore {
        var trust = TrustStore()
        for key in keys where key.name != name { try trust.add(key.publicKey, label: key.name) }
        return trust
    }

    private func set(_ trust: TrustStore, at node: FlushNode) {
        network.perform(node.machine.setTrust(trust, now: network.now), at: node)
    }

    @Test("newcomers of whom two do not accept each other do not wait in a circle")
    func newcomers() throws {
        let all = try identities(["a", "b", "c"])
        let nodes = try all.map { identity in
            try network.connect(
                identity, trusting: identity.name == "c" ? [all[0], all[2]] : all, to: network.components.first)
        }
        network.wait(3_000)
        #expect(nodes[0].names == ["a", "b"])
        #expect(nodes[1].names == ["a", "b"])
        #expect(nodes[2].view == nil, "who trusts somebody more senior waits to be admitted")
    }

    /// a and b part, c stays with one of them.
    private func parted() throws -> (nodes: [FlushNode], all: [Identity]) {
        let all = try identities(["a", "b", "c"])
        var nodes: [FlushNode] = []
        for identity in all {
            nodes.append(try network.connect(identity, trusting: all, to: network.components.first))
            network.run()
        }
        set(try store(all, without: "b"), at: nodes[0])
        set(try store(all, without: "a"), at: nodes[1])
        network.wait(8_000)
        #expect(nodes.filter { $0.names.count == 2 }.count == 2)
        #expect(nodes.filter { $0.names.count == 1 }.count == 1)
        return (nodes, all)
    }

    @Test("a refresh beside a view that cannot be joined ends at once and excludes nobody")
    func refreshApart() throws {
        let (nodes, all) = try parted()
        let views = nodes.map { $0.trace.count }
        let alone = try #require(nodes.first { $0.names.count == 1 })
        network.perform(alone.machine.requestFlush(now: network.now), at: alone)
        network.wait(1_000)
        #expect(alone.isAtRest)
        for (node, count) in zip(nodes, views) where node !== alone { #expect(node.trace.count == count) }
        set(try store(all), at: nodes[0])
        set(try store(all), at: nodes[1])
        network.wait(2_000)
        for node in nodes { #expect(Set(node.names) == ["a", "b", "c"]) }
    }

    @Test("two who did not accept each other come together when both do, whichever is first")
    func trustAgain() throws {
        for first in 0...1 {
            let (nodes, all) = try parted()
            set(try store(all), at: nodes[first])
            network.wait(2_000)
            #expect(nodes.contains { $0.names.count == 1 })
            set(try store(all), at: nodes[1 - first])
            network.wait(2_000)
            for node in nodes { #expect(Set(node.names) == ["a", "b", "c"]) }
            for node in nodes { network.disconnect(node) }
            network.components = []
        }
    }

    @Test("who is trusted no longer while a view is on its way is expelled from it")
    func expelledDuringFlush() throws {
        let all = try identities(["a", "b", "c"])
        var nodes: [FlushNode] = []
        for identity in all {
            nodes.append(try network.connect(identity, trusting: all, to: network.components.first))
            network.run()
        }
        for node in nodes { network.perform(node.machine.requestFlush(now: network.now), at: node) }
        // All have acknowledged; nothing is delivered yet.
        set(try store(all, without: "c"), at: nodes[0])
        network.wait(3_000)
        #expect(nodes[0].names == ["a", "b"])
        #expect(nodes[1].names == ["a", "b"])
        #expect(nodes[2].names == ["c"])
    }

    @Test("an incarnation that is replaced by one that is not admitted ends all the same")
    func replacedOutside() throws {
        let (nodes, all) = try parted()
        let b = nodes[1]
        let again = try network.connect(all[1], trusting: [all[1], all[2]], to: network.components.first)
        network.wait(3_000)
        #expect(b.endings == [.endReplaced])
        #expect(again.endings.isEmpty)
        // Its application may still answer a request that came in the same step.
        #expect(try b.machine.acknowledge(now: 3_000) == [.ignore(.notAwaited)])
        network.disconnect(b)
        network.wait(3_000)
        #expect(nodes.filter { $0 !== b }.allSatisfy { $0.isAtRest })
    }
}

extension FlushNode {
    /// Whether it is in a view, and nothing is asked.
    fileprivate var isAtRest: Bool { machine.state == .steady }
}
