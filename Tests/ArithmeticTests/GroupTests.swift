import Primitives
import Testing

@testable import Arithmetic

@Suite struct GroupTests {
    private static func one(_ group: NumberGroup) -> [UInt8] {
        [UInt8](repeating: 0, count: group.elementSize - 1) + [1]
    }

    @Test("p and q are prime, q divides p - 1 and has the bits it is said to have", arguments: NumberGroup.fields)
    func constants(_ group: NumberGroup) {
        let modulus = group.modulus
        let order = group.order
        let primes = [modulus.isProbablyPrime(), order.isProbablyPrime()]
        #expect(primes == [true, true])
        let top = order.pointer[order.count - 1]
        #expect(group.scalarLimbs * 64 - top.leadingZeroBitCount == group.orderBits)
        #expect(modulus.pointer[modulus.count - 1] >> 63 == 1)
        guard group.hasSafePrime else { return }
        // p = 2q + 1, and p ≡ 7 modulo 8, where 2 is a square.
        let half = group.modulus
        half.halve()
        let isHalf = (0..<half.count).allSatisfy { half.pointer[$0] == order.pointer[$0] }
        #expect(isHalf)
        #expect(modulus.pointer[0] % 8 == 7)
    }

    @Test("the generator has order q", arguments: NumberGroup.fields)
    func generator(_ group: NumberGroup) throws {
        var context = ExponentiationContext(group: group)
        let generator = context.generator
        #expect(try context.element(checking: generator.bytes) == generator)
        let order = Scalar(group: group, limbs: group.order)
        #expect(try context.power(generator, order).bytes == Self.one(group))
    }

    @Test(
        "0, 1, -1, p, values above it, short and long ones and members of no subgroup are refused",
        arguments: NumberGroup.fields)
    func membership(_ group: NumberGroup) throws {
        var context = ExponentiationContext(group: group)
        let size = group.elementSize
        let modulus = ExponentiationContext.bytes(of: group.modulus)
        var minusOne = modulus
        minusOne[size - 1] -= 1
        let bad = [
            [UInt8](repeating: 0, count: size), Self.one(group), minusOne, modulus,
            [UInt8](repeating: 255, count: size),
        ]
        for bytes in bad {
            #expect(throws: ArithmeticError.notMember) { _ = try context.element(checking: bytes) }
        }
        for bytes in [[], Array(modulus.dropFirst()), [0] + modulus] {
            #expect(throws: ArithmeticError.badSize) { _ = try context.element(checking: bytes) }
        }
        // -x for a member x: its order is even.
        let generator = context.generator.bytes
        var negated = [UInt8](repeating: 0, count: size)
        var borrow = 0
        for index in (0..<size).reversed() {
            let digit = Int(modulus[index]) - Int(generator[index]) - borrow
            borrow = digit < 0 ? 1 : 0
            negated[index] = UInt8(truncatingIfNeeded: digit)
        }
        #expect(throws: ArithmeticError.notMember) { _ = try context.element(checking: negated) }
    }

    @Test("random numbers are members exactly when their q-th power is one", arguments: [NumberGroup.ffdhe2048])
    func jacobiAgrees(_ group: NumberGroup) throws {
        var context = ExponentiationContext(group: group)
        let entropy = Entropy.seeded(11)
        var members = 0
        for _ in 0..<40 {
            var bytes = try entropy.publicBytes(group.elementSize)
            bytes[0] = 0x7f
            let isMember = (try? context.element(checking: bytes)) != nil
            let power = try context.power(
                Element(group: group, bytes: bytes), Scalar(group: group, limbs: group.order))
            #expect(isMember == (power.bytes == Self.one(group)))
            if isMember { members += 1 }
        }
        #expect((8...32).contains(members))
    }
}

extension NumberGroup {
    /// The subgroups of numbers modulo p.
    static let fields = allCases.filter { !$0.isCurve }
}

extension ExponentiationContext {
    static func bytes(of limbs: borrowing Limbs) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: limbs.count * Limbs.bytesInLimb)
        bytes.withUnsafeMutableBufferPointer { limbs.write(bigEndian: $0) }
        return bytes
    }
}
