import CPlatform
import Certificates
import Drivers
import Encrypt
import Foundation
import Primitives
import Testing

/// A coordinator with a key server on the loopback interface, and members that fetch from it, on one thread.
private final class KeyRoom {
    static let cluster = Array("orders".utf8)
    static let loopback = Array("127.0.0.1".utf8)
    let authority: Authority
    let coordinator: Credential
    let introduction: Introduction
    let rules: CertificateRules
    let server: KeyServer
    var current: [Introduction] = []
    var counter: UInt64 = 4
    var date = Int64(Date().timeIntervalSince1970) + 60
    var failures: [KeyFetchFailure] = []
    /// How far the server's clock is ahead of the machine's, in milliseconds.
    var ahead: UInt64 = 0

    init(limits: KeyServerLimits = KeyServerLimits()) throws {
        authority = try Authority()
        coordinator = try Self.credential("bob", authority)
        introduction = try Self.introduce(coordinator)
        rules = try Self.rules(authority)
        server = try KeyServer.open(
            address: Self.loopback, port: 0, coordinator: introduction, credential: coordinator, rules: rules,
            limits: limits)
    }

    static func credential(_ name: String, _ authority: Authority, days: Int = 10) throws -> Credential {
        let issued = try authority.issue(name, days: days)
        let key = try CertificateKey(pem: SecretBytes(copying: issued.privateKey.span))
        return try Credential(
            identity: Identity.generate(name: name), certificate: CertifiedKey(chain: issued.chain, key: key))
    }

    static func introduce(_ credential: Credential) throws -> Introduction {
        try credential.introduce(cluster: cluster, address: [1], entropy: .system()).introduction
    }

    static func rules(_ authority: Authority) throws -> CertificateRules {
        try CertificateRules(store: CertificateStore(anchors: authority.certificate), names: [.memberName])
    }

    /// A member that begins to fetch.
    func member(
        _ name: String, by authority: Authority? = nil, days: Int = 10, isCurrent: Bool = true, attempts: Int = 2,
        port: UInt16? = nil
    ) throws -> KeyConnector {
        let credential = try Self.credential(name, authority ?? self.authority, days: days)
        let member = try Self.introduce(credential)
        if isCurrent { current.append(member) }
        var limits = KeyFetchLimits()
        limits.attempts = attempts
        limits.firstPause = 20
        limits.attemptTime = 2_000
        let fetch = try KeyFetch(
            counter: 4, member: member, coordinator: introduction, credential: credential, rules: rules,
            limits: limits, entropy: .system())
        let connector = try KeyConnector.open(address: Self.loopback, port: port ?? server.port, fetch: fetch)
        connector.start(now: conclave_monotonic_milliseconds())
        return connector
    }

    /// Serves everybody until something holds, for some seconds at most; whether it does.
    func drive(_ connectors: [KeyConnector], seconds: UInt64 = 10, until isDone: () -> Bool) -> Bool {
        let end = conclave_monotonic_milliseconds() + seconds * 1_000
        while !isDone() {
            let now = conclave_monotonic_milliseconds()
            guard now < end else { return false }
            var watched = (connectors.map { $0.descriptor } + [server.descriptor]).map {
                pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
            }
            _ = poll(&watched, UInt(watched.count), 10)
            for connector in connectors where connector.outcome == nil { connector.process(now: now, date: date) }
            server.process(now: now + ahead, date: date)
            while let waiting = server.nextRequest() { serve(waiting) }
        }
        return true
    }

    private func serve(_ waiting: KeyServerRequest) {
        do throws(KeyFetchFailure) {
            guard let member = current.first(where: { $0.digest == waiting.request.member }) else {
                return try server.refuse(waiting.connection, .notMember)
            }
            let secret = [UInt8](0..<32)
            let key = SecretBytes(copying: secret.span)
            try server.answer(waiting.connection, to: member, counter: counter, key: key, date: date)
        } catch {
            failures.append(error)
        }
    }

    func finish(_ connectors: KeyConnector..., seconds: UInt64 = 10) -> Bool {
        drive(connectors, seconds: seconds) { connectors.allSatisfy { $0.outcome != nil } }
    }

