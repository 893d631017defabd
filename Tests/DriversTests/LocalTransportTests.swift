import CPlatform
import Drivers
import LocalHub
import Testing

@Suite struct LocalTransportTests {
    @Test("a hub that is not there")
    func absent() throws {
        let room = try Room()
        room.stop()
        #expect(throws: TransportError.unreachable(errno: ENOENT)) { try Member(room.path) }
        close(creat(room.path, 0o600))
        #expect(throws: TransportError.unreachable(errno: ECONNREFUSED)) { try Member(room.path) }
        #expect(throws: TransportError.badAddress) { try Member("") }
        #expect(throws: TransportError.badGroupName) { try Member(room.path, "") }
    }

    @Test("a hub that goes away: one event, the last; joining again gives new ids")
    func lost() throws {
        let room = try Room()
        let members = try room.join(2)
        let before = try members.map { try #require($0.connection) }
        room.stop()
        #expect(room.drive { members.allSatisfy { $0.loss != nil } })
        for member in members {
            #expect(member.loss == .lost(errno: 0))
            #expect(member.multicast([1]) == .notAttached)
            #expect(member.wantedEvents == 0)
            member.process()
            #expect(member.loss == .lost(errno: 0))
        }
        room.members = []
        try room.start()
        let again = try room.join(2)
        let after = try again.map { try #require($0.connection) }
        #expect(Set(before).isDisjoint(with: after))
    }

    @Test("nothing is sent before the hub has answered")
    func early() throws {
        let room = try Room()
        let member = try Member(room.path)
        #expect(member.multicast([1]) == .notAttached)
        #expect(!member.canSend(0))
        #expect(member.payloadLimit == 0)
    }

    @Test("a full queue takes nothing and says so; room comes back by processing")
    func queueFull() throws {
        let room = try Room()
        let member = try Member(room.path, queueLimit: 100_000)
        room.members = [member]
        #expect(room.drive { member.connection != nil })
        let payload = [UInt8](repeating: 1, count: 30_000)
        var accepted = 0
        while member.multicast(payload) == .queued { accepted += 1 }
        #expect(accepted == 3)
        #expect(!member.canSend(payload.count))
        #expect(member.queuedBytes <= 100_000)
        #expect(room.drive { member.messages.count == accepted })
        #expect(member.canSend(payload.count))
        // One that is larger than the whole queue goes alone.
        let large = [UInt8](repeating: 2, count: 200_000)
        #expect(member.multicast(large) == .queued)
        #expect(member.multicast([3]) == .queueFull)
        #expect(room.drive { member.messages.count == accepted + 1 })
    }

    @Test("the reason of a refusal arrives")
    func refused() throws {
        let room = try Room(limits: try HubLimits(clients: 1))
        try room.join(1)
        let second = try Member(room.path)
        room.members.append(second)
        #expect(room.drive { second.loss != nil })
        #expect(second.loss == .refused(.tooManyClients))
        #expect(room.counters?.droppedClients == 1)
    }

    @Test("a pause leaves everything with the hub, and nothing is lost")
    func pause() throws {
        let room = try Room()
        let members = try room.join(2)
        members[1].transport.isReadingPaused = true
        #expect(members[1].wantedEvents == 0)
        for number in 0..<200 { #expect(members[0].multicast([UInt8(number)]) == .queued) }
        #expect(room.drive { members[0].messages.count == 200 })
        #expect(members[1].messages.isEmpty)
        members[1].transport.isReadingPaused = false
        #expect(room.drive { members[1].messages.count == 200 })
        #expect(members[0].messages == members[1].messages)
    }
}
