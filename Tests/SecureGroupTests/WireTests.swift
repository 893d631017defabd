import Flush
import KeyAgreement
import Primitives
import Testing

@testable import SecureGroup

@Suite struct SecureGroupWireTests {
    private let identity: Identity
    private let request = RestartMessage(
        purpose: .request, suite: 0x1211, group: Array("kitchen".utf8), view: [UInt8](repeating: 0xA1, count: 32),
        run: [UInt8](repeating: 0xB2, count: 32), number: 2, sender: 0x0102_0304_0506_0708)

    init() throws {
        let seed = [UInt8](repeating: 5, count: 32)
        identity = try Identity(name: "x", seed: SecretBytes(copying: seed.span))
    }

    @Test func restartMessageVector() throws {
        let bytes = try request.signed(by: identity)
        let head: [UInt8] = [2, 1, 1, 0x12, 0x11, 7] + Array("kitchen".utf8)
        let view = [UInt8](repeating: 0xA1, count: 32)
        let run = [UInt8](repeating: 0xB2, count: 32)
        #expect(Array(bytes.dropLast(64)) == head + view + run + [2, 1, 2, 3, 4, 5, 6, 7, 8])
        var read = try RestartMessage(reading: bytes)
        #expect(read.isSigned(by: identity.publicKey))
        read.signature = []
        #expect(read == request)
    }

    @Test func restartMessageRefusesEveryChange() throws {
        let bytes = try request.signed(by: identity)
        for index in bytes.indices {
            for bit in 0..<8 {
                var changed = bytes
                changed[index] ^= 1 << bit
                guard let read = try? RestartMessage(reading: changed) else { continue }
                #expect(!read.isSigned(by: identity.publicKey), "byte \(index)")
            }
            #expect(throws: SecureGroupError.malformed) { try RestartMessage(reading: Array(bytes.prefix(index))) }
        }
        #expect(throws: SecureGroupError.malformed) { try RestartMessage(reading: bytes + [0]) }
    }

    @Test func tokenPayloadVector() throws {
        let payload = TokenPayload(baseCount: 258, token: [9, 8])
        #expect(payload.bytes == [1, 1, 2, 9, 8])
        let read = try TokenPayload(reading: payload.bytes)
        #expect(read.baseCount == 258 && read.token == [9, 8])
        for bytes in [[], [1], [1, 0], [2, 0, 0], [1, 4, 0]] as [[UInt8]] {
            #expect(throws: SecureGroupError.malformed) { try TokenPayload(reading: bytes) }
        }
    }

    /// Readers take or refuse whatever comes. To replay: put the seed into `arguments`.
    @Test(arguments: [UInt64](1...4))
    func fuzz(_ seed: UInt64) throws {
        var state = seed
        func draw(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        let keys = try keySchedule()
        let sealed = try Sealer(keys: keys, sender: 1).seal([1, 2, 3], service: .agreed)[0].payload
        let opener = Opener(keys: keys, me: 2, members: [1, 2])
        let sources = [sealed, try request.signed(by: identity), TokenPayload(baseCount: 1, token: [1, 2]).bytes]
        for _ in 0..<2_000 {
            var bytes = sources[draw(sources.count)]
            for _ in 0..<1 + draw(4) where !bytes.isEmpty {
                switch draw(4) {
                case 0: bytes[draw(bytes.count)] = UInt8(draw(256))
                case 1: bytes.removeLast(1 + draw(bytes.count))
                case 2: bytes.insert(UInt8(draw(256)), at: draw(bytes.count + 1))
                default: bytes.swapAt(draw(bytes.count), draw(bytes.count))
                }
            }
            if let read = try? RestartMessage(reading: bytes), read.isSigned(by: identity.publicKey) {
                #expect(bytes == sources[1], "seed \(seed)")
            }
            if let read = try? TokenPayload(reading: bytes) { #expect(read.bytes == bytes, "seed \(seed)") }
            if bytes != sealed {
                let opened = try? opener.open(bytes, from: 1, service: .agreed, isPrivate: false)
                #expect(opened == nil, "seed \(seed)")
            }
        }
    }
}
