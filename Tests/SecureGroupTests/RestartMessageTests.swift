import Primitives
import Testing

@testable import SecureGroup

@Suite struct RestartMessageTests {
    @Test(
        "golden bytes of the words about restarts",
        arguments: [
            (
                RestartMessage.Purpose.request, "01",
                "9d8947e25a6f6f73ed4f5775cdefd694304783205f7fae8995e767ed299e0248"
                    + "0bf32632d0c071ded8b5cef6b67891bf3363d3f3eaa4ef4ee3559a9bc50cc70c"
            ),
            (
                .installed, "02",
                "2532cb904f559344ce31340ba7d22aa5e9eb6eedfeb8c4b0d908f80e4c857d68"
                    + "7c5c1582d786b645afcc3027c9ea8bae9971eecd21a489f66c697b4f8c5d2f09"
            ),
            (
                .continuing, "03",
                "9ae8c0e274bd4c341266be48d0698760719ec7796a1478810c5cd9413863c689"
                    + "55a54eae75607e41a29450aed4b6f9715e2719cb9539a9ba9b3944d8cc37450f"
            ),
            (
                .abandoned, "04",
                "50b03b4b01fd22139dd85727a916870a2257a0f59791c430e2b925f5c13c450b"
                    + "32a10be092a11b41b4b2a3bdc71ae1569ff57e9724af32ab8efd1c7aa688db0b"
            ),
        ])
    func golden(_ purpose: RestartMessage.Purpose, _ number: String, _ signature: String) throws {
        let seed = [UInt8](repeating: 1, count: Identity.seedSize)
        let identity = try Identity(name: "Ada", seed: SecretBytes(copying: seed.span))
        let message = RestartMessage(
            purpose: purpose, suite: 0x1211, group: Array("room".utf8), view: [UInt8](repeating: 0xA1, count: 32),
            run: [UInt8](repeating: 0xB2, count: 32), number: 3, sender: 11)
        let payload = try message.signed(by: identity)
        let golden =
            "0201" + number + "1211" + "04726f6f6d" + String(repeating: "a1", count: 32)
            + String(repeating: "b2", count: 32) + "03" + "000000000000000b" + signature
        let digits = Array("0123456789abcdef".utf8)
        let found = String(decoding: payload.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
        #expect(found == golden)

        let read = try RestartMessage(reading: payload)
        #expect(read.purpose == purpose && read.number == 3 && read.sender == 11 && read.suite == 0x1211)
        #expect(read.isSigned(by: identity.publicKey))
        for size in payload.indices {
            #expect(throws: SecureGroupError.malformed) { try RestartMessage(reading: Array(payload.prefix(size))) }
        }
        #expect(throws: SecureGroupError.malformed) { try RestartMessage(reading: payload + [0]) }
    }
}
