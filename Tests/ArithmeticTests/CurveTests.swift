import Primitives
import Testing

@testable import Arithmetic

@Suite struct CurveTests {
    static func bytes(_ digits: String) -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = Substring(digits)
        while !rest.isEmpty {
            bytes.append(UInt8(rest.prefix(2), radix: 16)!)
            rest = rest.dropFirst(2)
        }
        return bytes
    }

    static func scalar(_ digits: String) -> Scalar {
        let limbs = Limbs(count: 4)
        limbs.set(bigEndian: bytes(digits))
        return Scalar(group: .p256, limbs: limbs)
    }

    /// The smallest and largest multiples of the generator, and two in between, computed with the affine formulas of
    /// the curve in Python's whole numbers.
    private static let multiples: [(scalar: String, x: String, y: String)] = [
        (
            "0000000000000000000000000000000000000000000000000000000000000001",
            "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296",
            "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
        ),
        (
            "0000000000000000000000000000000000000000000000000000000000000002",
            "7cf27b188d034f7e8a52380304b51ac3c08969e277f21b35a60b48fc47669978",
            "07775510db8ed040293d9ac69f7430dbba7dade63ce982299e04b79d227873d1"
        ),
        (
            "000000000000000000000000000000000000000000000000fedcba9876543210",
            "864dc73ce9b2673cdc3fa2bcb921b256bc6e7ad9afc439a4c301d4729b1a5c77",
            "97c7fa11cdae1306e6ae66e55f1d400936a77f3e7adbee660bcfb56f7b0fcf8b"
        ),
        (
            "0100000000000000000000000000000000000000000000000000000000000000",
            "9bbf06dad9ab5905e05471ce16d5222c89c2caa39f26267ac0747129885fbd44",
            "1bcc7fa84de120a36755daf30a6f47e8c0d4bddc15036ed2a3447dfa7a1d3e88"
        ),
        (
            "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632550",
            "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296",
            "b01cbd1c01e58065711814b583f061e9d431cca994cea1313449bf97c840ae0a"
        ),
    ]

    @Test("multiples of the generator are the known ones")
    func generator() throws {
        var context = ExponentiationContext(group: .p256)
        for multiple in Self.multiples {
            let expected = [4] + Self.bytes(multiple.x + multiple.y)
            #expect(try context.power(context.generator, Self.scalar(multiple.scalar)).bytes == expected)
            #expect(try context.element(checking: expected).bytes == expected)
        }
        let isPrime = NumberGroup.p256.order.isProbablyPrime()
        #expect(isPrime)
    }

    @Test("the shared secret of NIST's first vector for P-256 (CAVS 14.1, ECC CDH primitive, count 0)")
    func sharedSecret() throws {
        var context = ExponentiationContext(group: .p256)
        let point = try context.element(
            checking: [4]
                + Self.bytes(
                    "700c48f77f56584c5cc632ca65640db91b6bacce3a4df6b42ce7cc838833d287"
                        + "db71e509e3fd9b060ddb20ba5c51dcc5948d46fbf640dfe0441782cab85fa4ac"))
        let scalar = Self.scalar("7d7dc5f71eb29ddaf80d6214632eeae03d9058af1fb6d22ed80badb62bc1a534")
        let own =
            "ead218590119e8876b29146ff89ca61770c4edbbf97d38ce385ed281d8a6b230"
            + "28af61281fd35e2fa7002523acc85a429cb06ee6648325389f59edfce1405141"
        #expect(try context.power(context.generator, scalar).bytes == [4] + Self.bytes(own))
        let secret = try context.secretPower(point, scalar)
        #expect(
            secret.bytes.withBytes { Array($0) }
                == Self.bytes("46fc62106420ff012e54a434fbdd2d25ccc5852060561e68040dd7778997bd7b"))
    }

    @Test("points off the curve, at infinity, compressed, hybrid or with coordinates beyond p are refused")
    func refusals() throws {
        var context = ExponentiationContext(group: .p256)
        let good = try context.power(context.generator, try Scalar(random: .p256, from: .seeded(1))).bytes
        let isOdd = good[64] & 1
        var offCurve = good
        offCurve[64] ^= 1
        var swapped = good
        swapped.replaceSubrange(1..<33, with: good[33...])
        swapped.replaceSubrange(33..., with: good[1..<33])
        // x = p + 5, where 5 is the x-coordinate of a point: another spelling of it.
        let five = "459243b9aa581806fe913bce99817ade11ca503c64d9a3c533415c083248fbcc"
        let beyond = "ffffffff00000001000000000000000000000001000000000000000000000004"
        let zeros = [UInt8](repeating: 0, count: 64)
        #expect((try? context.element(checking: [4] + zeros.prefix(31) + [5] + Self.bytes(five))) != nil)
        let bad = [
            offCurve, swapped, [4] + Self.bytes(beyond + five), [4] + zeros, [0] + zeros,
            [2 + isOdd] + good.dropFirst(),
            [6 + isOdd] + good.dropFirst(), [UInt8](repeating: 255, count: 65),
        ]
        for bytes in bad { #expect(throws: ArithmeticError.notMember) { _ = try context.element(checking: bytes) } }
        let compressed = [2 + isOdd] + good[1..<33]
        for bytes in [[], [0], Array(compressed), Array(good.dropLast()), good + [0]] {
            #expect(throws: ArithmeticError.badSize) { _ = try context.element(checking: bytes) }
        }
        #expect(try context.element(checking: good).bytes == good)
    }

    @Test("the point at infinity never comes out of a power")
    func infinity() throws {
        var context = ExponentiationContext(group: .p256)
        let order = Scalar(group: .p256, limbs: NumberGroup.p256.order)
        #expect(throws: ArithmeticError.library) { _ = try context.power(context.generator, order) }
        let zero = Scalar(group: .p256, limbs: Limbs(count: 4))
        #expect(throws: ArithmeticError.library) { _ = try context.secretPower(context.generator, zero) }
    }
}
