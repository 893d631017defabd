import Testing

@testable import Encrypt
@testable import Primitives

private func secret(_ bytes: [UInt8]) -> SecretBytes { SecretBytes(copying: bytes.span) }
private func secret(_ text: String) -> SecretBytes { secret(Array(text.utf8)) }
private func bytes(_ secret: borrowing SecretBytes) -> [UInt8] { secret.withBytes { Array($0) } }
private func name(_ text: String) -> [UInt8] { Array(text.utf8) }

private func ring() throws -> KeyRing {
    var ring = KeyRing()
    for (place, identifier) in ["oven", "cellar", "larder"].enumerated() {
        try ring.add(name(identifier), secret([UInt8](repeating: UInt8(place + 1), count: 32)))
    }
    return ring
}

@Suite struct KeyRingTests {
    @Test func keysByIdentifier() throws {
        var ring = try ring()
        #expect(ring.identifiers == [name("cellar"), name("larder"), name("oven")])
        #expect(ring.active == nil)
        let oven = bytes(try ring.secret(of: name("oven"), now: 0))
        #expect(oven.count == Epoch.secretSize)
        #expect(oven != bytes(try ring.secret(of: name("cellar"), now: 0)))
        #expect(throws: EncryptError.unknownKey) { _ = try ring.secret(of: name("attic"), now: 0) }
        // The same bytes under another identifier are another secret.
        try ring.add(name("oven 2"), secret([UInt8](repeating: 1, count: 32)))
        #expect(bytes(try ring.secret(of: name("oven 2"), now: 0)) != oven)
    }

    @Test func rotation() throws {
        var ring = try ring()
        try ring.activate(name("oven"))
        #expect(throws: EncryptError.badArgument) { try ring.retire(name("oven"), at: 100) }
        try ring.activate(name("cellar"))
        try ring.retire(name("oven"), at: 100)
        #expect(try ring.end(of: name("oven")) == 100)
        _ = try ring.secret(of: name("oven"), now: 99)
        #expect(throws: EncryptError.unknownKey) { _ = try ring.secret(of: name("oven"), now: 100) }
        // A copy changes apart from the ring it was made of.
        let before = ring
        #expect(ring.expire(now: 100) == 1)
        #expect(ring.expire(now: .max) == 0)
        #expect(ring.count == 2 && before.count == 3 && ring.active == name("cellar"))
        #expect(throws: EncryptError.unknownKey) { try ring.activate(name("oven")) }
        // What is used again retires no longer.
        try ring.retire(name("larder"), at: 200)
        try ring.activate(name("larder"))
        #expect(try ring.end(of: name("larder")) == nil)
        _ = try ring.secret(of: name("larder"), now: 300)
    }

    @Test func bounds() throws {
        var ring = KeyRing()
        let key = [UInt8](repeating: 1, count: 32)
        #expect(throws: EncryptError.badArgument) { try ring.add([], secret(key)) }
        #expect(throws: EncryptError.badArgument) { try ring.add([UInt8](repeating: 65, count: 65), secret(key)) }
        #expect(throws: EncryptError.badArgument) { try ring.add(name("a"), secret([UInt8](repeating: 1, count: 15))) }
        #expect(throws: EncryptError.badArgument) { try ring.add(name("a"), secret([UInt8](repeating: 1, count: 65))) }
        for place in 0..<KeyRing.countLimit { try ring.add(name("key \(place)"), secret(key)) }
        #expect(throws: EncryptError.exhausted) { try ring.add(name("one more"), secret(key)) }
        var other = KeyRing()
        try other.add(name("a"), secret(key))
        #expect(throws: EncryptError.badArgument) { try other.add(name("a"), secret(key)) }
        #expect(throws: EncryptError.unknownKey) { try other.retire(name("b"), at: 1) }
    }
}

@Suite struct KeyRingFileTests {
    private let passphrase = "three loaves"

    private func sealed(_ ring: KeyRing, cost: Int = 14) throws -> [UInt8] {
        bytes(try ring.sealed(under: secret(passphrase), cost: cost, entropy: .seeded(7)))
    }

