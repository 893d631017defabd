import KeyAgreement
import Testing

@testable import Arithmetic
@testable import Primitives

@Suite struct SuiteTests {
    private static let group = NumberGroup.simulation64
    private static let p: UInt64 = 0xffff_ffff_ffff_ded7

    private static func bytes(_ number: UInt64) -> [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: number >> UInt64(56 - 8 * $0)) }
    }

    private static func scalar(_ number: UInt64) -> Scalar {
        let limbs = Limbs(count: 1)
        limbs.pointer[0] = UInt(number)
        return Scalar(group: group, limbs: limbs)
    }

    /// By division, where the group folds.
    private static func power(_ base: UInt64, _ exponent: UInt64) -> UInt64 {
        func product(_ first: UInt64, _ second: UInt64) -> UInt64 {
            p.dividingFullWidth(first.multipliedFullWidth(by: second)).remainder
        }
        var (result, square, rest): (UInt64, UInt64, UInt64) = (1, base, exponent)
        while rest > 0 {
            if rest & 1 == 1 { result = product(result, square) }
            square = product(square, square)
            rest >>= 1
        }
        return result
    }

    @Test("p and q = (p - 1) / 2 are prime, and p ≡ 7 modulo 8")
    func constants() {
        let primes = [Self.group.modulus.isProbablyPrime(), Self.group.order.isProbablyPrime()]
        #expect(primes == [true, true])
        #expect(Self.group.order.pointer[0] == UInt((Self.p - 1) / 2))
        #expect(Self.p % 8 == 7)
    }

    @Test("powers are those of plain arithmetic, also at the edges")
    func powers() throws {
        var context = ExponentiationContext(group: Self.group)
        let entropy = Entropy.seeded(5)
        let q = (Self.p - 1) / 2
        var exponents: [UInt64] = [1, 2, 3, q - 1, q]
        for _ in 0..<200 { exponents.append(try entropy.nonzeroUInt64() % q) }
        for exponent in exponents {
            for base in [2, Self.p - 2, Self.p - 1, try entropy.nonzeroUInt64() % Self.p] {
                let element = Element(group: Self.group, bytes: Self.bytes(base))
                let power = try context.power(element, Self.scalar(exponent))
                #expect(power.bytes == Self.bytes(Self.power(base, exponent)))
            }
        }
        #expect(try context.power(context.generator, Self.scalar(q)).bytes == Self.bytes(1))
    }

    @Test("a number is a member when its q-th power is one; 0, 1, -1, p and what is above are refused")
    func membership() throws {
        var context = ExponentiationContext(group: Self.group)
        let entropy = Entropy.seeded(6)
        for bad in [0, 1, Self.p - 1, Self.p, UInt64.max] {
            #expect(throws: ArithmeticError.notMember) { _ = try context.element(checking: Self.bytes(bad)) }
        }
        for bad in [[], [0, 0, 0, 0, 0, 0, 2], [0, 0, 0, 0, 0, 0, 0, 0, 2]] as [[UInt8]] {
            #expect(throws: ArithmeticError.badSize) { _ = try context.element(checking: bad) }
        }
        var members = 0
        for _ in 0..<200 {
            let number = try entropy.nonzeroUInt64() % Self.p
            let isMember = (try? context.element(checking: Self.bytes(number))) != nil
            #expect(isMember == (Self.power(number, (Self.p - 1) / 2) == 1))
            members += isMember ? 1 : 0
        }
        #expect((60...140).contains(members))
    }

    @Test("the inverse of a scalar takes it out of a power")
    func inverses() throws {
        var context = ExponentiationContext(group: Self.group)
        let entropy = Entropy.seeded(7)
        for _ in 0..<50 {
            let first = try Scalar(random: Self.group, from: entropy)
            let second = try Scalar(random: Self.group, from: entropy)
            let raised = try context.power(context.generator, try context.product(first, second))
            let inverse = try context.inverse(second, entropy: entropy)
            #expect(try context.power(raised, inverse) == context.power(context.generator, first))
        }
    }

    @Test("a tag has the size of a signature and fits one key and one message")
    func tags() throws {
        let identity = try Identity.simulated(name: "a", seed: 1)
        let other = try Identity.simulated(name: "b", seed: 2)
        #expect(identity.publicKey.count == Identity.publicKeySize)
        #expect(identity.publicKey != other.publicKey && identity.fingerprint != other.fingerprint)
        for size in [0, 1, 7, 8, 9, 300] {
            let message = try Entropy.seeded(9).publicBytes(size)
            let tag = try identity.sign(message)
            #expect(tag.count == Identity.signatureSize)
            #expect(Identity.verify(publicKey: identity.publicKey, signature: tag, message: message))
            #expect(!Identity.verify(publicKey: other.publicKey, signature: tag, message: message))
            #expect(!Identity.verify(publicKey: identity.publicKey, signature: tag, message: message + [0]))
            for index in message.indices {
                var tampered = message
                tampered[index] ^= 1
                #expect(!Identity.verify(publicKey: identity.publicKey, signature: tag, message: tampered))
            }
            for index in tag.indices {
                var tampered = tag
                tampered[index] ^= 0x80
                #expect(!Identity.verify(publicKey: identity.publicKey, signature: tampered, message: message))
            }
        }
    }

    @Test("a real identity signs with Ed25519 all the same")
    func realIdentities() throws {
        let real = try Identity(name: "r", seed: SecretBytes(random: 32, from: Entropy.seeded(3)))
        let simulated = try Identity.simulated(name: "s", seed: 3)
        let message = Array("text".utf8)
        #expect(Identity.verify(publicKey: real.publicKey, signature: try real.sign(message), message: message))
        #expect(!Identity.verify(publicKey: real.publicKey, signature: try simulated.sign(message), message: message))
    }

    @Test("the suite has a number that hellos can carry")
    func suite() {
        #expect(Suite.simulation.number == 0x1df1)
        #expect(Suite(number: 0x1df1) == Suite.simulation)
    }
}
