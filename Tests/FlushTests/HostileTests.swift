import Primitives
import Testing

@testable import Flush

/// What those who are connected, and accepted by nobody or by some, can do to the others.
@Suite struct HostileTests {
    /// A network with members of these names in one component, who all trust each other.
    private func network(_ names: [String]) throws -> (FlushNetwork, [FlushNode], [Identity]) {
        let network = FlushNetwork()
        let identities = try names.map { try network.makeIdentity($0) }
        var nodes: [FlushNode] = []
        for identity in identities {
            nodes.append(try network.connect(identity, trusting: identities, to: network.components.first))
            network.run()
        }
        return (network, nodes, identities)
    }

    @Test("a hung process is excluded alone, when a newcomer makes everybody introduce itself again")
    func hungAmongMany() throws {
        let (network, nodes, identities) = try network(["a", "b", "c", "d", "e"])
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
        let (network, nodes, identities) = try network(["a", "b", "c", "d"])
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
}