    private func opened(_ file: [UInt8], _ passphrase: String? = nil) throws -> KeyRing {
        try KeyRing(opening: secret(file), passphrase: secret(passphrase ?? self.passphrase))
    }

    @Test func aFileKeepsEverything() throws {
        var ring = try ring()
        for isActive in [false, true] {
            if isActive {
                try ring.activate(name("larder"))
                try ring.retire(name("oven"), at: 1_800_000_000)
            }
            let file = try sealed(ring)
            let again = try opened(file)
            #expect(again.identifiers == ring.identifiers && again.active == ring.active)
            for identifier in ring.identifiers {
                #expect(try again.end(of: identifier) == ring.end(of: identifier))
                #expect(
                    bytes(try again.secret(of: identifier, now: 0)) == bytes(try ring.secret(of: identifier, now: 0)))
            }
            #expect(try sealed(again) == file)
        }
        #expect(try opened(sealed(KeyRing())).count == 0)
    }

    @Test func aFullRingFits() throws {
        var ring = KeyRing()
        for place in 0..<KeyRing.countLimit {
            try ring.add([UInt8](repeating: UInt8(place), count: 64), secret([UInt8](repeating: 9, count: 64)))
        }
        let file = try sealed(ring)
        #expect(file.count == KeyRing.fileLimit)
        #expect(try opened(file).count == KeyRing.countLimit)
    }

    @Test func wrongPassphrasesAndChangedFiles() throws {
        let file = try sealed(try ring())
        #expect(throws: EncryptError.primitives(.badPassphrase)) { try opened(file, "two loaves") }
        #expect(throws: EncryptError.primitives(.badPassphrase)) { try opened(file, "") }
        for index in [0, 15, 17, 48, 49, 60, file.count - 1] {
            var changed = file
            changed[index] ^= 1
            #expect(throws: EncryptError.self) { try opened(changed) }
        }
        for count in [0, 1, 48, 66, file.count - 1] {
            #expect(throws: EncryptError.self) { try opened(Array(file.prefix(count))) }
        }
        #expect(throws: EncryptError.self) { try opened(file + [0]) }
        #expect(throws: EncryptError.badArgument) { _ = try ring().sealed(under: secret("")) }
        for cost in [13, 19] {
            #expect(throws: EncryptError.badArgument) { _ = try ring().sealed(under: secret("a"), cost: cost) }
        }
    }

    /// What a file says about its cost is refused before it costs anything.
    @Test func aFileAsksForTooMuch() throws {
        let file = try sealed(try ring())
        for cost in UInt8.min...UInt8.max where !KeyRing.costs.contains(Int(cost)) {
            var hostile = file
            hostile[16] = cost
            #expect(throws: EncryptError.primitives(.badKeyFile)) { try opened(hostile) }
        }
    }

    /// Somebody who knows the passphrase may write anything: only what a ring writes is read.
    @Test func contentsThatNoRingWrites() throws {
        let one = [UInt8](repeating: 1, count: 32)
        let none = [UInt8](repeating: 255, count: 8)
        func key(_ name: [UInt8], _ bytes: [UInt8] = one, _ end: [UInt8] = none) -> [UInt8] {
            [UInt8(name.count)] + name + [UInt8(bytes.count)] + bytes + end
        }
        #expect(try opened(fileHolding([2, 1] + key([1]) + key([2]))).active == [2])
        for content: [UInt8] in [
            [1, 255], [0, 0], [0, 255, 0], [1, 1] + key([1]), [2, 0] + key([1]), [1, 0] + key([1]) + [0],
            [2, 255] + key([2]) + key([1]), [2, 255] + key([1]) + key([1]), [1, 255] + key([]),
            [1, 255] + key([1], [UInt8](repeating: 1, count: 15)),
            [1, 255] + key([UInt8](repeating: 1, count: 65)), [1, 0] + key([1], one, [0, 0, 0, 0, 0, 0, 0, 9]),
            [1, 255, 200, 1], [65, 255] + (0..<65).flatMap { key([$0]) },
        ] {
            let file = try fileHolding(content)
            #expect(throws: EncryptError.primitives(.badKeyFile)) { try opened(file) }
        }
    }

    private func fileHolding(_ content: [UInt8]) throws -> [UInt8] {
        let salt = [UInt8](repeating: 3, count: 32)
        let head = Array("conclave keys 1\n".utf8) + [14] + salt
        let key = try StoredKeys.derive(from: secret(passphrase), salt: salt, cost: 14)
        let cipher = try AuthenticatedCipher(.aes256GCM, key: key, sealing: true)
        var file = head + [UInt8](repeating: 0, count: content.count + 16)
        try content.withUnsafeBufferPointer { (content) in
            try head.withUnsafeBufferPointer { (head) in
                try file.withUnsafeMutableBufferPointer { (file) in
                    guard let start = file.baseAddress else { return }
                    try cipher.seal(content, nonce: 0, header: head, to: start + head.count)
                }
            }
        }
        return file
    }
}

