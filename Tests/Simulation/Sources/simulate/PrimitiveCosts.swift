import Arithmetic
import KeyAgreement

@testable import Primitives

/// What one call of each primitive costs.
enum PrimitiveCosts {
    static func print() throws {
        let message = try Entropy.seeded(1).publicBytes(300)
        try printSignatures(message)
        let secret = try SecretBytes(random: 32, from: Entropy.seeded(2))
        measure("SHA-256 of 300 bytes") { _ = try? Digest.sha256(message) }
        measure("HMAC-SHA-256 of 300 bytes") {
            _ = try? KeyDerivation.authenticationCode(key: secret, over: message)
        }
        let key = try AuthenticationKey(secret)
        measure("HMAC-SHA-256 of 300 bytes, with a kept key") { _ = try? key.code(over: message) }
        measure("HKDF to 32 bytes") {
            _ = try? KeyDerivation.derive(from: secret, label: "label", context: message, count: 32)
        }
        measure("AES-256-GCM: prepare a key") {
            _ = try? AuthenticatedCipher(.aes256GCM, key: secret, sealing: true)
        }
        let entropy = Entropy.seeded(3)
        measure("8 seeded random bytes") { _ = try? entropy.publicBytes(8) }
        measure("32 seeded random bytes") { _ = try? entropy.publicBytes(32) }
        try printNumbers(.simulation64, rounds: 100_000)
        try printNumbers(.ffdhe2048, rounds: 100)
    }

    private static func printSignatures(_ message: [UInt8]) throws {
        let real = try Identity(name: "r", seed: SecretBytes(random: 32, from: Entropy.seeded(4)))
        let simulated = try Identity.simulated(name: "s", seed: 4)
        for (name, identity, rounds) in [("Ed25519", real, 1_000), ("keyed-hash tag", simulated, 100_000)] {
            let signature = try identity.sign(message)
            measure("\(name): sign 300 bytes", rounds) { _ = try? identity.sign(message) }
            measure("\(name): verify 300 bytes", rounds) {
                _ = Identity.verify(publicKey: identity.publicKey, signature: signature, message: message)
            }
        }
    }

    private static func printNumbers(_ group: NumberGroup, rounds: Int) throws {
        let entropy = Entropy.seeded(5)
        var context = ExponentiationContext(group: group)
        let base = context.generator
        let scalar = try Scalar(random: group, from: entropy)
        let element = try context.power(base, scalar)
        measure("\(group): power", rounds) { _ = try? context.power(base, scalar) }
        measure("\(group): check", rounds) { _ = try? context.element(checking: element.bytes) }
        measure("\(group): draw a scalar", rounds) { _ = try? Scalar(random: group, from: entropy) }
        measure("\(group): product of scalars", rounds) { _ = try? context.product(scalar, scalar) }
        measure("\(group): inverse of a scalar", rounds) { _ = try? context.inverse(scalar, entropy: entropy) }
        measure("\(group): workspace", rounds) { _ = ExponentiationContext(group: group) }
    }

    private static func measure(_ what: String, _ rounds: Int = 100_000, _ body: () -> Void) {
        for _ in 0..<rounds / 10 { body() }
        let start = processorSeconds()
        for _ in 0..<rounds { body() }
        let microseconds = (processorSeconds() - start) * 1e6 / Double(rounds)
        Swift.print("\(what): \(format(microseconds)) µs")
    }
}
