import LocalHub
import Primitives
import Testing

@Suite struct FrameTests {
    @Test("golden bytes of Attach")
    func attach() throws {
        let frame = try HubAttach(group: Array("room".utf8))
        try check(frame, [0, 0, 0, 8, 0x01, 0, 1, 4, 0x72, 0x6f, 0x6f, 0x6d])
    }

    @Test("golden bytes of Multicast")
    func multicast() throws {
        try check(try HubMulticast(payload: [7, 8, 9]), [0, 0, 0, 4, 0x02, 7, 8, 9], openEnded: true)
        try check(try HubMulticast(payload: []), [0, 0, 0, 1, 0x02], openEnded: true)
    }

    @Test("golden bytes of Unicast")
    func unicast() throws {
        let frame = try HubUnicast(destination: 0x0102_0304_0506_0708, payload: [9])
        try check(frame, [0, 0, 0, 10, 0x03, 1, 2, 3, 4, 5, 6, 7, 8, 9], openEnded: true)
    }

    @Test("golden bytes of Detach")
    func detach() throws {
        try check(HubDetach(), [0, 0, 0, 1, 0x04])
    }

    @Test("golden bytes of Attached")
    func attached() throws {
        let frame = try HubAttached(connection: 0x0a0b_0c0d_0000_0001, frameLimit: 0x4_0000)
        try check(frame, [0, 0, 0, 13, 0x81, 0x0a, 0x0b, 0x0c, 0x0d, 0, 0, 0, 1, 0, 4, 0, 0])
    }

    @Test("golden bytes of Configuration")
    func configuration() throws {
        let frame = try HubConfiguration(id: 3, members: [1, 0x1_0000_0002], transitional: [1])
        try check(
            frame,
            [0, 0, 0, 41, 0x82, 0, 0, 0, 0, 0, 0, 0, 3]
                + [0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 2]
                + [0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1])
    }

    @Test("golden bytes of Message")
    func message() throws {
        let frame = try HubMessage(sender: 1, destination: 0, payload: [5, 6])
        try check(
            frame, [0, 0, 0, 19, 0x83, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 5, 6], openEnded: true)
    }

    @Test(
        "golden bytes of Refused",
        arguments: [
            (HubRefusal.unsupportedVersion, UInt8(1)), (.tooManyClients, 2), (.tooManyGroups, 3), (.malformedFrame, 4),
            (.frameTooLarge, 5), (.attachTimeout, 6), (.stuck, 7),
        ])
    func refused(reason: HubRefusal, number: UInt8) throws {
        try check(HubRefused(reason: reason), [0, 0, 0, 2, 0x84, number])
    }

    /// Writes and reads the golden bytes, then every shorter, longer and otherwise headed version of them.
    private func check<Frame: HubFrame>(_ frame: Frame, _ golden: [UInt8], openEnded: Bool = false) throws {
        #expect(frame.write() == golden)
        #expect(try Frame.read(golden) == frame)
        for size in 0..<golden.count {
            #expect(throws: CodecError.truncated) { try Frame.read(Array(golden.prefix(size))) }
        }
        #expect(throws: CodecError.trailingBytes) { try Frame.read(golden + [0]) }
        var longer = golden + [0]
        longer[3] += 1
        if openEnded {
            #expect(try Frame.read(longer) != frame)
        } else {
            #expect(throws: CodecError.self) { try Frame.read(longer) }
        }
        var otherType = golden
        otherType[4] ^= 0x40
        #expect(throws: CodecError.badValue) { try Frame.read(otherType) }
        let isClients = golden[4] & 0x80 == 0
        #expect(((try? HubClientFrame.read(golden)) != nil) == isClients)
        #expect(((try? HubServerFrame.read(golden)) != nil) != isClients)
    }

