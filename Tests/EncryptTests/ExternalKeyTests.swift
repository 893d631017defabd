import Certificates
import EncryptNetwork
import Foundation
import Primitives
import Testing

@testable import Encrypt

/// A cluster whose members fetch their keys over TLS, and the program that does it at each of them.
private final class ExchangingCluster {
    let network: ClusterNetwork
    let rules: CertificateRules
    let date = Int64(Date().timeIntervalSince1970) + 60
    private let credentials: Credentials
    /// Whether the programs fetch.
    var isFetching = true
    /// How fetches failed.
    var failures: [KeyFetchFailure] = []
    var fetched = 0

    /// Each member's certificate, made when it is first needed and kept for its next start.
    private final class Credentials {
        private let authority: Authority
        private var made: [[UInt8]: Credential] = [:]

        init(_ authority: Authority) { self.authority = authority }

        func credential(_ identity: Identity) throws -> Credential {
            if let credential = made[identity.publicKey] { return credential }
            let issued = try authority.issue(identity.name)
            let credential = try Credential(identity: identity, certificate: Members.certified(issued))
            made[identity.publicKey] = credential
            return credential
        }
    }

    init(seed: UInt64 = 1, rekey: RekeyRules = .all, conditions: NetworkConditions = NetworkConditions()) throws {
        let authority = try Authority()
        let credentials = Credentials(authority)
        self.credentials = credentials
        rules = try CertificateRules(store: CertificateStore(anchors: authority.certificate), names: [.memberName])
        let policy = try clusterPolicy()
        network = ClusterNetwork(
            seed: seed, conditions: conditions,
            configuration: { _ in
                EncryptConfiguration(cluster: Array("tests".utf8), keySource: .external(rekey), policy: policy)
            }, credential: { (_, identity) in try credentials.credential(identity) })
    }

    /// Lets time pass, while the programs fetch what is wanted.
    func run(_ duration: UInt64) throws {
        let end = network.now + duration
        while network.now < end {
            try network.run(5)
            guard isFetching else { continue }
            for node in network.connected where node.machine.wantedKey != nil { try fetch(node) }
        }
    }

    func settle(_ duration: UInt64 = 20_000, sourceLocation: SourceLocation = #_sourceLocation) throws {
        let end = network.now + duration
        while network.now < end, !network.isSettled() { try run(50) }
        #expect(network.isSettled(), sourceLocation: sourceLocation)
    }

    /// A member fetches the key that it wants, and supplies it.
    func fetch(_ node: ClusterNode) throws {
        guard let (counter, coordinator) = node.machine.wantedKey,
            let server = network.nodes.last(where: { $0.member == coordinator && $0.part == .connected })
        else { return }
        do throws(KeyFetchFailure) {
            let (served, key) = try fetchKey(counter, by: node, from: server)
            fetched += 1
            // A later view's push may be under way still.
            guard served == counter else { return }
            let bytes = key
            do {
                try network.act(node.index) { (machine, now) in
                    try machine.supplyKey(counter: served, key: SecretBytes(copying: bytes.span), now: now)
                }
            } catch { Issue.record("a fetched key is refused: \(error)") }
        } catch {
            failures.append(error)
        }
    }

    /// One fetch over TLS, to its end.
    func fetchKey(
        _ counter: UInt64, by node: ClusterNode, from server: ClusterNode
    ) throws(KeyFetchFailure) -> (UInt64, [UInt8]) {
        guard let own = try? credentials.credential(node.identity),
            let other = try? credentials.credential(server.identity)
        else { throw .badArgument }
        var limits = KeyFetchLimits()
        limits.attempts = 1
        let fetch = try KeyFetch(
            counter: counter, member: node.member.introduction, coordinator: server.member.introduction,
            credential: own, rules: rules, limits: limits, entropy: .seeded(counter))
        let session = try KeyFetchSession(
            coordinator: server.member.introduction, credential: other, rules: rules, date: date)
        _ = fetch.start(now: 0)
        var actions = fetch.connected(date: date)
        for _ in 0..<20 {
            var bytes: [UInt8] = []
            for action in actions {
                switch action {
                case .send(let more): bytes += more
                case .fetched(let counter):
                    guard let key = fetch.takeKey() else { throw .failed }
                    return (counter, key.withBytes { [UInt8]($0) })
                case .failed(let failure): throw failure
                case .connect, .disconnect: break
                }
            }
            if let request = try session.received(bytes) { try serve(request, session, server) }
            actions = fetch.received(session.takeOutput(), now: 0, date: date)
        }
        throw .timedOut
    }

