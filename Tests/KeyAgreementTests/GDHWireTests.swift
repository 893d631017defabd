import Arithmetic
import Glibc
import Primitives
import Testing

@testable import KeyAgreement

/// The tokens as bytes: what they look like, and that whatever is not one is refused without harm.
@Suite struct GDHWireTests {
    /// A join of the third member, whose tokens are one of each kind and a second factor-out token.
    private static func tokens(in group: NumberGroup = .paper512) throws -> [Scenario.Token] {
        let scenario = Scenario(AgreementSuite(forBenchmarksIn: group))
        try scenario.agree([1, 2], base: 1, fromScratch: true)
        try scenario.agree([1, 2, 3], base: 2)
        return scenario.sent
    }

    @Test("tokens of seeded members are these bytes")
    func golden() throws {
        let tokens = try Self.tokens()
        let kinds = tokens.map { TokenEnvelopeKind($0.bytes) }
        #expect(kinds == [.partialToken, .finalToken, .factorOutToken, .factorOutToken, .keyList])
        #expect(tokens.map { hexadecimal($0.bytes) } == goldenTokens)
        for token in tokens { #expect(try TokenEnvelope(reading: token.bytes).bytes == token.bytes) }
    }

    @Test("over P-256 the elements of the tokens are uncompressed points; the key list is these bytes")
    func goldenPoints() throws {
        let tokens = try Self.tokens(in: .p256)
        let envelope = try TokenEnvelope(reading: tokens[0].bytes)
        #expect(envelope.suite == 0x1511)
        #expect(envelope.body.count == 32 + 65)
        #expect(envelope.body[32] == 4)
        #expect(hexadecimal(tokens[4].bytes) == goldenPointList)
    }

    @Test("mutated tokens are refused by every reader, and nothing else happens")
    func mutated() throws {
        // The seed is fixed. For a long run: CONCLAVE_FUZZ_INPUTS=1000000 swift test --filter GDHWireTests
        let inputs = getenv("CONCLAVE_FUZZ_INPUTS").flatMap { Int(String(cString: $0)) } ?? 20_000
        let entropy = Entropy.seeded(20_261_121)
        let originals = try Self.tokens().map { $0.bytes }
        var numbers: [UInt8] = []
        func draw(_ bound: Int) throws -> Int {
            if numbers.count < 4 { numbers = try entropy.publicBytes(4_096) }
            var value = 0
            for _ in 0..<4 { value = value << 8 | Int(numbers.removeLast()) }
            return value % bound
        }
        let scenario = Scenario()
        try scenario.agree([1, 2], base: 1, fromScratch: true)
        try scenario.addMember(3)
        try scenario.begin(scenario.run([1, 2, 3], base: 2))
        let size = scenario.suite.group.elementSize
        var read = 0
        for _ in 0..<inputs {
            var token = originals[try draw(originals.count)]
            for _ in 0...(try draw(4)) {
                switch try draw(4) {
                case 0: token[try draw(token.count)] = UInt8(try draw(256))
                case 1: token.removeSubrange(try draw(token.count)...)
                case 2: token.insert(UInt8(try draw(256)), at: try draw(token.count + 1))
                default: token[try draw(token.count)] ^= 1 << UInt8(try draw(8))
                }
                if token.isEmpty { token = [1] }
            }
            guard !originals.contains(token) else { continue }
            for id in [1, 2, 3] as [UInt64] {
                #expect(throws: AgreementError.self) { _ = try scenario[id].context.receive(token, from: 2) }
            }
            guard let envelope = try? TokenEnvelope(reading: token) else { continue }
            read += 1
            #expect(envelope.bytes == token)
            if let partial = try? PartialToken(reading: envelope.body, elementSize: size) {
                #expect(partial.body == envelope.body)
            }
            if let final = try? FinalToken(reading: envelope.body, elementSize: size) {
                #expect(final.body == envelope.body)
            }
            if let list = try? KeyList(reading: envelope.body, elementSize: size) {
                #expect(list.body == envelope.body)
            }
        }
        #expect(read > 1_000)
        try scenario.deliverAll()
        try scenario.expectAgreement([1, 2, 3])
    }
}
