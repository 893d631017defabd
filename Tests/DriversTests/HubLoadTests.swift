import CPlatform
import Drivers
import LocalHub
import Testing

/// A client that writes what it likes.
final class RawClient {
    let descriptor: Int32

    init(_ path: String) throws {
        descriptor = conclave_local_socket()
        var address = sockaddr_un()
        try #require(conclave_local_address(&address, path, path.utf8.count) == 0)
        try #require(conclave_connect_local(descriptor, &address) == 0)
    }

    deinit { close(descriptor) }

    @discardableResult
    func write(_ bytes: [UInt8]) -> Int { conclave_send(descriptor, bytes, bytes.count) }

    /// What is there now, and whether the stream has ended.
    func read() -> (bytes: [UInt8], hasEnded: Bool) {
        var all: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = conclave_receive(descriptor, &buffer, buffer.count)
            if count <= 0 { return (all, count == 0 || conclave_errno() != EAGAIN) }
            all += buffer[0..<count]
        }
    }
}

@Suite struct HubLoadTests {
    /// Members that send as fast as they are allowed, until each has sent `count` messages of `size` bytes.
    private func exchange(_ room: Room, _ senders: [Member], _ receivers: [Member], count: Int, size: Int) -> Bool {
        var remaining = senders.map { _ in count }
        let payload = [UInt8](repeating: 9, count: size)
        return room.drive(seconds: 60) {
            for index in senders.indices {
                while remaining[index] > 0, senders[index].multicast(payload) == .queued { remaining[index] -= 1 }
            }
            return receivers.allSatisfy { $0.messages.count >= count * senders.count }
        }
    }

    @Test("a slow reader slows its group down, memory stays bounded, and nothing is lost")
    func slowReader() throws {
        let limits = try HubLimits(queueHighWater: 300_000, queueLowWater: 100_000, stuckTimeout: 60_000)
        let room = try Room(limits: limits)
        let members = try room.join(3)
        let slow = members[2]
        slow.isStuck = true
        let payload = [UInt8](repeating: 9, count: 50_000)
        // Nobody takes from the slow one: what hub and sockets hold for it is all that the others can send.
        var accepted = 0
        for _ in 0..<2_000 {
            if members[0].multicast(payload) == .queued { accepted += 1 }
            room.processServer()
            members[0].process()
            members[1].process()
        }
        let delivered = members[1].messages.count
        #expect(delivered < accepted)
        #expect(delivered * payload.count < 300_000 + 1_000_000)
        #expect(members[0].multicast(payload) == .queueFull)
        slow.isStuck = false
        #expect(room.drive { members.allSatisfy { $0.messages.count == accepted } })
        #expect(slow.loss == nil)
    }

    @Test("a stuck member is disconnected and told why; the others get everything")
    func stuckMember() throws {
        let limits = try HubLimits(queueHighWater: 300_000, queueLowWater: 100_000, stuckTimeout: 300)
        let room = try Room(limits: limits)
        let members = try room.join(3)
        members[2].isStuck = true
        #expect(exchange(room, [members[0]], [members[0], members[1]], count: 100, size: 100_000))
        #expect(room.drive { members[0].lastMembers.count == 2 && members[1].lastMembers.count == 2 })
        #expect(members[0].messages == members[1].messages)
        members[2].isStuck = false
        #expect(room.drive { members[2].loss != nil })
        #expect(members[2].messages.count < 100)
        #expect(room.counters?.droppedClients == 1)
    }

