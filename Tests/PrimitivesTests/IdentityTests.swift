import Testing

@testable import Primitives

@Suite struct IdentityTests {
    private static func hex(_ text: String) -> [UInt8] {
        let digits = Array(text.utf8).map { UInt8(String(UnicodeScalar($0)), radix: 16)! }
        return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }

    private static func seed(_ bytes: [UInt8]) -> SecretBytes { SecretBytes(copying: bytes.span) }

    private static func text(_ identity: Identity, _ passphrase: [UInt8]? = nil) throws -> [UInt8] {
        let secret = if let passphrase { seed(passphrase) } else { SecretBytes?.none }
        let pem = try identity.privateKeyPEM(passphrase: secret)
        return pem.withBytes { (bytes) in [UInt8](unsafe bytes) }
    }

    private static func load(_ text: [UInt8], _ passphrase: [UInt8]? = nil) throws -> Identity {
        let secret = if let passphrase { seed(passphrase) } else { SecretBytes?.none }
        return try Identity(pem: seed(text), passphrase: secret)
    }

    @Test("the second vector of RFC 8032 §7.1")
    func vector() throws {
        let seed = Self.hex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
        let identity = try Identity(name: "vector", seed: Self.seed(seed))
        #expect(identity.publicKey == Self.hex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"))
        let signature = try identity.sign([0x72])
        #expect(
            signature
                == Self.hex(
                    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
                        + "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"))
        #expect(Identity.verify(publicKey: identity.publicKey, signature: signature, message: [0x72]))
        #expect(!Identity.verify(publicKey: identity.publicKey, signature: signature, message: [0x73]))
        #expect(!Identity.verify(publicKey: identity.publicKey, signature: [], message: [0x72]))
        #expect(!Identity.verify(publicKey: [], signature: signature, message: [0x72]))
        for index in signature.indices {
            var changed = signature
            changed[index] ^= 1
            #expect(!Identity.verify(publicKey: identity.publicKey, signature: changed, message: [0x72]))
        }
    }

    @Test("PEM keeps name and key, with and without a passphrase", arguments: [nil, [UInt8]("pass phrase".utf8)])
    func pem(_ passphrase: [UInt8]?) throws {
        let identity = try Identity.generate(name: "Zoë of the north", entropy: .seeded(1))
        let text = try Self.text(identity, passphrase)
        #expect(text.starts(with: "Conclave-Name: Zoë of the north\n-----BEGIN ".utf8))
        let again = try Self.load(text, passphrase)
        #expect(again.name == identity.name)
        #expect(again.publicKey == identity.publicKey)
        #expect(again.fingerprint == (try Digest.sha256(identity.publicKey)))
        #expect(Identity.verify(publicKey: identity.publicKey, signature: try again.sign([1]), message: [1]))
    }

    @Test("a wrong or missing passphrase is told apart from a broken file")
    func refusals() throws {
        let identity = try Identity.generate(name: "alice", entropy: .seeded(2))
        let text = try Self.text(identity, [1, 2, 3])
        #expect(throws: PrimitivesError.passphraseRequired) { try Self.load(text) }
        #expect(throws: PrimitivesError.badPassphrase) { try Self.load(text, [1, 2, 4]) }
        #expect(throws: PrimitivesError.badKeyFile) { try Self.load([]) }
        #expect(throws: PrimitivesError.badKeyFile) { try Self.load(Array("hello".utf8)) }
        #expect(throws: PrimitivesError.badKeyFile) { try Self.load(Array(text.prefix(100)), [1, 2, 3]) }
        #expect(throws: PrimitivesError.badKeyFile) {
            try Self.load([UInt8](repeating: 0x41, count: Identity.pemLimit + 1))
        }
        let bad = Array("Conclave-Name: a\u{7}b\n".utf8) + text
        #expect(throws: PrimitivesError.badName) { try Self.load(bad, [1, 2, 3]) }
    }

    @Test("under a passphrase the file says PBKDF2 of 600,000 rounds with HMAC-SHA-256, then AES-256-CBC")
    func protection() throws {
        let identity = try Identity.generate(name: "alice", entropy: .seeded(4))
        let lines = try Self.text(identity, [1, 2, 3]).split(separator: 10).dropFirst(2).dropLast()
        let file = try #require(Base64.decode(Array(lines.joined())))
        // RFC 8018, appendix A: PBKDF2 (salt, rounds, hmacWithSHA256, nothing), then AES-256-CBC.
        let derivation = Self.hex("06092a864886f70d01050c" + "3025" + "0410")
        let start = try #require(file.indices.first { file[$0...].starts(with: derivation) }) + derivation.count
        let behind = Self.hex("0203" + "0927c0" + "300c" + "06082a864886f70d0209" + "0500")
        #expect(file[(start + 16)...].starts(with: behind + Self.hex("301d" + "060960864801650304012a" + "0410")))
        #expect(file[start..<start + 16].contains { $0 != 0 })
    }

    @Test("a file of 2,048 rounds, which the openssl command wrote, is read")
    func earlierProtection() throws {
        let text = """
            -----BEGIN ENCRYPTED PRIVATE KEY-----
            MIGbMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAh5pdS1P9pMtgICCAAw
            DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEPA2WJfW+XkYc3LfJyVA+YUEQPRo
            OhccCyB2+sqRWq0aDnp0MNaV6a/rNQ7INLc9pNe5PX5s7BRzBA1p2n0dBMG5O2zY
            L6GdpGEeUWd8p0c877k=
            -----END ENCRYPTED PRIVATE KEY-----
            """
        let publicKey = Self.hex("04a3aa1aeb2f31de4a50f656682e80be48c3ffd56aa59f6f321e6ad6d8f0bd94")
        #expect(try Self.load(Array(text.utf8), Array("old".utf8)).publicKey == publicKey)
    }

    @Test("a key of another algorithm is refused")
    func foreignKey() {
        let x25519 = """
            -----BEGIN PRIVATE KEY-----
            MC4CAQAwBQYDK2VuBCIEIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f
            -----END PRIVATE KEY-----
            """
        #expect(throws: PrimitivesError.badKeyFile) { try Self.load(Array(x25519.utf8)) }
    }

    @Test("a file without a name is called by its fingerprint")
    func nameless() throws {
        let identity = try Identity.generate(name: "alice", entropy: .seeded(3))
        let block = try Self.text(identity).split(separator: 10, maxSplits: 1)[1]
        let again = try Self.load(Array(block))
        #expect(again.name == hexadecimal(identity.fingerprint.prefix(8)))
        #expect(again.name.utf8.count == 16)
    }

    @Test("names are bounded UTF-8 without control characters")
    func names() throws {
        for name in ["", "a\nb", "\u{0}", "\u{85}", String(repeating: "a", count: 65)] {
            #expect(throws: PrimitivesError.badName) { try Identity.generate(name: name) }
        }
        #expect(try Identity.generate(name: String(repeating: "a", count: 64)).name.utf8.count == 64)
        #expect(throws: PrimitivesError.badName) { try Identity.name(from: [0x61, 0xff]) }
        #expect(throws: PrimitivesError.badSize) { try Identity(name: "a", seed: Self.seed([1])) }
    }
}
