import Testing
import Traces

@Suite struct RecordingsTests {
    /// What one member recorded: its events, at these times.
    private func recording(_ id: UInt64, _ name: String, _ events: [(UInt64, EventKind)]) -> Trace {
        var trace = Trace(title: name, hasOneClock: false)
        trace.members = [Membership(id: id, name: name)]
        trace.events = events.map { Event(time: $0.0, member: 0, $0.1) }
        return trace
    }

    private func text(_ number: UInt64) -> MessageRecord {
        MessageRecord(number: number, sender: 1, service: .agreed, what: "text of 3 bytes")
    }

    /// Bert's clock is behind: his delivery carries an earlier time than anna's sending.
    @Test func aDeliveryStandsAfterItsSending() throws {
        let anna = recording(
            1, "anna", [(1000, .connected), (1500, .sent(text(99))), (1600, .delivered(text(99))), (1700, .left)])
        let bert = recording(2, "bert", [(900, .connected), (1100, .delivered(text(99))), (1200, .left)])
        let trace = try Trace.merging([anna, bert])
        #expect(trace.members.map(\.name) == ["anna", "bert"])
        #expect(trace.events.map(\.member) == [1, 0, 0, 1, 1, 0, 0])
        #expect(trace.events.map(\.time) == [0, 100, 600, 600, 600, 700, 800])
        #expect(trace.events[2].kind == .sent(text(1)) && trace.events[3].kind == .delivered(text(1)))
        #expect(!trace.hasOneClock && trace.isComplete && trace.members.allSatisfy(\.isWhole))
    }

    @Test func aMessageThatNobodySentIsKept() throws {
        let bert = recording(2, "bert", [(900, .connected), (1100, .delivered(text(7)))])
        let trace = try Trace.merging([bert])
        #expect(trace.events.map(\.kind) == [.connected, .delivered(text(1))])
        #expect(!trace.isComplete && !trace.members[0].isWhole)
    }

    @Test func oneMembershipTwiceIsRefused() {
        let anna = recording(1, "anna", [(0, .connected)])
        #expect(throws: RecordingError.self) { try Trace.merging([anna, anna]) }
        #expect(throws: RecordingError.self) { try Trace.merging([Trace(title: "simulated")]) }
    }

    @Test func linesThatAreNoTraceAreRefused() throws {
        let whole = recording(1, "anna", [(0, .connected), (5, .left)]).jsonLines
        #expect(try Trace(jsonLines: whole).events.count == 2)
        let cut = String(whole.dropLast(12))
        #expect(try Trace(jsonLines: cut, toleratesCutEnd: true).events.count == 1)
        for text in [cut, whole + whole, "{}", #"{"event":{"kind":{"left":{}},"member":0,"time":0}}"#, "rubbish"] {
            #expect(throws: JSONLinesError.self, "\(text)") { try Trace(jsonLines: text) }
        }
    }
}