    private func serve(
        _ request: KeyFetchRequest, _ session: KeyFetchSession, _ server: ClusterNode
    ) throws(KeyFetchFailure) {
        let date = date
        let refusal = try server.machine.serveKey(to: request.member) {
            (member, counter, key) throws(KeyFetchFailure) in
            try session.answer(to: member, counter: counter, key: key, date: date)
        }
        if let refusal { try session.refuse(refusal) }
    }

    /// The key of a member's view, as its coordinator gives it.
    func key(of index: Int, from coordinator: Int) throws -> [UInt8] {
        var bytes: [UInt8] = []
        let digest = network.nodes[index].member.introduction.digest
        let refusal = try network.nodes[coordinator].machine.serveKey(to: digest) {
            (_, _, key) throws(KeyFetchFailure) in bytes = key.withBytes { [UInt8]($0) }
        }
        #expect(refusal == nil)
        return bytes
    }

    func serves(_ node: ClusterNode, _ digest: [UInt8]) -> Bool { node.machine.isCurrentMember(digest) }

    func wanted(by index: Int) -> UInt64? { network.nodes[index].machine.wantedKey?.counter }
}

@Suite struct ExternalKeyTests {
    @Test func membersJoinOneAfterTheOtherAndAllAtOnce() throws {
        let cluster = try ExchangingCluster()
        for _ in 0..<2 {
            try cluster.network.join()
            try cluster.settle()
        }
        try cluster.network.join(3)
        try cluster.settle()
        try expectConversation(cluster.network)
        #expect(cluster.failures == [] && cluster.fetched >= 4)
        let pushes = cluster.network.tape.filter { $0.kind == Packet.viewPart }
        #expect(!pushes.isEmpty)
    }

    @Test(arguments: 1...4) func whatTheNetworkLoses(seed: UInt64) throws {
        let cluster = try ExchangingCluster(
            seed: seed, conditions: NetworkConditions(loss: 150, duplication: 100, delay: 1...30))
        try cluster.network.join(4)
        try cluster.settle(60_000)
        try cluster.network.leave(0)
        try cluster.run(100)
        try cluster.settle(60_000)
    }

    /// The push that says that there is a key to fetch is lost: the member asks, and is told again.
    @Test(arguments: 1...4) func thePushIsLost(times: Int) throws {
        let cluster = try ExchangingCluster()
        try cluster.network.join(3)
        try cluster.settle()
        var lost = 0
        cluster.network.filter = { packet in
            guard packet.kind == Packet.viewPart, packet.receiver == 2, lost < times else { return true }
            lost += 1
            return false
        }
        try cluster.network.act(0) { (machine, now) in try machine.rotate(now: now) }
        try cluster.run(20)
        try cluster.settle()
        #expect(lost == times)
        try expectConversation(cluster.network)
    }

