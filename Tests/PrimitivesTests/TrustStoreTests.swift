import Primitives
import Testing

@Suite struct TrustStoreTests {
    private static func key(_ number: UInt8) -> [UInt8] { [UInt8](repeating: number, count: 31) + [7] }

    @Test("keys are added, relabelled, found by position and removed")
    func changes() throws {
        var store = TrustStore()
        try store.add(Self.key(1), label: "alice")
        try store.add(Self.key(2), label: "")
        try store.add(Self.key(1), label: "Alice")
        #expect(store.count == 2)
        #expect(store.at(0)?.label == "Alice")
        #expect(store.at(1)?.publicKey == Self.key(2))
        #expect(store.at(2) == nil)
        #expect(store.at(-1) == nil)
        #expect(store.contains(Self.key(2)))
        #expect(!store.contains(Self.key(3)))
        #expect(!store.contains([]))
        let removals = [store.remove(Self.key(1)), store.remove(Self.key(1))]
        #expect(removals == [true, false])
        #expect(store.at(0)?.publicKey == Self.key(2))
        #expect(throws: PrimitivesError.badSize) { try store.add([1, 2], label: "") }
        #expect(throws: PrimitivesError.badName) { try store.add(Self.key(4), label: "a\nb") }
    }

    @Test("the text form is read back")
    func text() throws {
        var store = TrustStore()
        try store.add(Self.key(1), label: "Alice of the north")
        try store.add(Self.key(0xfb), label: "")
        let text = store.serialized()
        #expect(
            String(decoding: text, as: UTF8.self)
                == "ed25519 AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQc= Alice of the north\n"
                + "ed25519 +/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+wc=\n")
        #expect(try TrustStore(parsing: text) == store)
        let commented = Array("# who may come in\r\n\n".utf8) + text
        #expect(try TrustStore(parsing: commented) == store)
        #expect(try TrustStore(parsing: []) == TrustStore())
    }

    @Test(
        "an error names the line",
        arguments: [
            "rsa AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQc= a", "ed25519", "ed25519 ", "ed25519 AQEB a",
            "ed25519 AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQd= a",
            "ed25519 AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQc a",
            "ed25519  AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQc= a",
            "ed25519 AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQc= a\u{1}", "x",
        ])
    func badLines(_ line: String) {
        #expect(throws: PrimitivesError.badTrustLine(line: 2)) {
            try TrustStore(parsing: Array("# one\n\(line)\n".utf8))
        }
    }

    @Test("a key listed twice is refused at its second line")
    func duplicate() throws {
        var store = TrustStore()
        try store.add(Self.key(1), label: "a")
        try store.add(Self.key(2), label: "b")
        let text = store.serialized()
        #expect(throws: PrimitivesError.badTrustLine(line: 3)) { try TrustStore(parsing: text + text) }
    }

    @Test("mutated text is read back as it was understood, or refused")
    func mutated() throws {
        // The seed is fixed: swift test --filter TrustStoreTests.mutated
        let entropy = Entropy.seeded(8)
        var store = TrustStore()
        try store.add(Self.key(1), label: "alice")
        try store.add(Self.key(2), label: "bob of the south")
        let text = Array("# two\n\n".utf8) + store.serialized()
        var accepted = 0
        for _ in 0..<4_000 {
            var changed = text
            for number in try entropy.publicBytes(1) {
                let position = Int(try entropy.nonzeroUInt64() % UInt64(changed.count))
                switch number % 4 {
                case 0: changed[position] = number
                case 1: changed.remove(at: position)
                case 2: changed.insert(number, at: position)
                default: changed[position] = [0x20, 0x0a, 0x23, 0x3d][Int(number >> 6)]
                }
            }
            do {
                let read = try TrustStore(parsing: changed)
                #expect(try TrustStore(parsing: read.serialized()) == read)
                accepted += 1
            } catch {
                guard case .badTrustLine(let line) = error else { throw error }
                #expect((1...8).contains(line))
            }
        }
        #expect((500...3_500).contains(accepted))
    }

    @Test("a full store refuses another key and keeps what it has")
    func full() throws {
        var text: [UInt8] = []
        var one = TrustStore()
        for number in 0..<UInt32(TrustStore.capacity) {
            var writer = ByteWriter()
            writer.writeUInt32(number)
            writer.writeRaw([UInt8](repeating: 9, count: 28))
            one = TrustStore()
            try one.add(writer.bytes, label: "")
            text += one.serialized()
        }
        var store = try TrustStore(parsing: text)
        #expect(store.count == TrustStore.capacity)
        #expect(throws: PrimitivesError.trustStoreFull) { try store.add(Self.key(1), label: "") }
        #expect(throws: PrimitivesError.trustStoreFull) {
            try TrustStore(parsing: text + Array("ed25519 AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQc=\n".utf8))
        }
        #expect(store.count == TrustStore.capacity)
    }
}