    /// A connection that somebody opens and then does with it as it likes.
    func openConnection() throws -> Int32 {
        var address = conclave_internet_address()
        #expect(conclave_make_internet_address(&address, "127.0.0.1", server.port) == 0)
        let socket = conclave_internet_socket(&address)
        #expect(socket >= 0 && conclave_connect_internet(socket, &address) == 0)
        return socket
    }
}

@Suite struct KeyServerTests {
    private static func key(_ connector: KeyConnector) -> [UInt8]? {
        guard let key = connector.fetch.takeKey() else { return nil }
        return key.withBytes { [UInt8]($0) }
    }

    @Test("members fetch the key of the view over TCP, several at once")
    func fetched() throws {
        let room = try KeyRoom()
        let members = try (0..<6).map { (number) throws in try room.member("member\(number)") }
        #expect(room.drive(members) { members.allSatisfy { $0.outcome != nil } })
        for member in members {
            #expect(member.outcome == .fetched(counter: 4))
            #expect(Self.key(member) == [UInt8](0..<32))
            #expect(member.deadline == nil && member.fetch.attempts == 1)
        }
        #expect(room.server.answered == 6 && room.server.connectionCount == 0)
        #expect(room.server.nextRequest() == nil && room.server.deadline == nil)
    }

    @Test("a member that left, with a certificate that is still valid, gets nothing")
    func left() throws {
        let room = try KeyRoom()
        let gone = try room.member("ada", isCurrent: false)
        #expect(room.finish(gone))
        #expect(gone.outcome == .failed(.refused(.notMember)) && gone.fetch.attempts == 1)
        #expect(Self.key(gone) == nil && room.server.answered == 0)
    }

    @Test("who wants the key of a later view gets none, and is not counted among those who did")
    func laterView() throws {
        let room = try KeyRoom()
        room.counter = 3
        let member = try room.member("ada", attempts: 1)
        #expect(room.finish(member))
        #expect(member.outcome == .failed(.refused(.unknownView)) && Self.key(member) == nil)
        #expect(room.server.answered == 0 && room.server.failed == 1)
    }

    @Test("a certificate of another authority, or an expired one, gets nothing, and is tried no more than allowed")
    func untrusted() throws {
        let room = try KeyRoom()
        let stranger = try room.member("ada", by: Authority("other"))
        let late = try room.member("late", days: 2)
        room.date += 3 * 86_400
        #expect(room.finish(stranger, late))
        for member in [stranger, late] {
            guard case .failed = member.outcome else {
                Issue.record("\(String(describing: member.outcome))")
                continue
            }
            #expect(member.fetch.attempts == 2 && Self.key(member) == nil)
        }
        #expect(room.server.answered == 0)
    }

    @Test("a certificate for another name gets nothing")
    func otherName() throws {
        let room = try KeyRoom()
        let eve = try KeyRoom.credential("eve", room.authority)
        let identity = try Credential(identity: Identity.generate(name: "ada"), certificate: eve.certificate)
        let member = try KeyRoom.introduce(identity)
        room.current.append(member)
        let fetch = try KeyFetch(
            counter: 4, member: member, coordinator: room.introduction, credential: identity, rules: room.rules,
            entropy: .system())
        let connector = try KeyConnector.open(address: KeyRoom.loopback, port: room.server.port, fetch: fetch)
        connector.start(now: conclave_monotonic_milliseconds())
        #expect(room.finish(connector))
        #expect(connector.outcome == .failed(.refused(.notAdmitted)))
        #expect(room.failures == [.notAdmitted(.certificateWrongName)])
    }

