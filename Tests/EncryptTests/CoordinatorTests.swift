import Certificates
import EncryptNetwork
import Foundation
import Primitives
import Testing

@testable import Encrypt

/// What a coordinator does when something has gone wrong with its members, its keys or their numbers.
@Suite struct CoordinatorTests {
    private static let clusterName = Array("tests".utf8)
    private static let keyName = Array("key".utf8)

    private static func ring(isActive: Bool) throws -> KeyRing {
        var ring = KeyRing()
        try ring.add(keyName, SecretBytes(copying: [UInt8](repeating: 1, count: 32).span))
        if isActive { try ring.activate(keyName) }
        return ring
    }

    private static func symmetricCluster(isActive: Bool = true) throws -> ClusterNetwork {
        let policy = try clusterPolicy()
        return ClusterNetwork(
            seed: 1,
            configuration: { _ in
                EncryptConfiguration(cluster: clusterName, keySource: .keyStore, policy: policy)
            }, keyRing: { _ in try ring(isActive: isActive) })
    }

    // MARK: - Who is in

    /// Two are challenged for one address, and the one who does not have it answers last, or first.
    @Test(arguments: [false, true]) func twoAreChallengedForOneAddress(insiderIsFirst: Bool) throws {
        let network = try asymmetricCluster()
        try network.join(2)
        try network.run(300)
        let member = try network.add()
        let insider = try network.add(identity: 5, address: member.address)
        network.filter = { $0.kind != Packet.joinRequest && $0.kind != Packet.answer }
        try network.connect([member.index])
        try network.run(5)
        var answers: [[UInt8]] = []
        for node in [insider, member] {
            let start = network.tape.count
            let request = JoinRequest(
                introduction: node.member.introduction.bytes, nonce: try node.machine.freshRequestNonce()
            ).written(node.machine.cluster)
            if node === insider { _ = try node.machine.start(now: network.now) }
            network.inject(request, to: 0)
            try network.run(2)
            let challenge = try #require(network.tape[start...].first { $0.kind == Packet.challenge })
            let action = try #require(node.machine.received(challenge.bytes, now: network.now).first)
            guard case .send(_, let answer) = action else { throw EncryptError.notAwaited }
            answers.append(answer)
        }
        let (first, second) = insiderIsFirst ? (insider, member) : (member, insider)
        if !insiderIsFirst { answers.reverse() }
        for answer in answers {
            network.inject(answer, to: 0)
            try network.run(100)
        }
        #expect(network.nodes[0].view?.place(of: first.member.digest) == 2)
        #expect(network.nodes[0].view?.place(of: second.member.digest) == nil)
        #expect(network.nodes[0].refusals.last == .notAdmitted(.other))
    }

    /// Nobody asks for a policy again, and a certificate expires: the next view is without its owner, and the others
    /// install it.
    @Test func aCertificateExpiresWhileItsOwnerIsIn() throws {
        let authority = try Authority()
        let rules = try CertificateRules(store: CertificateStore(anchors: authority.certificate), names: [.anyName])
        let network = ClusterNetwork(
            seed: 1,
            configuration: { _ in
                EncryptConfiguration(
                    cluster: Self.clusterName, keySource: .coordinator(.all), policy: .certificates(rules))
            },
            credential: { (index, identity) in
                let issued = try authority.issue(identity.name, days: index == 1 ? 2 : 20)
                return try Credential(identity: identity, certificate: Members.certified(issued))
            })
        for _ in 0..<4 { try network.add() }
        let date = UInt64(Date().timeIntervalSince1970) + 60
        func setClock(days: UInt64) {
            for node in network.nodes { node.machine.setWallClock(date + days * 86_400, now: network.now) }
        }
        setClock(days: 0)
        try network.connect([0, 1, 2, 3])
        try network.run(300)
        #expect(network.isSettled())
        setClock(days: 3)
        try network.run(61_000)
        #expect(network.isSettled())
        try network.leave(3)
        try network.run(2_000)
        #expect(network.isSettled(excluding: [1]))
        #expect(network.nodes[0].events.contains(.notAdmitted(network.nodes[1].member, .certificateExpired)))
        #expect(network.nodes[2].notAdmitted == nil)
        #expect(network.nodes[1].refusedByCoordinator == .certificateExpired)
    }

    /// Whose policy has changed while another member coordinated takes over: it leaves out whom it does not admit.
    @Test func whoTakesOverAsksItsOwnPolicy() throws {
        let network = try asymmetricCluster()
        try network.join(4)
        try network.run(300)
        var store = TrustStore()
        for index in [0, 1, 3] { try store.add(try ClusterNetwork.identity(index).publicKey, label: "") }
        for index in [1, 3] {
            try network.act(index) { (machine, now) in try machine.setPolicy(.acceptedKeys(store), now: now) }
        }
        try network.run(1_000)
        #expect(network.nodes[1].view?.members.count == 4)
        network.crash(0)
        try network.run(2_000)
        #expect(network.nodes[1].isCoordinator)
        #expect(network.isSettled(excluding: [2]))
        #expect(network.nodes[1].events.contains(.notAdmitted(network.nodes[2].member, .unknownKey)))
    }

