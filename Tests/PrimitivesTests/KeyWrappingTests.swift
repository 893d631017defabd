import Testing

@testable import Primitives

/// Secrets wrapped for members: what opens, and that nothing else does.
@Suite struct KeyWrappingTests {
    private static let secret = [UInt8](0..<32)
    private static let context = Array("cluster and view".utf8)

    private static func fixed(_ bytes: [UInt8]) -> SecretBytes { SecretBytes(copying: bytes.span) }

    private static func opened(_ secret: borrowing SecretBytes) -> [UInt8] {
        secret.withBytes { [UInt8]($0) }
    }

    /// A push of the secret to each of some key pairs.
    private static func push(
        _ kind: WrappingKind, to members: [WrappingKeyPair], seed: UInt64 = 1
    ) throws -> (shared: [UInt8], wraps: [[UInt8]]) {
        let wrapper = try KeyWrapper(kind: kind, entropy: .seeded(seed))
        let wraps = try members.map { (member) throws in
            try wrapper.wrap(fixed(secret), to: member.publicKey, context: context)
        }
        return (wrapper.shared, wraps)
    }

    @Test(
        "every member opens its own wrap, with the context of the push, and none another's",
        arguments: WrappingKind.allCases)
    func roundTrip(kind: WrappingKind) throws {
        let members = try (1...3).map { (seed) throws in
            try WrappingKeyPair.generate(kind, entropy: .seeded(UInt64(seed) + 10))
        }
        let (shared, wraps) = try Self.push(kind, to: members)
        for (place, member) in members.enumerated() {
            for (other, wrap) in wraps.enumerated() {
                if place == other {
                    #expect(wrap.count == (kind == .rsa ? 384 : KeyWrapper.wrappedSize))
                    let secret = try member.unwrap(wrap, shared: shared, context: Self.context)
                    #expect(Self.opened(secret) == Self.secret)
                    Self.expectClosed(member, wrap, shared: shared, context: Self.context + [0])
                    Self.expectClosed(member, wrap, shared: shared, context: [])
                    Self.expectClosed(member, wrap, shared: [UInt8](repeating: 9, count: 32), context: Self.context)
                } else {
                    Self.expectClosed(member, wrap, shared: shared, context: Self.context)
                }
            }
        }
    }