/// Files that other programs made: Java's KeyStore (17) with secret keys that are known, and openssl pkcs12 (3.0).
@Suite struct KeyStoreFileTests {
    private func bytes(base64 text: String) -> [UInt8] { Base64.decode(text.utf8) ?? [] }

    @Test func secretKeysOfJava() throws {
        let file = bytes(base64: javaFile)
        var ring = try KeyRing(pkcs12: file, passphrase: secret("kitchen"))
        #expect(ring.identifiers == [name("cellar"), name("oven")] && ring.active == nil)
        var expected = KeyRing()
        try expected.add(name("oven"), secret((0..<32).map { UInt8($0) }))
        try expected.add(name("cellar"), secret((0..<16).map { 0xC0 + UInt8($0) }))
        for identifier in ring.identifiers {
            let found = try ring.secret(of: identifier, now: 0)
            #expect(found.equals(try expected.secret(of: identifier, now: 0)))
        }
        try ring.activate(name("oven"))
    }

    @Test func aPrivateKey() throws {
        let keys = try StoredKeys.readPKCS12(bytes(base64: privateFile), passphrase: secret("kitchen"))
        #expect(keys.count == 1 && keys[0].name == name("larder"))
        let hash = keys[0].secret.withBytes { hexadecimal(Array($0)[...]) }
        #expect(hash == "5655cdb0850b1fea7265b5f8dcebc51422c9fc4494364760b338c739da6ef0d4")
        #expect(try KeyRing(pkcs12: bytes(base64: privateFile), passphrase: secret("kitchen")).active == name("larder"))
    }

    @Test func refusals() throws {
        let file = bytes(base64: javaFile)
        #expect(throws: EncryptError.primitives(.badPassphrase)) {
            try KeyRing(pkcs12: file, passphrase: secret("kitchem"))
        }
        // Without a code of its own a file could have been put together by anybody.
        #expect(throws: EncryptError.primitives(.badKeyFile)) {
            try KeyRing(pkcs12: bytes(base64: noCodeFile), passphrase: secret("kitchen"))
        }
        #expect(throws: EncryptError.primitives(.badKeyFile)) {
            try KeyRing(pkcs12: file + [0], passphrase: secret("kitchen"))
        }
        // The code's number of rounds is at the end: 10,000 becomes 2,147,483,647, and the lengths around it two more.
        #expect(Array(file.suffix(4)) == [2, 2, 0x27, 0x10])
        var hostile = Array(file.dropLast(4)) + [2, 4, 0x7F, 0xFF, 0xFF, 0xFF]
        for index in [3, 604] { hostile[index] += 2 }
        #expect(throws: EncryptError.primitives(.badKeyFile)) {
            try KeyRing(pkcs12: hostile, passphrase: secret("kitchen"))
        }
        for count in stride(from: 0, to: file.count, by: 7) {
            #expect(throws: EncryptError.primitives(.badKeyFile)) {
                try KeyRing(pkcs12: Array(file.prefix(count)), passphrase: secret("kitchen"))
            }
        }
        for index in stride(from: 0, to: file.count, by: 3) {
            var changed = file
            changed[index] ^= 0x10
            _ = try? KeyRing(pkcs12: changed, passphrase: secret("kitchen"))
        }
    }
}

