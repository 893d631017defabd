import LocalHub
import Testing

/// Short names for the dialogues below.
func attach(_ group: String = "g") throws -> [UInt8] { try HubAttach(group: Array(group.utf8)).write() }
func multicast(_ payload: [UInt8]) throws -> [UInt8] { try HubMulticast(payload: payload[...]).write() }
func unicast(_ destination: UInt64, _ payload: [UInt8]) throws -> [UInt8] {
    try HubUnicast(destination: destination, payload: payload[...]).write()
}
func attached(_ id: UInt64) throws -> [UInt8] {
    try HubAttached(connection: id, frameLimit: HubWire.frameLimit).write()
}
func configuration(_ id: UInt64, _ members: [UInt64], _ transitional: [UInt64]) throws -> [UInt8] {
    try HubConfiguration(id: id, members: members, transitional: transitional).write()
}
func message(_ sender: UInt64, _ payload: [UInt8], to destination: UInt64 = 0) throws -> [UInt8] {
    try HubMessage(sender: sender, destination: destination, payload: payload[...]).write()
}
func refused(_ reason: HubRefusal) -> [UInt8] { HubRefused(reason: reason).write() }

let (a, b, c, d) = (
    HubConnection(slot: 0), HubConnection(slot: 1), HubConnection(slot: 2), HubConnection(slot: 3)
)

extension HubSequencer {
    /// Connects and attaches a client and drains what it is sent, so that a dialogue can begin with members.
    mutating func join(_ connection: HubConnection, _ group: String = "g", now: UInt64 = 0) throws {
        #expect(connected(connection, now: now) == [])
        for action in received(connection, try attach(group)[...], now: now) {
            if case .send(let receiver, let bytes) = action {
                #expect(drained(receiver, byteCount: bytes.count, now: now) == [])
            }
        }
    }
}