    private static func expectClosed(
        _ member: WrappingKeyPair, _ wrap: [UInt8], shared: [UInt8], context: [UInt8],
        _ place: SourceLocation = #_sourceLocation
    ) {
        #expect(throws: PrimitivesError.notAuthentic, sourceLocation: place) {
            _ = try member.unwrap(wrap, shared: shared, context: context)
        }
    }

    @Test("a wrap of which any byte was altered, or the size, stays closed", arguments: [WrappingKind.x25519, .p256])
    func altered(kind: WrappingKind) throws {
        let member = try WrappingKeyPair.generate(kind, entropy: .seeded(3))
        let (shared, wraps) = try Self.push(kind, to: [member])
        for index in wraps[0].indices {
            var altered = wraps[0]
            altered[index] ^= 0x40
            Self.expectClosed(member, altered, shared: shared, context: Self.context)
        }
        for index in shared.indices {
            var altered = shared
            altered[index] ^= 0x01
            Self.expectClosed(member, wraps[0], shared: altered, context: Self.context)
        }
        for size in [0, 1, 16, 47] {
            Self.expectClosed(member, Array(wraps[0].prefix(size)), shared: shared, context: Self.context)
        }
        Self.expectClosed(member, wraps[0] + [0], shared: shared, context: Self.context)
    }

    /// With a public key of small order everybody shares the value zero (RFC 7748, 6.1): anybody could unwrap.
    @Test("a share of small order is refused on both sides")
    func smallOrder() throws {
        // Points of order 1, 2, 4 and 8, as Curve25519 has them, and some of their other spellings.
        let points = [
            [UInt8](repeating: 0, count: 32), [1] + [UInt8](repeating: 0, count: 31),
            bytes("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"),
            bytes("5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157"),
            bytes("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
            bytes("edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
            bytes("eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
        ]
        let member = try WrappingKeyPair.generate(.x25519, entropy: .seeded(4))
        let (shared, wraps) = try Self.push(.x25519, to: [member])
        #expect(WrappingKind.x25519.isUsable(member.publicKey) && WrappingKind.x25519.isUsable(shared))
        // The highest bit does not count: each is the same coordinate with it.
        let spellings = points + points.map { $0.dropLast() + [$0[31] | 0x80] }
        for point in spellings {
            #expect(!WrappingKind.x25519.isUsable(point))
            let wrapper = try KeyWrapper(kind: .x25519, entropy: .seeded(5))
            #expect(throws: PrimitivesError.badSize) {
                try wrapper.wrap(Self.fixed(Self.secret), to: point, context: Self.context)
            }
            Self.expectClosed(member, wraps[0], shared: point, context: Self.context)
        }
    }

    /// The agreement itself is what the list of small orders stands for: both say the same of every neighbour.
    @Test("a coordinate is of small order when an agreement with it comes to nothing")
    func smallOrderByAgreement() throws {
        let key = try AgreementKey(.x25519, entropy: .seeded(7))
        let zeros = [UInt8](repeating: 0, count: 32)
        let below = [UInt8](repeating: 0xFF, count: 31) + [0x7F]
        var coordinates = (0...4).map { [$0] + zeros.dropFirst() }
        coordinates += (0xE8...0xFF).map { [$0] + below.dropFirst() }
        for position in [0, 1, 15, 30, 31] {
            for point in [
                zeros, below, bytes("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"),
                bytes("5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157"),
            ] {
                var altered = point
                altered[position] ^= 0x40
                coordinates += [point, altered]
            }
        }
        for coordinate in coordinates {
            var agrees = true
            do { _ = try key.agree(with: coordinate) } catch { agrees = false }
            #expect(WrappingKind.x25519.isUsable(coordinate) == agrees, "\(coordinate)")
        }
        #expect(!WrappingKind.x25519.isUsable(Array(below.dropLast())))
    }

    @Test("what is no point, no RSA key or a weak one is no public key")
    func unusable() throws {
        let point = try WrappingKeyPair.generate(.p256, entropy: .seeded(6)).publicKey
        #expect(WrappingKind.p256.isUsable(point))
        for index in 1..<point.count {
            var altered = point
            altered[index] ^= 1
            #expect(!WrappingKind.p256.isUsable(altered))
        }
        #expect(!WrappingKind.p256.isUsable([0]))
        #expect(!WrappingKind.p256.isUsable([UInt8](repeating: 0, count: 65)))
        let key = try WrappingKeyPair.generate(.rsa, entropy: .system()).publicKey
        #expect(WrappingKind.rsa.isUsable(key))
        #expect(!WrappingKind.rsa.isUsable(key + [0]))
        #expect(!WrappingKind.rsa.isUsable(Array(key.dropLast())))
        #expect(!WrappingKind.rsa.isUsable(point))
        for kind in WrappingKind.allCases { #expect(!kind.isUsable([])) }
    }

    /// Two secrets under one key and nonce would show their difference.
    @Test("a wrapper wraps one secret only, and of one size")
    func oneSecret() throws {
        let member = try WrappingKeyPair.generate(.x25519, entropy: .seeded(7))
        let wrapper = try KeyWrapper(kind: .x25519, entropy: .seeded(8))
        let first = try wrapper.wrap(Self.fixed(Self.secret), to: member.publicKey, context: Self.context)
        #expect(try wrapper.wrap(Self.fixed(Self.secret), to: member.publicKey, context: Self.context) == first)
        #expect(try wrapper.wrap(Self.fixed(Self.secret), to: member.publicKey, context: []) != first)
        for secret in [[UInt8](repeating: 1, count: 32), [1], Self.secret + [0]] {
            #expect(throws: PrimitivesError.badSize) {
                try wrapper.wrap(Self.fixed(secret), to: member.publicKey, context: Self.context)
            }
        }
    }

    /// Computed with another library (pyca/cryptography 48): X25519 and P-256 with the private keys 0x11… and 0x22….
    @Test("wraps of another implementation open, and these are they")
    func golden() throws {
        let vectors: [(WrappingKind, shared: String, wrapped: String)] = [
            (
                .x25519, "7b4e909bbe7ffe44c465a220037d608ee35897d31ef972f07f74892cb0f73f13",
                "e889f7c3f8f6e417a7f74760b976aa61ee53fe4ce1bc3adb995002d9f501573ff082e3d69482c119"
                    + "d5609f6ff3c40d24"
            ),
            (
                .p256,
                "040217e617f0b6443928278f96999e69a23a4f2c152bdf6d6cdf66e5b80282d4ed194a7debcb9771"
                    + "2d2dda3ca85aa8765a56f45fc758599652f2897c65306e5794",
                "9f8cfd23d86339e7fc88c25f2793abad1684df5c3721fa3edb93967abc7da9c4707a9f6d326a28ee"
                    + "04fe53d233f5a055"
            ),
        ]
        for (kind, shared, wrapped) in vectors {
            let sender = try AgreementKey(kind, secret: Self.fixed([UInt8](repeating: 0x11, count: 32)))
            #expect(sender.publicKey == bytes(shared))
            let member = WrappingKeyPair(
                try AgreementKey(kind, secret: Self.fixed([UInt8](repeating: 0x22, count: 32))))
            let secret = try member.unwrap(bytes(wrapped), shared: bytes(shared), context: Self.context)
            #expect(Self.opened(secret) == Self.secret)
        }
    }
}

private func bytes(_ text: String) -> [UInt8] {
    let digits = text.compactMap { $0.hexDigitValue }
    return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
}
