import EncryptNetwork
import Primitives
import Testing

@testable import Encrypt

/// What a network does to a cluster, short of an attack.
@Suite struct ClusterTroubleTests {
    private func settled(
        _ network: ClusterNetwork, atMost duration: UInt64 = 60_000, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let isSettled = try network.run(atMost: duration) { network.isSettled() }
        #expect(isSettled, sourceLocation: sourceLocation)
    }

    /// The view that carries the key is lost, the first time, the first two times, and so on: the members ask for it.
    @Test(arguments: 1...6) func theMessageWithTheKeyIsLost(times: Int) throws {
        let network = try asymmetricCluster()
        try network.join(3)
        try network.run(300)
        var lost = 0
        network.filter = { packet in
            guard packet.kind == Packet.viewPart, packet.receiver == 2, lost < times else { return true }
            lost += 1
            return false
        }
        try network.act(0) { (machine, now) in try machine.rotate(now: now) }
        try settled(network)
        #expect(lost == times)
        try expectConversation(network)
    }

    /// The same when it is the first view that a member is to get.
    @Test(arguments: 1...6) func theFirstViewIsLost(times: Int) throws {
        let network = try asymmetricCluster()
        try network.join(2)
        try network.run(300)
        var lost = 0
        network.filter = { packet in
            guard packet.kind == Packet.viewPart, packet.receiver == 2, lost < times else { return true }
            lost += 1
            return false
        }
        try network.join()
        try settled(network)
        #expect(lost == times)
    }

    /// Each kind of control message is lost the first five times, whoever sends it.
    @Test(arguments: [
        Packet.joinRequest, Packet.challenge, Packet.answer, Packet.viewPart, Packet.keyRequest, Packet.announcement,
        Packet.leaveRequest,
    ])
    func controlMessagesAreLost(kind: UInt8) throws {
        let network = try asymmetricCluster(seed: UInt64(kind))
        var lost = 0
        network.filter = { packet in
            guard packet.kind == kind, lost < 5 else { return true }
            lost += 1
            return false
        }
        try network.join(4)
        try settled(network)
        try network.leave(3)
        try network.act(0) { (machine, now) in try machine.rotate(now: now) }
        try network.run(20)
        try settled(network)
        try expectConversation(network)
    }

    /// The coordinator crashes after each of its first packets of a change.
    @Test(arguments: 0..<12) func theCoordinatorCrashesInTheMiddleOfAChange(step: Int) throws {
        let network = try asymmetricCluster(seed: UInt64(step) + 1)
        try network.join(4)
        try network.run(300)
        var sent = 0
        network.filter = { packet in
            guard packet.sender == 0 else { return true }
            sent += 1
            return sent <= step
        }
        try network.join()
        try network.leave(2)
        try network.run(UInt64(2 + step / 2))
        network.crash(0)
        try settled(network)
        #expect(network.nodes[1].isCoordinator)
        try expectConversation(network)
    }

    /// The coordinator, and each that takes over, crashes as soon as it coordinates.
    @Test func oneCoordinatorAfterTheOtherCrashes() throws {
        let network = try asymmetricCluster()
        try network.join(8)
        try network.run(300)
        for index in 0..<6 {
            network.crash(index)
            try network.run(2)
        }
        try settled(network)
        #expect(network.nodes[6].view?.members.count == 2)
        try expectConversation(network)
    }

    /// Eight of ten leave in a row, a few milliseconds after one another, in orders drawn from a seed.
    @Test(arguments: 1...30) func eightOfTenLeave(seed: UInt64) throws {
        let network = try asymmetricCluster(
            seed: seed, conditions: NetworkConditions(loss: 50, duplication: 50, delay: 1...30))
        try network.join(10)
        try settled(network)
        let leavers = network.dice.shuffled(Array(0..<10)).prefix(8)
        for leaver in leavers {
            if network.dice.happens(500) { try network.leave(leaver) } else { network.crash(leaver) }
            try network.run(UInt64(network.dice.below(40)))
        }
        try settled(network)
        #expect(network.connected.count == 2)
        network.conditions = NetworkConditions()
        try network.run(100)
        try expectConversation(network)
    }

    @Test(arguments: 1...20) func membersJoinAndLeaveAtTheSameTime(seed: UInt64) throws {
        let network = try asymmetricCluster(
            seed: seed, conditions: NetworkConditions(loss: 100, duplication: 100, delay: 1...50))
        try network.join(5)
        for _ in 0..<10 {
            try network.run(UInt64(network.dice.below(60)))
            let connected = network.connected.map { $0.index }
            if connected.count > 2, network.dice.happens(500), let leaver = network.dice.pick(connected) {
                try network.leave(leaver)
            } else {
                try network.join()
            }
        }
        try settled(network)
        network.conditions = NetworkConditions()
        try network.run(200)
        try expectConversation(network)
    }

    /// What is sealed under the key before is opened by who has the next one already, and the other way round.
    @Test func recordsOverlapAChange() throws {
        let network = try asymmetricCluster()
        try network.join(3)
        try network.run(300)
        var held: [Packet] = []
        network.filter = { packet in
            guard packet.kind == Packet.viewPart, packet.receiver == 2 else { return true }
            held.append(packet)
            return false
        }
        try network.act(0) { (machine, now) in try machine.rotate(now: now) }
        try network.run(20)
        // The third member is still at the old key; the others have the new one.
        try network.send([1], from: 2)
        try network.send([2], from: 1)
        try network.run(20)
        #expect(network.nodes[0].delivered.map { $0.payload } == [[1], [2]])
        #expect(network.nodes[2].delivered.isEmpty)
        network.filter = nil
        for packet in held { network.inject(packet.bytes, to: 2) }
        try network.run(20)
        #expect(network.nodes[2].delivered.map { $0.payload } == [[2]])
    }