    /// More newcomers than are compared one by one: the same member twice, or two at one address, are no view.
    @Test(arguments: [false, true]) func manyNewcomersOfWhichTwoAreOne(isSameMember: Bool) throws {
        let network = try asymmetricCluster()
        try network.join(1)
        try network.run(100)
        let receiver = network.nodes[0]
        var others = try (0..<8).map { (_) throws in try network.add() }
        others.append(isSameMember ? others[3] : try network.add(identity: 20, address: others[3].address))
        let coordinator = others[0]
        let secret = SecretBytes(copying: [UInt8](repeating: 9, count: Epoch.secretSize).span)
        func push(_ members: [ClusterNode]) throws -> [EncryptAction] {
            let context = PushContext(
                cluster: receiver.machine.cluster, counter: (receiver.view?.counter ?? 0) + 1,
                coordinator: coordinator.member.digest,
                push: try coordinator.machine.entropy.publicBytes(EncryptWire.nonceSize))
            let wrapper = try KeyWrapper(kind: .x25519, entropy: .seeded(9))
            let wrap = ViewContent.Wrap(
                tag: receiver.member.digest.tag,
                wrapped: try wrapper.wrap(
                    secret, to: receiver.member.introduction.wrappingKey,
                    context: context.wrapping(for: receiver.member.digest)))
            let body = ViewBody(entries: (members + [receiver]).map { .introduction($0.member.introduction.bytes) })
            let content = ViewContent(
                source: .wraps([ViewContent.WrapList(kind: .x25519, shared: wrapper.shared, wraps: [wrap])]),
                sealedBody: try body.sealed(under: secret, push: context))
            let parts = try ViewPart.signed(
                content.written(), counter: context.counter, coordinator: context.coordinator, push: context.push,
                size: 60_000, context.cluster, by: coordinator.identity)
            return receiver.machine.received(parts[0], now: network.now)
        }
        _ = try receiver.machine.hostView([coordinator.address, receiver.address], now: network.now)
        receiver.machine.challengers = [coordinator.member]
        #expect(try push(others) == [.refused(.malformed)])
        _ = try push(others.dropLast())
        #expect(receiver.view?.members.count == 9)
    }

    // MARK: - Views that cannot be made

    /// A key ring without an active key: what is due stays due, and the program is not called without a pause.
    @Test func aViewThatCannotBeMadeIsTriedAgainLater() throws {
        let node = try Self.symmetricCluster(isActive: false).add()
        _ = try node.machine.start(now: 0)
        #expect(throws: EncryptError.noKey) { try node.machine.hostView([node.address], now: 0) }
        // A record of an epoch that will not come: that it was dropped is told although nothing else succeeds.
        var record = [UInt8](repeating: 0, count: RecordHeader.overhead)
        let header = RecordHeader(flags: [], epoch: EpochIdentifier([UInt8](1...16)), place: 1, number: 1)
        unsafe record.withUnsafeMutableBytes { (bytes) in
            if let start = bytes.baseAddress { unsafe header.write(to: start) }
        }
        #expect(node.machine.received(record, now: 0) == [.refused(.unknownEpoch)])
        var dropped: [EncryptAction] = []
        var failures = 0
        var ticks = 0
        while let now = node.machine.deadline, now <= 61_000, ticks < 1_000 {
            ticks += 1
            do { dropped += try node.machine.tick(now: now) } catch { failures += 1 }
        }
        #expect((100...130).contains(ticks))
        #expect(failures + 1 == ticks)
        #expect(dropped == [.event(.recordsDropped(1))])
        try node.machine.setKeyRing(try Self.ring(isActive: true), now: 61_500)
        let actions = try node.machine.tick(now: 61_500)
        #expect(node.machine.view?.counter == 1)
        #expect(actions.count == 1)
    }

    /// The view that there is is announced on, although no other can be made.
    @Test func theCurrentViewIsAnnouncedWhileNoOtherCanBeMade() throws {
        let network = try Self.symmetricCluster()
        try network.join(3)
        try network.run(300)
        #expect(network.isSettled())
        let node = network.nodes[0]
        try node.machine.setKeyRing(try Self.ring(isActive: false), now: network.now)
        // The third one is gone, and another has not introduced itself yet.
        let addresses = [0, 1, 4].map { ClusterNetwork.address($0) }
        #expect(try node.machine.hostView(addresses, now: network.now) == [])
        var announced = 0
        var ticks = 0
        while let now = node.machine.deadline, now <= network.now + 10_000, ticks < 100 {
            ticks += 1
            guard let actions = try? node.machine.tick(now: now) else { continue }
            for case .send(.everyone, let bytes) in actions where bytes[1] == Packet.announcement { announced += 1 }
        }
        #expect(announced >= 3)
    }