    /// "Any holder of a valid certificate, including a member that left, can fetch the new key."
    @Test(arguments: [true, false]) func whoHasLeftFetchesNothing(hostTells: Bool) throws {
        let cluster = try ExchangingCluster()
        try cluster.network.join(4)
        try cluster.settle()
        let leaver = cluster.network.nodes[2]
        let digest = leaver.member.introduction.digest
        let coordinator = cluster.network.nodes[0]
        #expect(cluster.serves(coordinator, digest))
        let before = try #require(coordinator.view?.counter)
        try cluster.network.leave(2, eavesdropping: hostTells, tellingHost: hostTells)
        try cluster.run(100)
        #expect(try #require(coordinator.view?.counter) > before)
        #expect(!cluster.serves(coordinator, digest))
        // Its certificate is as good as before.
        for counter in before...before + 2 {
            #expect(throws: KeyFetchFailure.refused(.notMember)) {
                try cluster.fetchKey(counter, by: leaver, from: coordinator)
            }
        }
        try cluster.network.send([1, 2, 3], from: 0)
        try cluster.run(100)
        #expect(leaver.delivered.isEmpty && cluster.network.nodes[1].delivered.count == 1)
    }

    @Test func onlyTheCoordinatorServesAndOnlyItsMembers() throws {
        let cluster = try ExchangingCluster()
        try cluster.network.join(2)
        try cluster.settle()
        let stranger = try cluster.network.add(identity: 9)
        let (first, second) = (cluster.network.nodes[0], cluster.network.nodes[1])
        #expect(throws: KeyFetchFailure.refused(.notMember)) { try cluster.fetchKey(1, by: stranger, from: first) }
        #expect(throws: KeyFetchFailure.refused(.wrongCoordinator)) { try cluster.fetchKey(1, by: first, from: second) }
        // It cannot tell the key of a view that there is not yet.
        #expect(throws: KeyFetchFailure.refused(.unknownView)) { try cluster.fetchKey(100, by: second, from: first) }
        #expect(!cluster.serves(first, []) && !cluster.serves(first, [UInt8](repeating: 1, count: 32)))
    }

    @Test func aWrongKeyChangesNothing() throws {
        let cluster = try ExchangingCluster()
        let network = cluster.network
        try network.join(2)
        try cluster.settle()
        cluster.isFetching = false
        let old = try cluster.key(of: 1, from: 0)
        try network.act(0) { (machine, now) in try machine.rotate(now: now) }
        try cluster.run(50)
        let wanted = try #require(cluster.wanted(by: 1))
        let view = network.nodes[1].view
        #expect(network.nodes[1].events.last == .keyWanted(counter: wanted, coordinator: network.nodes[0].member))
        for wrong in [[UInt8](repeating: 0, count: 32), old] {
            #expect(throws: EncryptError.badSeal) { try supply(network, wanted, wrong) }
        }
        #expect(throws: EncryptError.badArgument) { try supply(network, wanted, [1, 2, 3]) }
        let right = try cluster.key(of: 1, from: 0)
        #expect(throws: EncryptError.notAwaited) { try supply(network, wanted + 1, right) }
        #expect(throws: EncryptError.stale) { try supply(network, wanted - 1, right) }
        #expect(network.nodes[1].view == view && cluster.wanted(by: 1) == wanted)
        // Neither does it hold up what is sealed and opened with the keys that there are.
        try network.send([7], from: 1)
        try cluster.run(10)
        #expect(network.nodes[0].delivered.last?.payload == [7])
        try supply(network, wanted, right)
        #expect(cluster.wanted(by: 1) == nil && network.isSettled())
        #expect(throws: EncryptError.stale) { try supply(network, wanted, right) }
        try expectConversation(network)
    }

    private func supply(_ network: ClusterNetwork, _ counter: UInt64, _ key: [UInt8]) throws {
        try network.act(1) { (machine, now) in
            try machine.supplyKey(counter: counter, key: SecretBytes(copying: key.span), now: now)
        }
    }

    /// What was pushed last counts, and nothing else is kept.
    @Test func onlyTheNewestViewIsWanted() throws {
        let cluster = try ExchangingCluster()
        let network = cluster.network
        try network.join(2)
        try cluster.settle()
        cluster.isFetching = false
        var keys: [[UInt8]] = []
        var counters: [UInt64] = []
        for _ in 0..<3 {
            try network.act(0) { (machine, now) in try machine.rotate(now: now) }
            try cluster.run(20)
            keys.append(try cluster.key(of: 1, from: 0))
            counters.append(try #require(cluster.wanted(by: 1)))
        }
        #expect(counters == [counters[0], counters[0] + 1, counters[0] + 2] && keys[0] != keys[1])
        for index in 0..<2 { #expect(throws: EncryptError.stale) { try supply(network, counters[index], keys[index]) } }
        try supply(network, counters[2], keys[2])
        #expect(network.isSettled())
        // What was pushed before does not come back when it is recorded and sent again.
        let recorded = network.tape.filter { $0.kind == Packet.viewPart && $0.receiver == 1 }
        for packet in recorded { network.inject(packet.bytes, to: 1) }
        try cluster.run(50)
        #expect(cluster.wanted(by: 1) == nil && network.isSettled())
    }

    /// A push that comes again is told again, but not each time.
    @Test func theSamePushIsToldOnce() throws {
        let cluster = try ExchangingCluster()
        let network = cluster.network
        try network.join(2)
        try cluster.settle()
        cluster.isFetching = false
        try network.act(0) { (machine, now) in try machine.rotate(now: now) }
        try cluster.run(20)
        let recorded = network.tape.filter { $0.kind == Packet.viewPart && $0.receiver == 1 }.suffix(1)
        let events = network.nodes[1].events.count
        for _ in 0..<10 { for packet in recorded { network.inject(packet.bytes, to: 1) } }
        try cluster.run(20)
        #expect(network.nodes[1].events.count == events)
        // As nothing is fetched, the member asks for the view again and again, and the program is told again.
        try cluster.run(10_000)
        let told = network.nodes[1].events.count - events
        #expect(told >= 1 && told <= 20)
        cluster.isFetching = true
        try cluster.settle()
    }

    /// The coordinator is gone before its key was fetched; the next one makes another view.
    @Test(arguments: 0..<4) func theCoordinatorChangesInTheMiddle(step: Int) throws {
        let cluster = try ExchangingCluster()
        let network = cluster.network
        try network.join(4)
        try cluster.settle()
        cluster.isFetching = false
        try network.act(0) { (machine, now) in try machine.rotate(now: now) }
        try cluster.run(20)
        // Some have fetched before it crashes.
        let served = Array((1...3).prefix(step))
        for index in served { try cluster.fetch(network.nodes[index]) }
        let unserved = network.nodes[3].machine.wantedKey?.counter
        let lateKey = step < 3 ? try cluster.key(of: 3, from: 0) : []
        network.crash(0)
        try network.run(20)
        if step < 3 {
            let counter = try #require(unserved)
            #expect(throws: EncryptError.self) {
                try network.act(3) { (machine, now) in
                    try machine.supplyKey(counter: counter, key: SecretBytes(copying: lateKey.span), now: now)
                }
            }
        }
        cluster.isFetching = true
        try cluster.settle()
        #expect(network.nodes[1].isCoordinator)
        try expectConversation(network)
    }

    @Test func twoComponentsMerge() throws {
        let cluster = try ExchangingCluster()
        try cluster.network.join(2)
        try cluster.network.join(2, component: 1)
        try cluster.settle()
        cluster.network.merge()
        try cluster.run(20)
        try cluster.settle()
        try expectConversation(cluster.network)
    }

    /// A member that was set up for pushed keys, and one for exchanged ones, refuse one another's views.
    @Test func theWayOfTheKeysIsTheSameForAll() throws {
        let pushed = try asymmetricCluster()
        try pushed.join(2)
        try pushed.run(300)
        #expect(throws: EncryptError.badArgument) {
            try pushed.act(1) { (machine, now) in
                try machine.supplyKey(counter: 100, key: SecretBytes(zeros: 32), now: now)
            }
        }
        let isServed = pushed.nodes[0].machine.isCurrentMember(pushed.nodes[1].member.introduction.digest)
        #expect(!isServed)
        #expect(pushed.nodes[1].machine.wantedKey == nil)
    }

    @Test func goldenContent() throws {
        let content = ViewContent(source: .fetch([1, 0xfedc_ba98_7654_3210]), sealedBody: [0xaa, 0xbb, 0xcc])
        let golden: [UInt8] = [
            3, 0, 2, 0, 0, 0, 0, 0, 0, 0, 1, 0xfe, 0xdc, 0xba, 0x98, 0x76, 0x54, 0x32, 0x10, 0, 0, 0, 3, 0xaa, 0xbb,
            0xcc,
        ]
        #expect(content.written() == golden)
        for (tag, isMeant) in [(UInt64(1), true), (0xfedc_ba98_7654_3210, true), (2, false)] {
            let reading = try ViewContent.read(golden[...], for: tag, .x25519)
            #expect(reading == ViewContent.Reading(source: .fetch(isMeant: isMeant), sealedBody: [0xaa, 0xbb, 0xcc]))
        }
        for count in 0..<golden.count {
            #expect(throws: EncryptError.malformed) { try ViewContent.read(golden.prefix(count), for: 1, .rsa) }
        }
        #expect(throws: EncryptError.malformed) { try ViewContent.read((golden + [0])[...], for: 1, .rsa) }
    }
}