private let javaFile =
    "MIICpgIBAzCCAlAGCSqGSIb3DQEHAaCCAkEEggI9MIICOTCCAjUGCSqGSIb3DQEHAaCCAiYEggIiMIICHjCCAREGCyqGSIb3DQEM"
    + "CgEFoIHDMIHABgsqhkiG9w0BDAoBAqCBsASBrTCBqjBmBgkqhkiG9w0BBQ0wWTA4BgkqhkiG9w0BBQwwKwQUptw4GFEbg67vpK5X"
    + "W3YWmWP2aeICAicQAgEgMAwGCCqGSIb3DQIJBQAwHQYJYIZIAWUDBAEqBBDqkUUnp2RJmS7CrTOQRbX9BEAdQGnYIaV13lgMgOGN"
    + "cY6XwIYbq8tTOUcCY6ROIOxe9IJCWPcF/Yu8afW3M5XSrBsCQEGgAGvT1ngpFrwaYryBMTwwFwYJKoZIhvcNAQkUMQoeCABvAHYA"
    + "ZQBuMCEGCSqGSIb3DQEJFTEUBBJUaW1lIDE3OTUyOTIyNTU3NzkwggEFBgsqhkiG9w0BDAoBBaCBszCBsAYLKoZIhvcNAQwKAQKg"
    + "gaAEgZ0wgZowZgYJKoZIhvcNAQUNMFkwOAYJKoZIhvcNAQUMMCsEFG+fPWQMMBRorEBa10Qv7+/NZ9neAgInEAIBIDAMBggqhkiG"
    + "9w0CCQUAMB0GCWCGSAFlAwQBKgQQbml9qAZBs14h2kP7/x/Y+AQwtwcrUkyb5ISviJbGLE2qSBKihY6fY+8gWpM/K8uR0ZVFJcAA"
    + "ZW7hQXYBkGTVO+opMUAwGwYJKoZIhvcNAQkUMQ4eDABjAGUAbABsAGEAcjAhBgkqhkiG9w0BCRUxFAQSVGltZSAxNzk1MjkyMjU2"
    + "MTAwME0wMTANBglghkgBZQMEAgEFAAQgXRdJj2WdypW+rXdOY9lb+ePq5glqoCFgtmMx0pnjf4YEFFgxachFZQUOMtj0hpFk+ujD"
    + "YQwZAgInEA=="

private let privateFile =
    "MIIBRAIBAzCB+wYJKoZIhvcNAQcBoIHtBIHqMIHnMIHkBgkqhkiG9w0BBwGggdYEgdMwgdAwgc0GCyqGSIb3DQEMCgECoIGeMIGb"
    + "MFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAhYgFKGu6i/hwICCAAwDAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEECMD"
    + "k5f1cOeyr5zxmqm38MAEQIAGNAkAtKfjaBieHMSYVnNDloT2vtQJmG7ElHRjksdeAHQ9twfBTOGrA/5kS4JhrUAJweHEs8EP3iAg"
    + "t4eO3IQxHTAbBgkqhkiG9w0BCRQxDh4MAGwAYQByAGQAZQByMEEwMTANBglghkgBZQMEAgEFAAQgGctdB4sxdGIWJtjb1cLH1+sk"
    + "tqrk5mNG8SsC9yZjstYECKy8yVlM0zshAgIIAA=="

private let noCodeFile =
    "MIHiAgEDMIHcBgkqhkiG9w0BBwGggc4EgcswgcgwgcUGCSqGSIb3DQEHAaCBtwSBtDCBsTCBrgYLKoZIhvcNAQwKAQKggZ4wgZsw"
    + "VwYJKoZIhvcNAQUNMEowKQYJKoZIhvcNAQUMMBwECLklYA7SorFZAgIIADAMBggqhkiG9w0CCQUAMB0GCWCGSAFlAwQBKgQQH31V"
    + "z9ujpC9FrIkbUepqJQRAg7g/BIgxemmWZoYkbRcdlrXKbg8Or2y+LjwXMslGr6c14b62DojSoGmsCVJNv075mHj/09pnpBp1O7pW"
    + "Di3W3g=="