    @Test("a malformed client is told why and closed, and its group goes on")
    func malformed() throws {
        let room = try Room()
        let members = try room.join(1)
        for (bytes, reason): ([UInt8], HubRefusal) in [
            ([0, 0, 0, 1, 0x77], .malformedFrame), ([0xff, 0xff, 0xff, 0xff], .frameTooLarge),
            (Array("GET / HTTP/1.1\r\n\r\n".utf8), .frameTooLarge), ([0, 0, 0, 0], .malformedFrame),
            (try HubAttach(version: 9, group: [0x67]).write(), .unsupportedVersion),
            (try HubAttach(group: [0x67]).write() + [0, 0, 0, 1, 0x01], .malformedFrame),
        ] {
            let client = try RawClient(room.path)
            client.write(bytes)
            var received: [UInt8] = []
            #expect(
                room.drive {
                    let (bytes, hasEnded) = client.read()
                    received += bytes
                    return hasEnded
                })
            #expect(received.suffix(6) == HubRefused(reason: reason).write()[...])
            #expect(members[0].multicast([1]) == .queued)
        }
        #expect(room.drive { members[0].messages.count == 6 && members[0].lastMembers.count == 1 })
    }

    @Test("a client that does not attach is closed in time")
    func attachTimeout() throws {
        let room = try Room(limits: try HubLimits(attachTimeout: 100))
        let client = try RawClient(room.path)
        var received: [UInt8] = []
        #expect(
            room.drive {
                let (bytes, hasEnded) = client.read()
                received += bytes
                return hasEnded
            })
        #expect(received == HubRefused(reason: .attachTimeout).write())
    }

    @Test("thirty groups of four members each keep to themselves")
    func manyGroups() throws {
        let room = try Room()
        var groups: [[Member]] = []
        for number in 0..<30 { groups.append(try (0..<4).map { _ in try Member(room.path, "group \(number)") }) }
        room.members = groups.flatMap { $0 }
        #expect(room.drive { room.members.allSatisfy { $0.lastMembers.count == 4 } })
        for (number, group) in groups.enumerated() {
            for member in group {
                for round in 0..<10 { #expect(member.multicast([UInt8(number), UInt8(round)]) == .queued) }
            }
        }
        #expect(room.drive { room.members.allSatisfy { $0.messages.count == 40 } })
        for (number, group) in groups.enumerated() {
            for member in group {
                #expect(member.messages == group[0].messages)
                #expect(member.messages.allSatisfy { $0[0] == UInt8(number) })
            }
        }
        #expect(room.counters?.groups == 30)
    }

    @Test("two hundred members come and go in one group")
    func manyMembers() throws {
        let room = try Room()
        room.members = try (0..<200).map { _ in try Member(room.path) }
        #expect(room.drive { room.members.allSatisfy { $0.lastMembers.count == 200 } })
        for member in room.members.prefix(100) { member.transport.detach() }
        let staying = room.members.suffix(100)
        #expect(room.drive { staying.allSatisfy { $0.lastMembers.count == 100 } })
        #expect(staying.first?.multicast([1]) == .queued)
        #expect(room.drive { staying.allSatisfy { $0.messages.count == 1 } })
    }

    @Test("many large messages of all members at once arrive in one order")
    func crowd() throws {
        let room = try Room()
        let members = try room.join(4)
        #expect(exchange(room, members, members, count: 50, size: HubWire.payloadLimit))
        let senders = members.map { member in
            member.events.compactMap { event in
                if case .message(let sender, _) = event { return sender }
                return UInt64?.none
            }
        }
        #expect(Set(senders).count == 1)
    }

    @Test("a member that died with bytes unread while its group was congested is heard before it departs")
    func deathInCongestion() throws {
        let limits = try HubLimits(queueHighWater: 100_000, queueLowWater: 10_000, stuckTimeout: 60_000)
        let room = try Room(limits: limits)
        let members = try room.join(3)
        let (dying, slow, witness) = (members[0], members[1], members[2])
        slow.isStuck = true
        // Fill the group until the hub no longer reads from the witness.
        let payload = [UInt8](repeating: 1, count: 50_000)
        var fillers = 0
        for _ in 0..<500 {
            if witness.multicast(payload) == .queued { fillers += 1 }
            room.processServer()
            witness.process()
            dying.process()
        }
        #expect(witness.messages.count < fillers)
        #expect(dying.multicast([7, 7, 7]) == .queued)
        dying.process()
        #expect(dying.queuedBytes == 0)
        room.members = [slow, witness]
        _ = consume dying
        _ = consume members
        for _ in 0..<50 { room.processServer() }
        #expect(witness.lastMembers.count == 3)
        slow.isStuck = false
        #expect(room.drive { slow.lastMembers.count == 2 && witness.messages.count == fillers + 1 })
        #expect(witness.messages.contains([7, 7, 7]))
        #expect(slow.messages == witness.messages)
    }
}