    /// The repetition of a leave request is not looked at: what it says is told the first time.
    @Test func aLeaveIsToldAlthoughNoViewCanBeMade() throws {
        let network = try Self.symmetricCluster()
        try network.join(3)
        try network.run(300)
        let node = network.nodes[0]
        try node.machine.setKeyRing(try Self.ring(isActive: false), now: network.now)
        let leaver = network.nodes[2]
        guard case .send(_, let request)? = try leaver.machine.leave(now: network.now).first else {
            throw EncryptError.notAwaited
        }
        let actions = node.machine.received(request, now: network.now)
        #expect(actions == [.event(.memberLeaves(leaver.member)), .refused(.noKey)])
        #expect(node.machine.received(request, now: network.now) == [.refused(.replayed)])
    }

    // MARK: - Numbers

    /// A component that is many claims ahead is let in, one step after the other.
    @Test func aComponentWithGreatNumbersIsLetIn() throws {
        let network = try asymmetricCluster()
        try network.join(2)
        try network.join(2, component: 1)
        try network.run(300)
        network.nodes[2].machine.highestCounter = 5 * HeldView.claimStep
        try network.act(2) { (machine, now) in try machine.rotate(now: now) }
        try network.run(300)
        #expect(network.nodes[3].view.map { $0.counter > 5 * HeldView.claimStep } == true)
        network.merge()
        let isSettled = try network.run(atMost: 120_000) { network.isSettled() }
        #expect(isSettled)
        #expect(network.nodes[0].view?.members.count == 4)
    }

    @Test func numbersBeyondTheLastOneAreMalformed() throws {
        let network = try asymmetricCluster()
        let node = try network.add()
        let cluster = node.machine.cluster
        for (counter, isRead) in [(HeldView.counterLimit, true), (HeldView.counterLimit + 1, false), (.max, false)] {
            let parts = try ViewPart.signed(
                [1], counter: counter, coordinator: node.member.digest, push: [UInt8](repeating: 1, count: 16),
                size: 1_000, cluster, by: node.identity)
            #expect(((try? ViewPart.read(parts[0], cluster)) != nil) == isRead)
            let announcement = try Announcement(
                coordinator: node.member.digest, counter: counter, epoch: [UInt8](repeating: 1, count: 16)
            ).signed(cluster, by: node.identity)
            #expect(((try? Announcement.read(announcement, cluster)) != nil) == isRead)
        }
    }

    /// Who does not coordinate gets no memory for good: not with the greatest number either.
    @Test func aPartOfAViewIsNotKeptForEver() throws {
        let network = try asymmetricCluster()
        try network.join(3)
        try network.run(300)
        let insider = network.nodes[1]
        for number in 1...10 {
            let parts = try ViewPart.signed(
                [UInt8](repeating: 1, count: 2_000), counter: HeldView.counterLimit,
                coordinator: insider.member.digest, push: [UInt8](repeating: UInt8(number), count: 16), size: 1_000,
                insider.machine.cluster, by: insider.identity)
            network.inject(parts[0], to: 2)
        }
        try network.run(100)
        #expect(network.nodes[2].machine.assemblies.count == ViewAssembly.earlyLimit)
        try network.run(60_000)
        #expect(network.nodes[2].machine.assemblies.isEmpty)
    }

    // MARK: - Leaving

    /// With the private wrapping key of a start every recorded push to it opens.
    @Test func whoLeavesKeepsNoKey() throws {
        let network = try asymmetricCluster()
        try network.join(2)
        try network.run(300)
        let node = network.nodes[1]
        weak let keys = node.machine.wrappingKeys
        weak let secret = node.machine.installed?.secret
        #expect(keys != nil && secret != nil)
        _ = try node.machine.leave(now: network.now)
        #expect(keys == nil && secret == nil)
        #expect(node.machine.requestNonces.isEmpty && node.machine.challengers.isEmpty)

        let other = try Self.symmetricCluster()
        try other.join(2)
        try other.run(300)
        let second = other.nodes[1]
        _ = try second.machine.leave(now: other.now)
        #expect(second.machine.keyRing == nil)
        let ring = try Self.ring(isActive: true)
        #expect(throws: EncryptError.hasLeft) { try second.machine.setKeyRing(ring, now: other.now) }
    }
}
