import Primitives
import ProcessGroups
import Testing

/// Every frame with its bytes, which no later version may change.
@Suite struct WireTests {
    static let frames: [(ProcessGroupFrame, UInt64, String)] = [
        (
            .state(
                try! ProcessState(
                    round: 0x0102, nonce: 0x0304, configuration: 0x0506, heard: 0x0708, connections: [1, 0xffff])), 9,
            "0101 0000000000000009 0000000000000102 0000000000000304 0000000000000506 0000000000000708"
                + "00000002 0000000000000001 000000000000ffff"
        ),
        (
            .state(try! ProcessState(round: 1, nonce: 2, configuration: 0, heard: 0, connections: [])), 0,
            "0101 0000000000000000 0000000000000001 0000000000000002 0000000000000000 0000000000000000 00000000"
        ),
        (.attach(MemberAttach(connection: 0xabcd)), 1, "0102 0000000000000001 000000000000abcd"),
        (.detach(MemberDetach(connection: 0xabcd)), 2, "0103 0000000000000002 000000000000abcd"),
        (
            .message(try! MemberMessage(sender: 7, destination: 0, payload: [0xca, 0xfe])), 3,
            "0104 0000000000000003 0000000000000007 0000000000000000 cafe"
        ),
        (
            .message(try! MemberMessage(sender: 7, destination: 8, payload: [])), 4,
            "0104 0000000000000004 0000000000000007 0000000000000008"
        ),
        (
            .restart(RoundRestart(configuration: 5, nonce: 6)), 0x0100_0000_0000_0000,
            "0105 0100000000000000 0000000000000005 0000000000000006"
        ),
        (
            .exclusion(
                try! ProcessExclusion(
                    round: 5,
                    processes: [ProcessAddress(node: 1, process: 2), ProcessAddress(node: 1, process: 3)])), 6,
            "0106 0000000000000006 0000000000000005 02 0000000100000002 0000000100000003"
        ),
    ]

    private func bytes(_ text: String) -> [UInt8] {
        let digits = text.filter { $0 != " " }.map { UInt8(String($0), radix: 16)! }
        return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }

    @Test("each frame has its bytes, and reads back")
    func golden() throws {
        for (frame, sequence, text) in Self.frames {
            #expect(frame.write(sequence: sequence) == bytes(text))
            let read = try ProcessGroupFrame.read(bytes(text))
            #expect(read.frame == frame)
            #expect(read.sequence == sequence)
        }
    }

    @Test("a frame that is cut short or goes on is refused, but for a message, whose payload is the rest")
    func lengths() {
        for (frame, sequence, _) in Self.frames {
            let whole = frame.write(sequence: sequence)
            var least = whole.count
            if case .message = frame { least = 26 }
            for size in 0..<least {
                #expect(throws: CodecError.self) { try ProcessGroupFrame.read(Array(whole.prefix(size))) }
            }
            if case .message = frame { continue }
            #expect(throws: CodecError.trailingBytes) { try ProcessGroupFrame.read(whole + [0]) }
        }
    }

    @Test(
        "what no writer says is refused",
        arguments: [
            "0201 0000000000000000 0000000000000005 0000000000000006",  // version
            "0100 0000000000000000", "0107 0000000000000000",  // types
            "0102 0000000000000000 0000000000000000",  // connection 0
            "0104 0000000000000000 0000000000000000 0000000000000000",  // sender 0
            "0106 0000000000000006 0000000000000005 00",  // nobody
            "0106 0000000000000006 0000000000000005 02 0000000100000003 0000000100000002",  // order
            "0101 0000000000000009 0000000000000102 0000000000000304 0000000000000506 0000000000000708 "
                + "00000002 0000000000000002 0000000000000001",  // order
            "0101 0000000000000009 0000000000000102 0000000000000304 0000000000000000 0000000000000708 00000000",
            "0101 0000000000000009 0000000000000102 0000000000000304 0000000000000506 0000000000000708 ffffffff",
        ])
    func refused(text: String) {
        #expect(throws: CodecError.self) { try ProcessGroupFrame.read(bytes(text)) }
    }

    @Test("a frame larger than the bound is refused")
    func tooLarge() {
        let payload = [UInt8](repeating: 1, count: ProcessGroupWire.payloadLimit + 1)
        #expect(throws: CodecError.badValue) { try MemberMessage(sender: 1, destination: 0, payload: payload[...]) }
        let whole = [UInt8](repeating: 1, count: ProcessGroupWire.frameLimit + 1)
        #expect(throws: CodecError.badValue) { try ProcessGroupFrame.read(whole) }
    }
}