@Suite struct SequencerTests {
    @Test("members come and go; each is told, in the order of the group")
    func membership() throws {
        var hub = HubSequencer(limits: try HubLimits(), seed: 0)
        #expect(hub.connected(a, now: 0) == [])
        #expect(
            hub.received(a, try attach()[...], now: 0) == [
                .send(a, bytes: try attached(1)), .send(a, bytes: try configuration(1, [1], [1])),
            ])
        #expect(hub.connected(b, now: 0) == [])
        #expect(
            hub.received(b, try attach()[...], now: 0) == [
                .send(b, bytes: try attached(2)), .send(a, bytes: try configuration(2, [1, 2], [1])),
                .send(b, bytes: try configuration(2, [1, 2], [2])),
            ])
        #expect(
            hub.received(b, try multicast([7])[...], now: 0) == [
                .send(a, bytes: try message(2, [7])), .send(b, bytes: try message(2, [7])),
            ])
        #expect(
            hub.received(b, try unicast(1, [8])[...], now: 0) == [.send(a, bytes: try message(2, [8], to: 1))])
        #expect(
            hub.received(b, try unicast(2, [9])[...], now: 0) == [.send(b, bytes: try message(2, [9], to: 2))])
        #expect(hub.gone(a, now: 0) == [.send(b, bytes: try configuration(3, [2], [2]))])
        #expect(
            hub.received(b, try unicast(1, [8])[...], now: 0) == [.ignored(b, reason: .destinationGone(1))])
        #expect(hub.received(b, HubDetach().write()[...], now: 0) == [.close(b, reason: .detached)])
        let counters = hub.counters
        #expect(counters == HubCounters(messages: 3, messageBytes: 3))
        #expect(hub.received(b, try multicast([1])[...], now: 0) == [.ignored(b, reason: .unknownConnection)])
    }

    @Test("connection ids start with the seed and are never used twice; configuration ids grow")
    func ids() throws {
        var hub = HubSequencer(limits: try HubLimits(), seed: 0x8000_0005)
        #expect(hub.connected(a, now: 0) == [])
        #expect(hub.received(a, try attach()[...], now: 0).first == .send(a, bytes: try attached(0x5_0000_0001)))
        #expect(hub.received(a, HubDetach().write()[...], now: 0) == [.close(a, reason: .detached)])
        #expect(hub.connected(a, now: 0) == [])
        #expect(
            hub.received(a, try attach()[...], now: 0) == [
                .send(a, bytes: try attached(0x5_0000_0002)),
                .send(a, bytes: try configuration(2, [0x5_0000_0002], [0x5_0000_0002])),
            ])
    }

    @Test("frames are taken however they are split and however many come at once")
    func splitting() throws {
        var hub = HubSequencer(limits: try HubLimits(), seed: 0)
        #expect(hub.connected(a, now: 0) == [])
        let bytes = try attach() + multicast([1]) + multicast([2]) + HubDetach().write() + multicast([3])
        var actions: [HubAction] = []
        for byte in bytes { actions += hub.received(a, [byte], now: 0) }
        let expected: [HubAction] = [
            .send(a, bytes: try attached(1)), .send(a, bytes: try configuration(1, [1], [1])),
            .send(a, bytes: try message(1, [1])), .send(a, bytes: try message(1, [2])), .close(a, reason: .detached),
        ]
        #expect(actions.prefix(5) == expected[...])
        // What follows the departure is nobody's.
        #expect(actions.dropFirst(5).allSatisfy { $0 == .ignored(a, reason: .unknownConnection) })

        var again = HubSequencer(limits: try HubLimits(), seed: 0)
        #expect(again.connected(a, now: 0) == [])
        #expect(again.received(a, bytes[...], now: 0) == expected)
    }

    @Test("groups do not see each other")
    func groups() throws {
        var hub = HubSequencer(limits: try HubLimits(), seed: 0)
        try hub.join(a, "one")
        try hub.join(b, "two")
        #expect(hub.received(a, try multicast([1])[...], now: 0) == [.send(a, bytes: try message(1, [1]))])
        #expect(
            hub.received(b, try unicast(1, [1])[...], now: 0) == [.ignored(b, reason: .destinationGone(1))])
        #expect(hub.gone(a, now: 0) == [])
    }

    @Test("a malformed client is closed and harms nobody else", arguments: badInputs)
    func malformed(_ bad: BadInput) throws {
        var hub = HubSequencer(limits: try HubLimits(), seed: 0)
        try hub.join(a)
        try hub.join(b)
        #expect(
            hub.received(b, bad.bytes[...], now: 0) == [
                .send(b, bytes: refused(bad.reason)), .close(b, reason: .refused(bad.reason)),
                .send(a, bytes: try configuration(3, [1], [1])),
            ])
        #expect(hub.received(a, try multicast([1])[...], now: 0) == [.send(a, bytes: try message(1, [1]))])
    }

    struct BadInput: Sendable, CustomStringConvertible {
        let description: String
        let bytes: [UInt8]
        let reason: HubRefusal
    }

    static let badInputs = [
        BadInput(description: "unknown type", bytes: [0, 0, 0, 1, 0x55], reason: .malformedFrame),
        BadInput(description: "empty frame", bytes: [0, 0, 0, 0], reason: .malformedFrame),
        BadInput(description: "oversize frame", bytes: [0, 4, 0, 1], reason: .frameTooLarge),
        BadInput(
            description: "second attach", bytes: [0, 0, 0, 5, 0x01, 0, 1, 1, 0x67], reason: .malformedFrame),
        BadInput(
            description: "a hub's frame", bytes: [0, 0, 0, 2, 0x84, 1], reason: .malformedFrame),
        BadInput(description: "short unicast", bytes: [0, 0, 0, 3, 0x03, 1, 2], reason: .malformedFrame),
        BadInput(
            description: "unicast to nobody", bytes: [0, 0, 0, 9, 0x03, 0, 0, 0, 0, 0, 0, 0, 0],
            reason: .malformedFrame),
        BadInput(description: "long detach", bytes: [0, 0, 0, 2, 0x04, 0], reason: .malformedFrame),
    ]

    @Test("who does not attach properly gets no further")
    func badAttach() throws {
        var hub = HubSequencer(limits: try HubLimits(clients: 1, groups: 1), seed: 0)
        for (bytes, reason): ([UInt8], HubRefusal) in [
            (try HubAttach(version: 2, group: [0x67]).write(), .unsupportedVersion),
            (try multicast([1]), .malformedFrame), (HubDetach().write(), .malformedFrame),
            ([0, 0, 0, 4, 1, 0, 1, 0], .malformedFrame),
        ] {
            #expect(hub.connected(a, now: 0) == [])
            #expect(hub.connected(a, now: 0) == [.ignored(a, reason: .alreadyConnected)])
            #expect(
                hub.received(a, bytes[...], now: 0) == [
                    .send(a, bytes: refused(reason)), .close(a, reason: .refused(reason)),
                ])
        }
    }

    @Test("limits of clients and groups")
    func limits() throws {
        var hub = HubSequencer(limits: try HubLimits(clients: 2, groups: 1), seed: 0)
        try hub.join(a, "one")
        #expect(hub.connected(b, now: 0) == [])
        #expect(
            hub.connected(c, now: 0) == [
                .send(c, bytes: refused(.tooManyClients)), .close(c, reason: .refused(.tooManyClients)),
            ])
        #expect(
            hub.received(b, try attach("two")[...], now: 0) == [
                .send(b, bytes: refused(.tooManyGroups)), .close(b, reason: .refused(.tooManyGroups)),
            ])
        try hub.join(b, "one")
        #expect(hub.gone(a, now: 0).count == 1)
        #expect(hub.gone(b, now: 0) == [])
        try hub.join(c, "two")
    }

    @Test("who does not attach in time is refused")
    func attachTimeout() throws {
        var hub = HubSequencer(limits: try HubLimits(), seed: 0)
        #expect(hub.deadline == nil)
        #expect(hub.connected(a, now: 100) == [])
        #expect(hub.deadline == 5_100)
        #expect(hub.timePassed(now: 5_099) == [])
        #expect(
            hub.timePassed(now: 5_100) == [
                .send(a, bytes: refused(.attachTimeout)), .close(a, reason: .refused(.attachTimeout)),
            ])
        #expect(hub.deadline == nil)
    }
}
