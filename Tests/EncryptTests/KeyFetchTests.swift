import Certificates
import Foundation
import Primitives
import Testing

@testable import Encrypt

/// A member, its coordinator, and everything between them in memory.
private final class Wire {
    static let date = Int64(Date().timeIntervalSince1970) + 60
    let member: Credential
    let introduction: Introduction
    let coordinator: Credential
    let coordinatorIntroduction: Introduction
    let memberRules: CertificateRules
    let coordinatorRules: CertificateRules
    var current: [Introduction]
    var counter: UInt64 = 7
    var now: UInt64 = 1_000
    let secret = [UInt8](0..<32)
    var fetch: KeyFetch
    var date = Wire.date

    init(
        member issued: IssuedCertificate, coordinator coordinatorIssued: IssuedCertificate, memberTrusts: Authority,
        coordinatorTrusts: Authority, memberName: String = "ada", coordinatorName: String = "bob",
        names: [CertificateRules.Name] = [.memberName], coordinatorRevocations: [UInt8] = []
    ) throws {
        member = try Credential(identity: Members.identity(memberName), certificate: Members.certified(issued))
        coordinator = try Credential(
            identity: Members.identity(coordinatorName), certificate: Members.certified(coordinatorIssued))
        introduction = try Members.introduce(member, seed: 1)
        coordinatorIntroduction = try Members.introduce(coordinator, seed: 2)
        memberRules = try CertificateRules(
            store: CertificateStore(anchors: memberTrusts.certificate), names: names)
        coordinatorRules = try CertificateRules(
            store: CertificateStore(
                anchors: coordinatorTrusts.certificate, revocationLists: coordinatorRevocations), names: names)
        current = [introduction, coordinatorIntroduction]
        fetch = try KeyFetch(
            counter: 7, member: introduction, coordinator: coordinatorIntroduction, credential: member,
            rules: memberRules, entropy: .seeded(3))
    }

    convenience init(_ authority: Authority) throws {
        try self.init(
            member: authority.issue("ada"), coordinator: authority.issue("bob"), memberTrusts: authority,
            coordinatorTrusts: authority)
    }

    /// The key that the member has got; it is taken.
    func takenKey() -> [UInt8]? {
        guard let key = fetch.takeKey() else { return nil }
        return key.withBytes { [UInt8]($0) }
    }

    func serverSession() throws -> KeyFetchSession {
        try KeyFetchSession(
            coordinator: coordinatorIntroduction, credential: coordinator, rules: coordinatorRules, date: date)
    }

    /// What the coordinator does with a request.
    func serve(_ request: KeyFetchRequest, _ session: KeyFetchSession) throws(KeyFetchFailure) {
        guard let member = current.first(where: { $0.digest == request.member }) else {
            return try session.refuse(.notMember)
        }
        let bytes = secret
        let key = SecretBytes(copying: bytes.span)
        try session.answer(to: member, counter: counter, key: key, date: date)
    }

    /// One attempt, from the connection on; what came of it. `damage` may change what passes.
    func attempt(
        piece: Int = .max, damage: (_ fromMember: Bool, [UInt8]) -> [UInt8] = { $1 }
    ) throws -> (actions: [KeyFetchAction], server: KeyFetchFailure?) {
        let session = try serverSession()
        var failure: KeyFetchFailure? = nil
        var pending = fetch.connected(date: date)
        var outcome: [KeyFetchAction] = []
        for _ in 0..<50 {
            var toServer: [UInt8] = []
            for action in pending {
                if case .send(let bytes) = action { toServer += damage(true, bytes) } else { outcome.append(action) }
            }
            pending = []
            while !toServer.isEmpty, failure == nil {
                let part = Array(toServer.prefix(piece))
                toServer.removeFirst(part.count)
                do throws(KeyFetchFailure) {
                    if let request = try session.received(part) {
                        try serve(request, session)
                    }
                } catch {
                    failure = error
                }
            }
            let toMember = session.takeOutput()
            if toMember.isEmpty { break }
            for start in stride(from: 0, to: toMember.count, by: min(piece, toMember.count)) {
                let part = Array(toMember[start..<min(toMember.count, start + min(piece, toMember.count))])
                pending += fetch.received(damage(false, part), now: now, date: date)
            }
        }
        return (outcome, failure)
    }
}