    @Test("a group name is 1 to 128 bytes of UTF-8")
    func groupNames() {
        #expect(throws: CodecError.badValue) { try HubAttach(group: []) }
        #expect(throws: CodecError.badValue) { try HubAttach(group: [UInt8](repeating: 0x61, count: 129)) }
        #expect(throws: Never.self) { try HubAttach(group: [UInt8](repeating: 0x61, count: 128)) }
        #expect(throws: Never.self) { try HubAttach(group: Array("Zürich · 東京".utf8)) }
        for bad: [UInt8] in [[0xff], [0xc0, 0x80], [0xe2, 0x82], [0xed, 0xa0, 0x80], [0x61, 0x80]] {
            #expect(throws: CodecError.badValue) { try HubAttach(group: bad) }
            let frame: [UInt8] = [0, 0, 0, UInt8(4 + bad.count), 1, 0, 1, UInt8(bad.count)] + bad
            #expect(throws: CodecError.badValue) { try HubAttach.read(frame) }
        }
    }

    @Test("a configuration's lists are ascending, not empty, and one is part of the other")
    func configurationLists() {
        for (members, transitional): ([UInt64], [UInt64]) in [
            ([], []), ([1], []), ([], [1]), ([2, 1], [1]), ([1, 1], [1]), ([0, 1], [1]), ([1, 2], [3]),
            ([1, 2], [2, 1]),
        ] {
            #expect(throws: CodecError.badValue) {
                try HubConfiguration(id: 1, members: members, transitional: transitional)
            }
        }
        // A count that the frame does not hold asks for no memory.
        let frame: [UInt8] = [0, 0, 0, 13, 0x82, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0x3f, 0xff]
        #expect(throws: CodecError.self) { try HubConfiguration.read(frame) }
    }

    @Test("the largest payload makes the largest frame, and the largest group fits too")
    func limits() throws {
        let payload = [UInt8](repeating: 1, count: HubWire.payloadLimit)
        #expect(try HubMessage(sender: 1, destination: 2, payload: payload[...]).write().count == HubWire.frameLimit)
        #expect(throws: CodecError.badValue) { try HubMulticast(payload: (payload + [1])[...]) }
        #expect(throws: CodecError.badValue) { try HubUnicast(destination: 1, payload: (payload + [1])[...]) }
        let members = (1...UInt64(HubWire.memberLimit)).map { $0 }
        let configuration = try HubConfiguration(id: 1, members: members, transitional: members)
        #expect(configuration.write().count <= HubWire.frameLimit)
        #expect(try HubConfiguration.read(configuration.write()) == configuration)
    }

    @Test("a stream is cut into frames wherever it is split")
    func streams() throws {
        let frames = [
            try HubAttach(group: [0x61]).write(), HubDetach().write(), try HubMulticast(payload: [1, 2, 3]).write(),
        ]
        let stream = frames.flatMap { $0 }
        for size in 1...stream.count {
            var buffer = HubFrameBuffer()
            var found: [[UInt8]] = []
            for start in stride(from: 0, to: stream.count, by: size) {
                buffer.append(stream[start..<min(start + size, stream.count)])
                while let frame = try buffer.peek(limit: HubWire.frameLimit) {
                    found.append(Array(frame))
                    buffer.consume(frame.count)
                }
            }
            #expect(found == frames)
            #expect(buffer.byteCount == 0)
        }
    }

    @Test("a stream is refused at the length field, before anything is awaited")
    func badStreams() {
        var buffer = HubFrameBuffer()
        buffer.append([0, 4, 0, 0])
        #expect(throws: HubStreamError.frameTooLarge) { try buffer.peek(limit: HubWire.frameLimit) }
        var largest = HubFrameBuffer()
        largest.append([0, 3, 0xff, 0xfc])
        #expect(throws: Never.self) { try largest.peek(limit: HubWire.frameLimit) }
        var empty = HubFrameBuffer()
        empty.append([0, 0, 0, 0])
        #expect(throws: HubStreamError.frameEmpty) { try empty.peek(limit: HubWire.frameLimit) }
    }
}
