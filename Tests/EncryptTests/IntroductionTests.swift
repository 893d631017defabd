import Primitives
import Testing

@testable import Encrypt

@Suite struct IntroductionTests {
    private static let cluster = Array("orders".utf8)

    private static func identity(_ name: String) throws -> Identity {
        try Identity.generate(name: name, entropy: .seeded(UInt64(name.utf8.reduce(7) { $0 &* 31 &+ Int($1) })))
    }

    private static func introduction(
        wrapping: WrappingKind = .x25519, secret: PreSharedSecret? = nil
    ) throws -> Introduction {
        try Credential(identity: identity("Ada"), wrapping: wrapping, preSharedSecret: secret)
            .introduce(cluster: cluster, address: [1, 2, 3], entropy: .seeded(5)).introduction
    }

    private static func secret() throws -> PreSharedSecret {
        try PreSharedSecret(SecretBytes(copying: [UInt8](repeating: 5, count: 16).span))
    }

    @Test("what is introduced is read back, and authentic in its cluster", arguments: [WrappingKind.x25519, .p256])
    func roundTrip(wrapping: WrappingKind) throws {
        let made = try Self.introduction(wrapping: wrapping, secret: Self.secret())
        let read = try Introduction(reading: made.bytes)
        #expect(read == made)
        #expect(read.isAuthentic(cluster: Self.cluster))
        #expect(read.name == Array("Ada".utf8) && read.address == [1, 2, 3] && read.wrappingKind == wrapping)
        #expect(read.preSharedTag.count == 32 && read.evidence.isEmpty && read.incarnation != 0)
        #expect(try read.digest == Digest.sha256(read.bytes))
    }

    @Test("another cluster, and each altered byte, is noticed")
    func altered() throws {
        let made = try Self.introduction()
        #expect(throws: EncryptError.wrongCluster) { try made.authenticate(cluster: Array("other".utf8)) }
        for index in made.bytes.indices {
            var altered = made.bytes
            altered[index] ^= 1
            let isAuthentic = (try? Introduction(reading: altered))?.isAuthentic(cluster: Self.cluster)
            #expect(isAuthentic != true, "byte \(index)")
        }
        for size in made.bytes.indices {
            #expect(throws: EncryptError.malformed) { try Introduction(reading: Array(made.bytes.prefix(size))) }
        }
        #expect(throws: EncryptError.malformed) { try Introduction(reading: made.bytes + [0]) }
        #expect(throws: EncryptError.unsupportedVersion) { try Introduction(reading: [9] + made.bytes.dropFirst()) }
    }

    @Test("each start of a member has another incarnation, nonce and wrapping key")
    func starts() throws {
        let credential = Credential(identity: try Self.identity("Ada"))
        let entropy = Entropy.seeded(1)
        let first = try credential.introduce(cluster: Self.cluster, address: [1], entropy: entropy).introduction
        let second = try credential.introduce(cluster: Self.cluster, address: [1], entropy: entropy).introduction
        #expect(first.incarnation != second.incarnation && first.nonce != second.nonce)
        #expect(first.wrappingKey != second.wrappingKey && first.digest != second.digest)
    }

    @Test("clusters and addresses outside their bounds are refused")
    func bounds() throws {
        let credential = Credential(identity: try Self.identity("Ada"))
        let long = [UInt8](repeating: 65, count: 256)
        for (cluster, address) in [
            ([], [1]), (long, [1]), ([0xFF], [1]), (Self.cluster, []), (Self.cluster, Array(long.prefix(65))),
        ] {
            #expect(throws: EncryptError.badArgument) {
                try credential.introduce(cluster: cluster, address: address, entropy: .seeded(1))
            }
        }
    }

    @Test("a pre-shared secret has 16 bytes at least")
    func shortSecret() {
        #expect(throws: EncryptError.badArgument) {
            try PreSharedSecret(SecretBytes(copying: [UInt8](repeating: 5, count: 15).span))
        }
    }
}