@Suite struct KeyFetchTests {
    @Test("a member fetches the key of its view, however the network cuts the bytes", arguments: [Int.max, 1, 100])
    func fetched(piece: Int) throws {
        let wire = try Wire(Authority())
        #expect(wire.fetch.start(now: 0) == [.connect])
        let (actions, failure) = try wire.attempt(piece: piece)
        #expect(actions == [.disconnect, .fetched(counter: 7)] && failure == nil)
        #expect(wire.takenKey() == wire.secret)
        #expect(wire.takenKey() == nil)
        #expect(wire.fetch.deadline == nil && wire.fetch.tick(now: .max) == [])
    }

    @Test("certificates of RSA and Ed25519 work, and chains over an intermediate authority")
    func algorithms() throws {
        let root = try Authority("root")
        let middle = try Authority("middle", under: root)
        let wire = try Wire(
            member: middle.issue("ada", key: .rsa2048), coordinator: root.issue("bob", key: .ed25519),
            memberTrusts: root, coordinatorTrusts: root)
        _ = wire.fetch.start(now: 0)
        #expect(try wire.attempt().actions == [.disconnect, .fetched(counter: 7)])
    }

    @Test("an intermediate authority is an anchor, with its revocation list too")
    func intermediateAnchor() throws {
        let middle = try Authority("middle", under: Authority("root"))
        let (ada, bob) = (try middle.issue("ada"), try middle.issue("bob"))
        for isRevoked in [false, true] {
            if isRevoked { middle.revoke(ada) }
            let wire = try Wire(
                member: ada, coordinator: bob, memberTrusts: middle, coordinatorTrusts: middle,
                coordinatorRevocations: middle.revocationList())
            _ = wire.fetch.start(now: 0)
            let (actions, failure) = try wire.attempt()
            #expect(actions.contains(.fetched(counter: 7)) == !isRevoked)
            #expect(failure == (isRevoked ? .session(.badCertificate(.revoked)) : nil))
        }
    }

    // MARK: - Who is not served

    /// "Any holder of a valid certificate, including a member that left, can fetch the new key."
    @Test("a member that left is refused, and told so for good")
    func left() throws {
        let wire = try Wire(Authority())
        wire.current = [wire.coordinatorIntroduction]
        _ = wire.fetch.start(now: 0)
        #expect(try wire.attempt().actions == [.disconnect, .failed(.refused(.notMember))])
        #expect(wire.takenKey() == nil)
    }

