import LocalHub
import Testing

/// Dialogues about members that do not read. The marks are so low that one message is above them.
@Suite struct BackPressureTests {
    static let payload = [UInt8](repeating: 1, count: 100)
    /// Bytes of the frame that delivers it.
    static let delivered = 121

    static func hub(members: [HubConnection], high: Int = 200, low: Int = 50) throws -> HubSequencer {
        let limits = try HubLimits(
            queueHighWater: high, queueLowWater: low, stuckTimeout: 5_000, congestionTimeout: 20_000)
        var hub = HubSequencer(limits: limits, seed: 0)
        for member in members { try hub.join(member) }
        return hub
    }

    @Test("above the high-water mark senders are paused, at the low-water mark they go on where they stopped")
    func pauseAndResume() throws {
        var hub = try Self.hub(members: [a, b])
        let frame = try multicast(Self.payload)
        let message = try message(1, Self.payload)
        let both: [HubAction] = [.send(a, bytes: message), .send(b, bytes: message)]
        #expect(hub.received(a, frame[...], now: 0) == both)
        #expect(hub.received(a, frame[...], now: 0) == both)
        #expect(hub.drained(a, byteCount: 2 * Self.delivered, now: 0) == [])
        // b has 242 bytes waiting: nobody's frame is sequenced any more, and whoever sends one is paused.
        #expect(hub.received(a, frame[...], now: 0) == [.pauseReading(a)])
        #expect(hub.received(b, try unicast(1, [7])[...], now: 0) == [.pauseReading(b)])
        // What was read before the pause took hold is kept, without another pause.
        #expect(hub.received(a, frame[...], now: 0) == [])
        #expect(hub.drained(b, byteCount: 191, now: 0) == [])
        // One more byte and the mark is reached: a's first goes on, its second fills b's queue again; b waits behind
        // it.
        #expect(hub.drained(b, byteCount: 1, now: 0) == both + both + [.resumeReading(a)])
        #expect(hub.drained(a, byteCount: 2 * Self.delivered, now: 0) == [])
        #expect(
            hub.drained(b, byteCount: 2 * Self.delivered, now: 0) == [
                .send(a, bytes: try LocalHubTests.message(2, [7], to: 1)), .resumeReading(b),
            ])
    }

    @Test("those who wait go on in the order in which they were stopped")
    func order() throws {
        var hub = try Self.hub(members: [a, b, c], high: 100, low: 0)
        let message = try message(1, Self.payload)
        let first = hub.received(a, try multicast(Self.payload)[...], now: 0)
        #expect(first == [a, b, c].map { .send($0, bytes: message) })
        #expect(hub.received(c, try multicast([3])[...], now: 0) == [.pauseReading(c)])
        #expect(hub.received(b, try multicast([2])[...], now: 0) == [.pauseReading(b)])
        #expect(hub.drained(a, byteCount: Self.delivered, now: 0) == [])
        #expect(hub.drained(b, byteCount: Self.delivered, now: 0) == [])
        let (fromC, fromB) = (try LocalHubTests.message(3, [3]), try LocalHubTests.message(2, [2]))
        #expect(
            hub.drained(c, byteCount: Self.delivered, now: 0)
                == [a, b, c].map { .send($0, bytes: fromC) } + [.resumeReading(c)]
                + [a, b, c].map { .send($0, bytes: fromB) } + [.resumeReading(b)])
    }

    @Test("congestion stops one group and no other")
    func otherGroups() throws {
        var hub = try Self.hub(members: [a], high: 100, low: 0)
        try hub.join(b, "other")
        #expect(hub.received(a, try multicast(Self.payload)[...], now: 0).count == 1)
        #expect(hub.received(a, try multicast([1])[...], now: 0) == [.pauseReading(a)])
        #expect(hub.received(b, try multicast([2])[...], now: 0) == [.send(b, bytes: try message(2, [2]))])
    }

    @Test("a newcomer waits for the congestion to end, and is not late meanwhile")
    func newcomer() throws {
        var hub = try Self.hub(members: [a], high: 100, low: 0)
        #expect(hub.received(a, try multicast(Self.payload)[...], now: 0).count == 1)
        #expect(hub.connected(b, now: 0) == [])
        #expect(hub.received(b, (try attach() + multicast([5]))[...], now: 0) == [.pauseReading(b)])
        #expect(hub.drained(a, byteCount: 1, now: 4_900) == [])
        #expect(hub.timePassed(now: 6_000) == [])
        #expect(
            hub.drained(a, byteCount: Self.delivered, now: 6_001) == [
                .send(b, bytes: try attached(2)), .send(a, bytes: try configuration(2, [1, 2], [1])),
                .send(b, bytes: try configuration(2, [1, 2], [2])), .send(a, bytes: try message(2, [5])),
                .send(b, bytes: try message(2, [5])), .resumeReading(b),
            ])
    }

    @Test("a newcomer that goes while it waits was never there; one whose group ends meanwhile founds it anew")
    func newcomerAndDeparture() throws {
        var hub = try Self.hub(members: [a], high: 100, low: 0)
        #expect(hub.received(a, try multicast(Self.payload)[...], now: 0).count == 1)
        for newcomer in [b, c] {
            #expect(hub.connected(newcomer, now: 0) == [])
            #expect(hub.received(newcomer, try attach()[...], now: 0) == [.pauseReading(newcomer)])
        }
        #expect(hub.gone(b, now: 0) == [])
        #expect(
            hub.gone(a, now: 0) == [
                .send(c, bytes: try attached(2)), .send(c, bytes: try configuration(2, [2], [2])), .resumeReading(c),
            ])
        let counters = hub.counters
        #expect(counters.groups == 1 && counters.clients == 1)
    }

    @Test("a member that takes nothing for the stuck timeout is refused, and the others go on")
    func stuck() throws {
        var hub = try Self.hub(members: [a, b], high: 100, low: 0)
        #expect(hub.received(a, try multicast(Self.payload)[...], now: 1_000).count == 2)
        #expect(hub.drained(a, byteCount: Self.delivered, now: 1_000) == [])
        #expect(hub.received(a, try multicast([2])[...], now: 1_000) == [.pauseReading(a)])
        #expect(hub.deadline.map { $0 <= 6_000 } == true)
        // Progress, if only of a byte, sets the clock back.
        #expect(hub.drained(b, byteCount: 1, now: 3_000) == [])
        #expect(hub.timePassed(now: 6_000) == [])
        #expect(hub.deadline == 8_000)
        #expect(hub.timePassed(now: 7_999) == [])
        #expect(
            hub.timePassed(now: 8_000) == [
                .send(b, bytes: refused(.stuck)), .close(b, reason: .refused(.stuck)),
                .send(a, bytes: try configuration(3, [1], [1])), .send(a, bytes: try message(1, [2])),
                .resumeReading(a),
            ])
        #expect(hub.deadline == nil)
        let counters = hub.counters
        #expect(counters.droppedClients == 1)
    }

    @Test("a member that drips is refused after the congestion timeout")
    func dripping() throws {
        var hub = try Self.hub(members: [a, b], high: 100, low: 0)
        #expect(hub.received(a, try multicast(Self.payload)[...], now: 0).count == 2)
        #expect(hub.drained(a, byteCount: Self.delivered, now: 0) == [])
        var now: UInt64 = 0
        while now < 20_000 {
            #expect(hub.timePassed(now: now) == [])
            #expect(hub.drained(b, byteCount: 1, now: now) == [])
            now += 1_000
        }
        #expect(hub.timePassed(now: 20_000).contains(.close(b, reason: .refused(.stuck))))
    }

    @Test("a member that reads all the time is never refused, however slow the clock of the timers is asked")
    func healthy() throws {
        var hub = try Self.hub(members: [a], high: 100, low: 0)
        for now in stride(from: UInt64(0), to: 100_000, by: 100) {
            #expect(hub.received(a, try multicast(Self.payload)[...], now: now).count == 1)
            #expect(hub.drained(a, byteCount: Self.delivered, now: now) == [])
            #expect(hub.timePassed(now: now) == [])
        }
    }

    @Test("whoever cannot be written to holds nobody up, and what it sent before its end is still sequenced")
    func outputLost() throws {
        var hub = try Self.hub(members: [a, b], high: 100, low: 0)
        #expect(hub.received(a, try multicast(Self.payload)[...], now: 0).count == 2)
        #expect(hub.drained(a, byteCount: Self.delivered, now: 0) == [])
        #expect(hub.received(b, try multicast([9])[...], now: 0) == [.pauseReading(b)])
        #expect(hub.outputLost(b, now: 0) == [.send(a, bytes: try message(2, [9])), .resumeReading(b)])
        #expect(hub.received(b, try multicast([8])[...], now: 0) == [.send(a, bytes: try message(2, [8]))])
        #expect(hub.gone(b, now: 0) == [.send(a, bytes: try configuration(3, [1], [1]))])
    }

    @Test("the end of time does not overflow")
    func endOfTime() throws {
        var hub = try Self.hub(members: [a], high: 100, low: 0)
        #expect(hub.received(a, try multicast(Self.payload)[...], now: .max - 1).count == 1)
        #expect(hub.connected(b, now: .max - 1) == [])
        #expect(hub.timePassed(now: .max - 1) == [])
        #expect(hub.drained(a, byteCount: .max, now: .max) == [])
        #expect(hub.drained(a, byteCount: -1, now: .max) == [])
    }

    @Test("limits out of range are refused")
    func limits() {
        #expect(throws: HubLimitsError.self) { try HubLimits(clients: 0) }
        #expect(throws: HubLimitsError.self) { try HubLimits(clients: HubWire.memberLimit + 1) }
        #expect(throws: HubLimitsError.self) { try HubLimits(groups: 0) }
        #expect(throws: HubLimitsError.self) { try HubLimits(frameBytes: 1023) }
        #expect(throws: HubLimitsError.self) { try HubLimits(frameBytes: HubWire.frameLimit + 1) }
        #expect(throws: HubLimitsError.self) { try HubLimits(queueHighWater: 0, queueLowWater: 0) }
        #expect(throws: HubLimitsError.self) { try HubLimits(queueHighWater: 10, queueLowWater: 10) }
        #expect(throws: HubLimitsError.self) { try HubLimits(stuckTimeout: 0) }
        #expect(throws: HubLimitsError.self) { try HubLimits(congestionTimeout: .max) }
        #expect(throws: HubLimitsError.self) { try HubLimits(attachTimeout: 0) }
    }
}
