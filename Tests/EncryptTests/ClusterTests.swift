import EncryptNetwork
import Primitives
import Testing

@testable import Encrypt

/// Members of one trust store.
func clusterPolicy(_ count: Int = 40) throws -> AdmissionPolicy {
    var store = TrustStore()
    for index in 0..<count { try store.add(try ClusterNetwork.identity(index).publicKey, label: "") }
    return .acceptedKeys(store)
}

/// A network of the asymmetric protocol.
func asymmetricCluster(
    seed: UInt64 = 1, rekey: RekeyRules = .all, conditions: NetworkConditions = NetworkConditions(),
    change: @escaping (inout EncryptConfiguration) -> Void = { _ in }
) throws -> ClusterNetwork {
    let policy = try clusterPolicy()
    return ClusterNetwork(
        seed: seed, conditions: conditions,
        configuration: { _ in
            var configuration = EncryptConfiguration(
                cluster: Array("tests".utf8), keySource: .coordinator(rekey), policy: policy)
            change(&configuration)
            return configuration
        })
}

/// What every member of a component delivers when each sends once, and that nobody else can.
func expectConversation(
    _ network: ClusterNetwork, sourceLocation: SourceLocation = #_sourceLocation
) throws {
    let connected = network.connected
    let before = connected.map { $0.delivered.count }
    for node in connected { try network.send(Array("from \(node.index)".utf8), from: node.index) }
    try network.run(200)
    for (node, before) in zip(connected, before) {
        let component = network.components.first { $0.contains(node.index) } ?? []
        let senders = node.delivered.dropFirst(before).map { $0.sender }.sorted()
        #expect(senders == component.filter { $0 != node.index }.sorted(), sourceLocation: sourceLocation)
        for message in node.delivered.dropFirst(before) {
            #expect(message.payload == Array("from \(message.sender)".utf8), sourceLocation: sourceLocation)
        }
    }
}

@Suite struct ClusterTests {
    @Test func oneMemberHasAViewOfItsOwn() throws {
        let network = try asymmetricCluster()
        let first = try network.join()[0]
        try network.run(10)
        #expect(network.isSettled())
        #expect(first.isCoordinator)
        #expect(first.view?.counter == 1)
    }

    @Test func membersJoinOneAfterTheOther() throws {
        let network = try asymmetricCluster()
        var epochs: [[UInt8]] = []
        for count in 1...5 {
            try network.join()
            try network.run(100)
            #expect(network.isSettled(), "\(count) members")
            epochs.append(network.nodes[0].view?.epoch ?? [])
            try expectConversation(network)
        }
        #expect(Set(epochs).count == 5)
        #expect(network.nodes.map { $0.refusals } == [[], [], [], [], []])
    }

    @Test func membersJoinAllAtOnce() throws {
        let network = try asymmetricCluster()
        try network.join(10)
        try network.run(200)
        #expect(network.isSettled())
        try expectConversation(network)
    }

    @Test func aMemberLeaves() throws {
        let network = try asymmetricCluster()
        try network.join(4)
        try network.run(200)
        let epoch = network.nodes[0].view?.epoch
        try network.leave(2)
        try network.run(200)
        #expect(network.isSettled())
        #expect(network.nodes[0].view?.epoch != epoch)
        #expect(network.nodes[0].view?.members.count == 3)
        #expect(network.nodes[0].events.contains(.memberLeaves(network.nodes[2].member)))
        try expectConversation(network)
        #expect(throws: EncryptError.hasLeft) { try network.send([1], from: 2) }
    }

    /// The request is enough: the view without the member comes although the messaging system says nothing.
    @Test func aLeaveRequestIsEnough() throws {
        let network = try asymmetricCluster()
        try network.join(3)
        try network.run(200)
        try network.leave(1, tellingHost: false)
        try network.run(50)
        for index in [0, 2] {
            #expect(network.nodes[index].viewAddresses == [0, 2].map { ClusterNetwork.address($0) })
        }
        #expect(network.nodes[0].view?.epoch == network.nodes[2].view?.epoch)
    }

    @Test func theCoordinatorLeaves() throws {
        let network = try asymmetricCluster()
        try network.join(4)
        try network.run(200)
        try network.leave(0)
        try network.run(200)
        #expect(network.isSettled())
        #expect(network.nodes[1].isCoordinator)
        try expectConversation(network)
    }

    /// The next one takes over on the coordinator's own word, before the messaging system says anything.
    @Test func theNextTakesOverOnTheCoordinatorsWord() throws {
        let network = try asymmetricCluster()
        try network.join(3)
        try network.run(200)
        try network.leave(0, tellingHost: false)
        try network.run(50)
        #expect(network.nodes[1].isCoordinator)
        #expect(network.nodes[1].view?.epoch == network.nodes[2].view?.epoch)
        #expect(network.nodes[2].view?.members.count == 2)
    }

    @Test func rotationsFollowOneAnother() throws {
        let network = try asymmetricCluster()
        try network.join(4)
        try network.run(200)
        var epochs = Set([network.nodes[0].view?.epoch ?? []])
        for round in 1...50 {
            try network.act(0) { (machine, now) in try machine.rotate(now: now) }
            try network.run(20)
            #expect(network.isSettled(), "round \(round)")
            epochs.insert(network.nodes[0].view?.epoch ?? [])
            if round % 10 == 0 { try expectConversation(network) }
        }
        #expect(epochs.count == 51)
        #expect(network.nodes.allSatisfy { $0.refusals.isEmpty })
    }

    @Test(arguments: 2...5) func componentsMerge(count: Int) throws {
        let network = try asymmetricCluster(seed: UInt64(count))
        for component in 0..<count { try network.join(3, component: component) }
        try network.run(300)
        #expect(network.isSettled())
        #expect(network.components.count == count)
        network.merge()
        try network.run(1_000)
        #expect(network.isSettled())
        #expect(network.nodes[0].view?.members.count == 3 * count)
        try expectConversation(network)
    }

    @Test func componentsPartAndMeetAgain() throws {
        let network = try asymmetricCluster()
        try network.join(6)
        try network.run(300)
        for round in 0..<6 {
            network.split([[0, 2, 4], [1, 3, 5]])
            try network.run(500)
            #expect(network.isSettled(), "round \(round), apart")
            try expectConversation(network)
            network.merge(order: round % 2 == 0 ? [1, 0] : [0, 1])
            try network.run(1_000)
            #expect(network.isSettled(), "round \(round), together")
            try expectConversation(network)
        }
    }

    @Test func aStrangerIsRefusedAndToldSo() throws {
        let network = try asymmetricCluster()
        try network.join(2)
        try network.run(200)
        let stranger = try network.add(identity: 1_000)
        try network.connect([stranger.index])
        try network.run(1_000)
        #expect(network.isSettled(excluding: [stranger.index]))
        #expect(network.nodes[0].notAdmitted == .unknownKey)
        #expect(stranger.refusedByCoordinator == .unknownKey)
        #expect(stranger.view == nil)
    }
}