    @Test("a member that left cannot ask in the name of one that is there")
    func impostor() throws {
        let authority = try Authority()
        let wire = try Wire(authority)
        // Eve has a valid certificate, and names Ada's introduction.
        let eve = try Wire(
            member: authority.issue("eve"), coordinator: authority.issue("bob"), memberTrusts: authority,
            coordinatorTrusts: authority, memberName: "eve")
        let session = try wire.serverSession()
        let client = try TLSSession(
            .client, certificate: #require(eve.member.certificate), store: eve.memberRules.store, date: Wire.date)
        try client.receive([])
        var request: KeyFetchRequest? = nil
        var stolen = KeyFetchRequest(
            cluster: Members.cluster, counter: 7, member: wire.introduction.digest,
            coordinator: wire.coordinatorIntroduction.digest)
        var isSent = false
        for _ in 0..<5 {
            request = try session.received(client.takeOutput()) ?? request
            try client.receive(session.takeOutput())
            guard client.isEstablished, !isSent else { continue }
            stolen.signature = try eve.member.identity.sign(stolen.signedBytes(binding: client.binding()))
            try client.write(framed(stolen.bytes, key: SecretBytes(zeros: 0)))
            isSent = true
        }
        #expect(request == stolen)
        #expect(throws: KeyFetchFailure.badSignature) { try wire.serve(stolen, session) }
        #expect(session.takeOutput() == [] && session.isAnswered)
    }

    @Test("a request recorded in one session fits no other")
    func recordedRequest() throws {
        let wire = try Wire(Authority())
        var sessions: [KeyFetchSession] = []
        var clients: [TLSSession] = []
        for _ in 0..<2 {
            let session = try wire.serverSession()
            let client = try TLSSession(
                .client, certificate: #require(wire.member.certificate), store: wire.memberRules.store,
                date: Wire.date)
            try client.receive([])
            for _ in 0..<3 {
                _ = try session.received(client.takeOutput())
                try client.receive(session.takeOutput())
            }
            sessions.append(session)
            clients.append(client)
        }
        #expect(try clients[0].binding() != clients[1].binding())
        var request = KeyFetchRequest(
            cluster: Members.cluster, counter: 7, member: wire.introduction.digest,
            coordinator: wire.coordinatorIntroduction.digest)
        request.signature = try wire.member.identity.sign(request.signedBytes(binding: clients[0].binding()))
        try clients[1].write(framed(request.bytes, key: SecretBytes(zeros: 0)))
        let received = try #require(try sessions[1].received(clients[1].takeOutput()))
        #expect(throws: KeyFetchFailure.badSignature) { try wire.serve(received, sessions[1]) }
    }

    @Test("a certificate of another authority ends the handshake, on either side")
    func wrongAuthority() throws {
        let right = try Authority()
        let wrong = try Authority("wrong")
        let stranger = try Wire(
            member: wrong.issue("ada"), coordinator: right.issue("bob"), memberTrusts: right, coordinatorTrusts: right)
        _ = stranger.fetch.start(now: 0)
        let (actions, failure) = try stranger.attempt()
        #expect(failure == .session(.badCertificate(.untrusted)))
        #expect(actions == [.disconnect])
        #expect(stranger.fetch.deadline != nil)
        let rogue = try Wire(
            member: right.issue("ada"), coordinator: wrong.issue("bob"), memberTrusts: right, coordinatorTrusts: right)
        _ = rogue.fetch.start(now: 0)
        #expect(try rogue.attempt().actions == [.disconnect])
        #expect(rogue.takenKey() == nil)
    }

    @Test("an expired certificate, and a revoked one, end the handshake")
    func expired() throws {
        let authority = try Authority()
        let wire = try Wire(
            member: authority.issue("ada", days: 2), coordinator: authority.issue("bob"), memberTrusts: authority,
            coordinatorTrusts: authority)
        wire.date += 3 * Members.day
        _ = wire.fetch.start(now: 0)
        #expect(try wire.attempt().server == .session(.badCertificate(.expired)))
        let ada = try authority.issue("ada")
        authority.revoke(ada)
        let revoked = try Wire(
            member: ada, coordinator: authority.issue("bob"), memberTrusts: authority, coordinatorTrusts: authority,
            coordinatorRevocations: authority.revocationList())
        _ = revoked.fetch.start(now: 0)
        #expect(try revoked.attempt().server == .session(.badCertificate(.revoked)))
    }

    @Test("a certificate for another name is refused, on either side")
    func wrongName() throws {
        let authority = try Authority()
        let eve = try Wire(
            member: authority.issue("eve"), coordinator: authority.issue("bob"), memberTrusts: authority,
            coordinatorTrusts: authority)
        _ = eve.fetch.start(now: 0)
        let (actions, failure) = try eve.attempt()
        #expect(actions == [.disconnect, .failed(.refused(.notAdmitted))])
        #expect(failure == .notAdmitted(.certificateWrongName))
        let rogue = try Wire(
            member: authority.issue("ada"), coordinator: authority.issue("eve"), memberTrusts: authority,
            coordinatorTrusts: authority)
        _ = rogue.fetch.start(now: 0)
        let asked = try rogue.attempt()
        #expect(asked.actions == [.disconnect] && asked.server == nil)
    }

    /// Whoever has a valid certificate of the coordinator's name is still not that coordinator's identity.
    @Test("an answer that the coordinator's identity did not sign is no answer")
    func rogueCoordinator() throws {
        let authority = try Authority()
        let wire = try Wire(authority)
        let rogue = try Credential(
            identity: Members.identity("eve"), certificate: Members.certified(authority.issue("bob")))
        let session = try KeyFetchSession(
            coordinator: wire.coordinatorIntroduction, credential: rogue, rules: wire.coordinatorRules, date: Wire.date)
        _ = wire.fetch.start(now: 0)
        var actions = wire.fetch.connected(date: Wire.date)
        for _ in 0..<6 {
            var bytes: [UInt8] = []
            for case .send(let part) in actions { bytes += part }
            if let request = try? session.received(bytes) { try? wire.serve(request, session) }
            actions = wire.fetch.received(session.takeOutput(), now: 1, date: Wire.date)
            if actions.contains(.disconnect) { break }
        }
        #expect(actions.last == .disconnect && wire.takenKey() == nil)
    }

    @Test("a view that the coordinator has not come to is asked for again later")
    func unknownView() throws {
        let wire = try Wire(Authority())
        wire.counter = 6
        _ = wire.fetch.start(now: 0)
        #expect(try wire.attempt().actions == [.disconnect])
        wire.counter = 9
        let again = try #require(wire.fetch.deadline)
        #expect(again >= wire.now + 200 && again <= wire.now + 300)
        #expect(wire.fetch.tick(now: again - 1) == [])
        #expect(wire.fetch.tick(now: again) == [.connect])
        #expect(try wire.attempt().actions == [.disconnect, .fetched(counter: 9)])
    }

    // MARK: - Trouble

    @Test("a fetch ends after its attempts, each bounded in time")
    func bounded() throws {
        let wire = try Wire(Authority())
        var now: UInt64 = 0
        var actions = wire.fetch.start(now: now)
        var connects = 0
        for _ in 0..<100 {
            if actions.contains(.connect) { connects += 1 }
            if actions.contains(where: { if case .failed = $0 { true } else { false } }) { break }
            let next = try #require(wire.fetch.deadline)
            #expect(next > now && next <= now + 7_500)
            now = next
            actions = wire.fetch.tick(now: now)
        }
        #expect(connects == 5 && wire.fetch.attempts == 5)
        #expect(actions == [.disconnect, .failed(.timedOut)])
        #expect(now < 5 * 5_000 + 5 * 7_500)
    }

    @Test("a renewed certificate is used from the next attempt on")
    func renewed() throws {
        let authority = try Authority()
        let wire = try Wire(
            member: authority.issue("ada", days: 1), coordinator: authority.issue("bob"), memberTrusts: authority,
            coordinatorTrusts: authority)
        wire.date += 2 * Members.day
        _ = wire.fetch.start(now: 0)
        #expect(try wire.attempt().actions == [.disconnect])
        let renewed = try Credential(
            identity: wire.member.identity, certificate: Members.certified(authority.issue("ada")))
        try wire.fetch.renew(credential: renewed, rules: wire.memberRules)
        #expect(throws: KeyFetchFailure.badArgument) {
            try wire.fetch.renew(
                credential: Credential(identity: wire.member.identity), rules: wire.memberRules)
        }
        #expect(wire.fetch.tick(now: try #require(wire.fetch.deadline)) == [.connect])
        #expect(try wire.attempt().actions == [.disconnect, .fetched(counter: 7)])
    }