    /// Earlier keys open until their time is over, and no longer.
    @Test func earlierKeysAreForgotten() throws {
        let network = try asymmetricCluster { $0.epochLifetime = 5_000 }
        try network.join(2)
        try network.run(300)
        let early = try network.nodes[1].machine.seal([[1]])
        let late = try network.nodes[1].machine.seal([[2]])
        try network.act(0) { (machine, now) in try machine.rotate(now: now) }
        try network.run(4_000)
        network.inject(early, to: 0)
        try network.run(2_000)
        network.inject(late, to: 0)
        try network.run(100)
        #expect(network.nodes[0].delivered.map { $0.payload } == [[1]])
        #expect(network.nodes[0].refusals == [.unknownEpoch])
    }

    /// While somebody who has left could still open it, nothing is sealed.
    @Test func nothingIsSealedForWhoHasLeft() throws {
        let network = try asymmetricCluster()
        try network.join(3)
        try network.run(300)
        network.filter = { $0.kind != Packet.viewPart }
        try network.leave(2, tellingHost: false)
        try network.run(20)
        #expect(throws: EncryptError.noKey) { try network.send([1], from: 1) }
        network.filter = nil
        try network.run(2_000)
        try network.send([1], from: 1)
        try network.run(20)
        #expect(network.nodes[0].delivered.map { $0.payload } == [[1]])
    }

    /// A member that missed the view in which another joined takes a later one, and asks for the introduction.
    @Test func anIntroductionIsMissing() throws {
        let network = try asymmetricCluster()
        try network.join(6)
        try network.run(300)
        network.filter = { $0.receiver != 5 }
        try network.join()
        try network.run(20)
        network.filter = nil
        // Few enough newcomers, so that the others are named by digest.
        try network.leave(4)
        try settled(network)
        #expect(network.nodes[5].view?.members.count == 6)
        try expectConversation(network)
    }

    /// A thousand are too many for one message: the view comes in parts, and is one.
    @Test func aViewComesInParts() throws {
        let network = try asymmetricCluster { $0.partSize = 1_000 }
        try network.join(12)
        try network.run(500)
        #expect(network.isSettled())
        #expect(network.tape.allSatisfy { $0.bytes.count <= 1_000 })
        let parts = network.tape.filter { $0.kind == Packet.viewPart && $0.receiver == 1 }
        #expect(parts.count >= 4)
        try expectConversation(network)
    }

    /// A member starts again while the messaging system has not noticed that it was gone.
    @Test func aMemberStartsAgainUnnoticed() throws {
        for index in [0, 1] {
            let network = try asymmetricCluster()
            try network.join(3)
            try network.run(300)
            let again = try network.add(identity: index, address: ClusterNetwork.address(index))
            let order = network.components[0].map { $0 == index ? again.index : $0 }
            network.crash(index)
            try network.connect([again.index])
            network.split([order])
            try network.run(20)
            try settled(network)
            try expectConversation(network)
        }
    }

    /// Who asks to leave has the key still: nobody seals from then on until there is another one.
    @Test func nobodySealsForSomebodyWhoLeaves() throws {
        let network = try asymmetricCluster()
        try network.join(4)
        try network.run(300)
        network.filter = { $0.kind != Packet.viewPart }
        try network.leave(3, tellingHost: false)
        try network.run(50)
        #expect(!network.nodes[1].canSeal && !network.nodes[2].canSeal)
        #expect(network.nodes[0].canSeal)
        network.filter = nil
        #expect(try network.run(atMost: 60_000) { network.nodes[1].canSeal && network.nodes[2].canSeal })
        #expect(network.nodes[1].viewAddresses == (0..<3).map { ClusterNetwork.address($0) })
    }

    /// A member has heard that another one is gone, and the coordinator has not: a view that comes meanwhile, of no
    /// members but those of the one before it, has the one that is gone still.
    @Test func nobodySealsForSomebodyWhoIsGoneByItsHostView() throws {
        let network = try asymmetricCluster()
        try network.join(4)
        try network.run(300)
        let addresses = (0..<4).map { ClusterNetwork.address($0) }
        func see(_ places: [Int]) throws {
            try network.act(1) { (machine, now) in try machine.hostView(places.map { addresses[$0] }, now: now) }
        }
        try see([0, 1, 3])
        #expect(!network.nodes[1].canSeal)
        try network.leave(3, tellingHost: false)
        try network.run(50)
        #expect(network.nodes[1].viewAddresses == Array(addresses[..<3]))
        #expect(!network.nodes[1].canSeal && network.nodes[2].canSeal)
        try see([0, 1, 2])
        #expect(network.nodes[1].canSeal)
        try see([0, 1])
        #expect(!network.nodes[1].canSeal)
    }

    @Test func hostViewsAreValidAndDistinctWhateverTheLastOneWas() throws {
        let network = try asymmetricCluster()
        try network.join(3)
        try network.run(300)
        let addresses = (0..<3).map { ClusterNetwork.address($0) }
        let bad = [
            [], [addresses[0]], [addresses[0], addresses[2]], [addresses[1], addresses[1]],
            [addresses[0], addresses[0], addresses[1]], [addresses[0], addresses[1], []],
            addresses + [[UInt8](repeating: 65, count: 65)], addresses + [addresses[0]],
        ]
        for view in bad {
            #expect(throws: EncryptError.badArgument) {
                try network.act(1) { (machine, now) in try machine.hostView(view, now: now) }
            }
        }
        for view in [addresses, Array(addresses[..<2]), [addresses[1]], [addresses[2], addresses[1]]] {
            try network.act(1) { (machine, now) in try machine.hostView(view, now: now) }
        }
    }
}