    /// The original had one thread that accepted: who connected and said nothing held up everybody.
    @Test("connections that say nothing, or half of something, hold up nobody")
    func halfOpen() throws {
        var limits = KeyServerLimits()
        limits.connections = 8
        limits.connectionTime = 60_000
        let room = try KeyRoom(limits: limits)
        let silent = try (0..<30).map { (_) throws in try room.openConnection() }
        defer { for socket in silent { close(socket) } }
        // Half of a hello.
        for socket in silent.suffix(4) { _ = conclave_send(socket, [22, 3, 1, 2, 0, 1, 0] as [UInt8], 7) }
        #expect(room.drive([]) { room.server.accepted == 30 })
        #expect(room.server.connectionCount == 8)
        let member = try room.member("ada", attempts: 1)
        #expect(room.finish(member))
        #expect(member.outcome == .fetched(counter: 4))
        // It took the place of the oldest; the others are still silent.
        #expect(room.drive([]) { room.server.connectionCount == 7 })
        // Their time ends as well.
        room.ahead = 60_000
        #expect(room.drive([]) { room.server.connectionCount == 0 })
    }

    @Test("garbage ends its own connection alone")
    func garbage() throws {
        let room = try KeyRoom()
        var sockets: [Int32] = []
        for seed in 0..<10 {
            let socket = try room.openConnection()
            let bytes = try Entropy.seeded(UInt64(seed)).publicBytes(3_000)
            sockets.append(socket)
            #expect(room.drive([]) { room.server.accepted == UInt64(seed + 1) })
            #expect(conclave_send(socket, bytes, bytes.count) == bytes.count)
        }
        defer { for socket in sockets { close(socket) } }
        let member = try room.member("ada", attempts: 1)
        #expect(room.finish(member))
        #expect(member.outcome == .fetched(counter: 4))
        #expect(room.drive([]) { room.server.connectionCount == 0 })
        #expect(room.server.failed == 10)
    }

    @Test("where nobody listens the fetch tries again, and ends after its attempts")
    func nobody() throws {
        let room = try KeyRoom()
        let free: UInt16
        do {
            let other = try KeyServer.open(
                address: KeyRoom.loopback, port: 0, coordinator: room.introduction, credential: room.coordinator,
                rules: room.rules)
            free = other.port
        }
        let member = try room.member("ada", attempts: 3, port: free)
        #expect(room.finish(member))
        #expect(member.outcome == .failed(.disconnected) && member.fetch.attempts == 3)
    }

    @Test("a server that falls silent is given up after the time of an attempt")
    func silentServer() throws {
        let room = try KeyRoom()
        let before = conclave_monotonic_milliseconds()
        let member = try room.member("ada", attempts: 1)
        let after = conclave_monotonic_milliseconds()
        var now = after
        // Nobody lets the server work. The member's clock goes on by itself, in steps of ten milliseconds.
        while member.outcome == nil, now < after + 5_000 {
            now += 10
            member.process(now: now, date: room.date)
        }
        #expect(member.outcome == .failed(.timedOut))
        #expect(now >= before + 2_000 && now <= after + 2_010)
    }

    @Test("a renewed certificate of the coordinator is shown to who connects from then on")
    func renewed() throws {
        let room = try KeyRoom()
        let old = try room.member("ada")
        #expect(room.finish(old))
        room.date += 11 * 86_400
        let late = try room.member("bea", days: 20, attempts: 1)
        #expect(room.finish(late))
        #expect(late.outcome == .failed(.session(.badCertificate(.expired))))
        let issued = try room.authority.issue("bob", days: 25)
        let key = try CertificateKey(pem: SecretBytes(copying: issued.privateKey.span))
        let renewed = try Credential(
            identity: room.coordinator.identity, certificate: CertifiedKey(chain: issued.chain, key: key))
        room.server.renew(credential: renewed, rules: room.rules)
        let next = try room.member("cat", days: 20)
        #expect(room.finish(next))
        #expect(next.outcome == .fetched(counter: 4))
    }

    @Test("addresses that are none are refused")
    func addresses() throws {
        let room = try KeyRoom()
        for text in ["", "localhost", "127.0.0.1:80", "1.2.3", "::g"] {
            #expect(throws: KeyServerError.badAddress) {
                try KeyServer.open(
                    address: Array(text.utf8), port: 0, coordinator: room.introduction, credential: room.coordinator,
                    rules: room.rules)
            }
        }
        #expect(throws: KeyServerError.system(errno: EADDRINUSE)) {
            try KeyServer.open(
                address: KeyRoom.loopback, port: room.server.port, coordinator: room.introduction,
                credential: room.coordinator, rules: room.rules)
        }
    }
}
