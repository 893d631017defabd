import Oracles
import Testing
import Traces

/// A long run, made by a program: everybody is in three views, and all that is sent comes to all.
@Suite struct LongRunTests {
    static func run(members: Int, messages: Int) -> Trace {
        var trace = Trace(title: "long", algorithm: "optimized")
        trace.isComplete = true
        let ids = (1...UInt64(members)).map { $0 }
        trace.members = ids.map { Membership(id: $0, name: "m\($0)") }
        func add(_ member: Int, _ kind: EventKind) {
            trace.events.append(Event(time: UInt64(trace.events.count), member: member, kind))
        }
        var number: UInt64 = 0
        for counter in 1...UInt64(3) {
            for member in 0..<members {
                let name = ViewName(counter: counter, hash: 1)
                let together = counter == 1 ? [ids[member]] : ids
                add(member, .vsView(ViewRecord(name: name, members: ids, transitionalSet: together)))
                add(
                    member,
                    .view(ViewRecord(name: name, members: ids, transitionalSet: together, keyFingerprint: "\(counter)"))
                )
            }
            for place in 0..<messages {
                number += 1
                let service = ServiceName.allCases[place % 4]
                let upper = MessageRecord(number: number, sender: ids[place % members], service: service, what: "text")
                var lower = upper
                lower.carries = number
                add(place % members, .sent(upper))
                add(place % members, .vsSent(lower))
                for member in 0..<members {
                    add(member, .vsDelivered(lower))
                    add(member, .delivered(upper))
                }
            }
            for member in 0..<members {
                for kind in [EventKind.flushRequest, .flushOk, .vsSignal, .signal] { add(member, kind) }
            }
        }
        return trace
    }

    @Test func keepsAll() { #expect(Oracle.judge(Self.run(members: 6, messages: 120)) == []) }

    /// One delivery that is missing among thousands is found.
    @Test func oneMissingDeliveryIsFound() throws {
        var trace = Self.run(members: 6, messages: 120)
        let last = try #require(
            trace.events.lastIndex { event in
                if case .delivered(let record) = event.kind, record.number == 200, event.member == 3 {
                    true
                } else {
                    false
                }
            })
        trace.events.remove(at: last)
        let numbers = broken(trace).map { String($0.prefix { $0 != " " }) }
        #expect(numbers == ["8", "9", "10", "11.3", "12.2", "A.7"])
    }

    /// No check looks at every message for every other one: that would take sixteen times as long.
    @Test func fourTimesTheMessagesTakeAboutFourTimesAsLong() {
        func time(_ messages: Int) -> Duration {
            let trace = Self.run(members: 4, messages: messages)
            let clock = ContinuousClock()
            return (0..<5).map { _ in clock.measure { _ = Oracle.judge(trace) } }.min() ?? .zero
        }
        let (short, long) = (time(250), time(1_000))
        #expect(long < short * 10, "\(short) became \(long)")
    }
}
