import CPlatform
import Drivers
import LocalHub
import Primitives
import Testing

@Suite struct HubServerTests {
    @Test("three members agree on one order, their own messages included")
    func conversation() throws {
        let room = try Room()
        let members = try room.join(3)
        for round in 0..<100 {
            for (index, member) in members.enumerated() {
                #expect(member.multicast([UInt8(index), UInt8(round)]) == .queued)
            }
        }
        #expect(room.drive { members.allSatisfy { $0.messages.count == 300 } })
        #expect(members[0].messages == members[1].messages)
        #expect(members[0].messages == members[2].messages)
        for index in 0..<3 {
            let own = members[0].messages.filter { $0[0] == UInt8(index) }.map { $0[1] }
            #expect(own == (0..<100).map { UInt8($0) })
        }
        #expect(room.counters == HubCounters(clients: 3, groups: 1, messages: 300, messageBytes: 600))
    }

    @Test("a unicast reaches its destination alone; the largest message passes, a larger one is not taken")
    func unicastAndLimits() throws {
        let room = try Room()
        let members = try room.join(3)
        let destination = try #require(members[1].connection)
        let limit = members[0].payloadLimit
        #expect(limit == HubWire.payloadLimit)
        let largest = [UInt8](repeating: 7, count: limit)
        #expect(members[0].unicast(largest, to: destination) == .queued)
        #expect(members[0].multicast(largest) == .queued)
        #expect(members[0].multicast(largest + [1]) == .tooLarge)
        #expect(members[0].unicast(largest + [1], to: destination) == .tooLarge)
        #expect(!members[0].canSend(limit + 1))
        #expect(members[0].unicast([1], to: 0) == .noDestination)
        #expect(room.drive { members[1].messages.count == 2 && members[2].messages.count == 1 })
        #expect(members[1].messages == [largest, largest])
        #expect(members[2].messages == [largest])
        #expect(members[0].messages == [largest])
    }

    @Test("a member that detaches has everything ordered first; the others get a configuration")
    func detach() throws {
        let room = try Room()
        let members = try room.join(2)
        for number in 0..<50 { #expect(members[0].multicast([UInt8(number)]) == .queued) }
        members[0].transport.detach()
        #expect(members[0].multicast([1]) == .notAttached)
        #expect(room.drive { members[0].loss != nil && members[1].lastMembers.count == 1 })
        #expect(members[0].loss == .detached)
        #expect(members[1].messages.count == 50)
        let survivor = try #require(members[1].connection)
        let lastIsConfiguration =
            if case .configuration(_, [survivor], [survivor]) = members[1].events.last { true } else { false }
        #expect(lastIsConfiguration)
    }

    @Test("what a member wrote before it died is delivered before the configuration without it")
    func death() throws {
        let room = try Room()
        let members = try room.join(2)
        for number in 0..<50 { #expect(members[0].multicast([UInt8(number)]) == .queued) }
        members[0].transport.process()
        #expect(members[0].queuedBytes == 0)
        room.members.removeFirst()
        _ = consume members
        let survivor = room.members[0]
        #expect(room.drive { survivor.lastMembers.count == 1 })
        #expect(survivor.messages.count == 50)
    }

    @Test("the socket has mode 0600 whatever the umask, and close removes it")
    func permissions() throws {
        for mask: mode_t in [0, 0o077, 0o777] {
            let room = try Room()
            room.stop()
            try onThreadWithOwnUmask(mask) { try room.start() }
            var status = stat()
            #expect(lstat(room.path, &status) == 0)
            #expect(status.st_mode & 0o7777 == 0o600)
            room.stop()
            #expect(lstat(room.path, &status) == -1)
        }
    }

    @Test("a second hub at the same path is refused, and the first is unharmed")
    func addressInUse() throws {
        let room = try Room()
        #expect(throws: HubServerError.addressInUse) { try Self.open(room.path) }
        try room.join(2)
    }

    @Test("a stale socket file is replaced, another file is not")
    func stale() throws {
        let room = try Room()
        room.stop()
        var address = sockaddr_un()
        let path = Array(room.path.utf8CString)
        #expect(conclave_local_address(&address, path, path.count - 1) == 0)
        let descriptor = conclave_local_socket()
        #expect(conclave_bind_local(descriptor, &address) == 0)
        close(descriptor)
        #expect(access(room.path, F_OK) == 0)
        try room.start()
        try room.join(1)
        room.members = []
        room.stop()

        close(creat(room.path, 0o600))
        #expect(throws: HubServerError.fileExists) { try Self.open(room.path) }
        #expect(access(room.path, F_OK) == 0)
    }

    @Test("a hub does not remove a socket that another hub has put in its place")
    func replaced() throws {
        let room = try Room()
        unlink(room.path)
        let second = try Self.open(room.path)
        room.stop()
        #expect(access(room.path, F_OK) == 0)
        second.close()
        #expect(access(room.path, F_OK) == -1)
    }

    @Test("a path that cannot be")
    func badPaths() {
        #expect(throws: HubServerError.badPath) { try Self.open("") }
        #expect(throws: HubServerError.badPath) { try Self.open(String(repeating: "x", count: 108)) }
        #expect(throws: HubServerError.system(errno: ENOENT)) { try Self.open("/tmp/conclave-no-such-directory/hub") }
    }

    @Test("run serves until it is woken")
    func run() async throws {
        let room = try Room()
        room.stop()
        let path = room.path
        let waker = try await withCheckedThrowingContinuation { (started: CheckedContinuation<Waker, any Error>) in
            Task.detached {
                do {
                    let server = try HubServer.open(
                        .path(Array(path.utf8)), limits: try HubLimits(), entropy: Entropy.system())
                    started.resume(returning: server.waker)
                    server.run()
                } catch {
                    started.resume(throwing: error)
                }
            }
        }
        let member = try Member(path)
        room.members = [member]
        #expect(room.drive { member.lastMembers.count == 1 })
        waker.wake()
        #expect(room.drive { member.loss != nil })
        #expect(member.loss == .lost(errno: 0))
    }

    @discardableResult
    static func open(_ path: String) throws -> HubServer {
        try HubServer.open(.path(Array(path.utf8)), limits: try HubLimits(), entropy: Entropy.system())
    }
}