    /// The version in the first record and what closes a session are covered by nothing, and matter to nobody.
    @Test("altered bytes never lead to another key, and hardly ever to any")
    func altered() throws {
        let authority = try Authority()
        let wire = try Wire(authority)
        var damagedCount = 0
        var fetchedCount = 0
        for round in 0..<60 {
            wire.fetch = try KeyFetch(
                counter: 7, member: wire.introduction, coordinator: wire.coordinatorIntroduction,
                credential: wire.member, rules: wire.memberRules, entropy: .seeded(3))
            _ = wire.fetch.start(now: 0)
            var position = 37 * round
            var isDamaged = false
            let (actions, _) = try wire.attempt(damage: { (_, bytes) in
                defer { position -= bytes.count }
                guard bytes.indices.contains(position) else { return bytes }
                var altered = bytes
                altered[position] ^= 1 << UInt8(round % 8)
                isDamaged = true
                return altered
            })
            guard isDamaged else { continue }
            damagedCount += 1
            guard actions.contains(.fetched(counter: 7)) else {
                #expect(wire.takenKey() == nil)
                continue
            }
            fetchedCount += 1
            #expect(wire.takenKey() == wire.secret)
        }
        #expect(damagedCount > 40 && fetchedCount <= 2)
    }

    @Test("garbage, and too much of anything, ends a session")
    func garbage() throws {
        let wire = try Wire(Authority())
        for seed in 0..<40 {
            let bytes = try Entropy.seeded(UInt64(seed)).publicBytes(1 + 50 * seed)
            let session = try wire.serverSession()
            // One byte that could begin a record says nothing yet.
            if let request = try? session.received([22, 3, 1] + bytes) { Issue.record("\(request)") }
            #expect(throws: KeyFetchFailure.self) {
                for _ in 0..<20 { _ = try session.received(bytes + [UInt8](repeating: 0, count: 20_000)) }
            }
        }
    }

    @Test("older versions of TLS, and a session without our protocol's name, are refused")
    func oldVersion() throws {
        let wire = try Wire(Authority())
        let session = try wire.serverSession()
        // A hello of TLS 1.2 with one cipher suite and no extensions.
        let hello: [UInt8] =
            [22, 3, 1, 0, 45, 1, 0, 0, 41, 3, 3] + [UInt8](repeating: 7, count: 32) + [0, 0, 2, 0xC0, 0x2F, 1, 0]
        #expect(throws: KeyFetchFailure.session(.badProtocol)) { try session.received(hello) }
    }
}
