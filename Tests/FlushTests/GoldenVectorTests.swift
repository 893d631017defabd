import Primitives
import Testing

@testable import Flush

private let group = Array("room".utf8)
private let view = ViewIdentifier(counter: 0x0102_0304_0506_0708, hash: [UInt8](repeating: 0xA1, count: 32))

private func hexadecimal(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
}

/// Two digits, so many times.
private func times(_ count: Int, _ digits: String) -> String { String(repeating: digits, count: count) }

/// The bytes of each message of the Flush layer, spelled out field by field. They change only with the protocol's
/// version.
@Suite struct GoldenVectorTests {
    let identity: Identity

    init() throws {
        let seed = [UInt8](repeating: 1, count: Identity.seedSize)
        identity = try Identity(name: "Ada", seed: SecretBytes(copying: seed.span))
    }

    private func hello(_ view: ViewIdentifier?) -> Hello {
        Hello(
            suite: 0x1211, algorithm: 1, configuration: 5, connection: 9, incarnation: 11,
            publicKey: identity.publicKey,
            name: identity.name, nonce: [UInt8](repeating: 3, count: 32), view: view, place: 2,
            lineage: [UInt8](repeating: 4, count: 32))
    }

    /// Everything of that hello but its view and signature: version, type, group, suite, algorithm, configuration,
    /// connection, incarnation, public key (of the seed 01…01), name, nonce; then place and lineage.
    private static let helloHead =
        "0101" + "04726f6f6d" + "1211" + "01" + "0000000000000005" + "0000000000000009" + "000000000000000b"
        + "8a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c" + "03416461" + times(32, "03")
    private static let helloTail = "0002" + times(32, "04")
    private static let goldenView = "0102030405060708" + times(32, "a1")
    private static let noView = times(40, "00")

    @Test("golden bytes of a newcomer's and a member's hello")
    func hellos() throws {
        for (sent, middle, signature) in [
            (
                hello(nil), Self.noView,
                "38170c63c856ee11796b316d7023f42d70895847f097e200310f4ce53f48fa2d"
                    + "e9645416467910148ef0cc63802865402557c4720086bf7c8cb05908e48db300"
            ),
            (
                hello(view), Self.goldenView,
                "ce0a2bdb75eed01f2b308b04c99be28516891cab36fc5ad47c5cc5f5065cc0e4"
                    + "0cafa0305f9fd2846f105f94ee57de7632b2c0cf56e0b8a2395dde7d124c950e"
            ),
        ] {
            let bytes = try sent.signed(group: group, by: identity)
            #expect(hexadecimal(bytes) == Self.helloHead + middle + Self.helloTail + "01" + signature)
            let (read, authenticator) = try Hello.read(bytes, group: group)
            #expect(read == sent)
            guard case .signature(let found) = authenticator else {
                Issue.record("a hello is signed")
                return
            }
            #expect(
                Identity.verify(
                    publicKey: identity.publicKey, signature: found,
                    message: Authenticator.split(bytes, authenticator)))
        }
    }

    @Test("golden bytes of the flush acknowledgement")
    func acknowledgement() throws {
        let accepted = [3, 9].map {
            FlushAcknowledgement.Accepted(connection: $0, hello: [UInt8](repeating: UInt8($0), count: 32))
        }
        for (view, middle) in [(nil, Self.noView), (view, Self.goldenView)] {
            let message = FlushAcknowledgement(
                configuration: 5, sender: 9, view: view, secureView: view, highestCounter: 7, heard: 2,
                accepted: AcceptedList(accepted))
            let golden =
                "0102" + "04726f6f6d" + "0000000000000005" + "0000000000000009" + middle + middle + "0000000000000007"
                + "0002" + "0002" + "0000000000000003" + times(32, "03") + "0000000000000009" + times(32, "09")
            try check(message.unauthenticated(group: group), golden) {
                let (read, authenticator) = try FlushAcknowledgement.read($0, group: group)
                #expect(read == message)
                return authenticator
            }
        }
    }

    @Test("golden bytes of the exclusion")
    func exclusion() throws {
        let message = Exclusion(configuration: 5, sender: 9, view: view, connections: [3, 0x1_0000_0000])
        let golden =
            "0103" + "04726f6f6d" + "0000000000000005" + "0000000000000009" + Self.goldenView + "0002"
            + "0000000000000003" + "0000000100000000"
        try check(message.unauthenticated(group: group), golden) {
            let (read, authenticator) = try Exclusion.read($0, group: group)
            #expect(read == message)
            return authenticator
        }
    }

    @Test("golden bytes of the word about stability")
    func stability() throws {
        let digests = [UInt8(1), 2].map { [UInt8](repeating: $0, count: Stability.digestSize) }
        let message = Stability(view: view, sender: 9, digests: digests)
        let golden =
            "0104" + "04726f6f6d" + Self.goldenView + "0000000000000009" + "0002" + times(16, "01") + times(16, "02")
        try check(message.unauthenticated(group: group), golden) {
            let (read, authenticator) = try Stability.read($0, group: group)
            #expect(read == message)
            return authenticator
        }
    }

    @Test(
        "golden bytes of a data message",
        arguments: [
            (Service.fifo, "01"), (.causal, "02"), (.agreed, "03"), (.safe, "04"),
        ])
    func data(_ service: Service, _ number: String) throws {
        let message = DataMessage(view: view, service: service, destination: 12, payload: [0xDE, 0xAD])
        #expect(hexadecimal(message.written()) == "0105" + Self.goldenView + number + "000000000000000c" + "dead")
        #expect(try DataMessage.read(message.written()[...]) == message)
    }

    /// The message with either kind of authenticator, and no shorter, longer or otherwise headed version of it.
    private func check(_ writer: ByteWriter, _ golden: String, read: ([UInt8]) throws -> Authenticator) throws {
        #expect(hexadecimal(writer.bytes) == golden)
        for (authenticator, bytes) in [
            (Authenticator.signature([UInt8](repeating: 5, count: 64)), "01" + times(64, "05")),
            (.code([UInt8](repeating: 6, count: 32)), "02" + times(32, "06")),
        ] {
            var whole = writer
            authenticator.write(&whole)
            #expect(hexadecimal(whole.bytes) == golden + bytes)
            #expect(try read(whole.bytes) == authenticator)
            for size in whole.bytes.indices {
                #expect(throws: FlushError.self) { try read(Array(whole.bytes.prefix(size))) }
            }
            #expect(throws: FlushError.malformed(.trailingBytes)) { try read(whole.bytes + [0]) }
            for place in 0..<7 {
                var other = whole.bytes
                other[place] ^= 1
                #expect(throws: FlushError.self) { try read(other) }
            }
        }
    }
}
