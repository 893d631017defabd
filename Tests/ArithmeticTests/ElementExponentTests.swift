import Primitives
import Testing

@testable import Arithmetic

@Suite struct ElementExponentTests {
    private static func secret(_ group: NumberGroup, _ bytes: [UInt8]) -> SecretElement {
        SecretElement(group: group, bytes: SecretBytes(copying: bytes.span))
    }

    /// A number as wide as a secret element, the same as a scalar of more or fewer limbs.
    private static func exponent(_ group: NumberGroup, of limbs: borrowing Limbs) throws -> [UInt8] {
        var context = ExponentiationContext(group: group)
        let exponent = try context.exponent(from: secret(group, ExponentiationContext.bytes(of: limbs)))
        return ExponentiationContext.bytes(of: exponent.limbs)
    }

    private static func add(_ value: UInt, to limbs: borrowing Limbs) {
        var carry = value
        for index in 0..<limbs.count {
            let sum = limbs.pointer[index].addingReportingOverflow(carry)
            limbs.pointer[index] = sum.partialValue
            carry = sum.overflow ? 1 : 0
        }
    }

    private static func number(_ group: NumberGroup, _ value: UInt, below modulus: borrowing Limbs? = nil) -> Limbs {
        let limbs = Limbs(count: group.secretSize / 8)
        limbs.pointer[0] = value
        switch modulus {
        case .none: break
        case .some(let modulus):
            limbs.copy(from: modulus)
            limbs.pointer[0] -= value
        }
        return limbs
    }

    @Test(
        "where p = 2q + 1 an element stands for the smaller of itself and its negative",
        arguments: [
            NumberGroup.ffdhe2048, .ffdhe3072,
        ])
    func safePrime(_ group: NumberGroup) throws {
        let low = try Self.exponent(group, of: Self.number(group, 7))
        let high = try Self.exponent(group, of: Self.number(group, 7, below: group.modulus))
        #expect(low == high)
        #expect(low.last == 7 && low.dropLast().allSatisfy { $0 == 0 })
        // q - 1 and p - (q - 1) = q + 2 stand for q - 1; q and q + 1 for zero.
        let order = group.order
        order.pointer[0] -= 1
        #expect(try Self.exponent(group, of: order) == ExponentiationContext.bytes(of: order))
        Self.add(3, to: order)
        let last = group.order
        last.pointer[0] -= 1
        #expect(try Self.exponent(group, of: order) == ExponentiationContext.bytes(of: last))
        for offset in [0, 1] as [UInt] {
            let zero = group.order
            Self.add(offset, to: zero)
            #expect(throws: ArithmeticError.zeroExponent) { _ = try Self.exponent(group, of: zero) }
        }
    }

    @Test(
        "elsewhere an element, or a point's x-coordinate, is reduced modulo q",
        arguments: [
            NumberGroup.modp2048Order256, .p256, .paper512,
        ])
    func remainder(_ group: NumberGroup) throws {
        #expect(try Self.exponent(group, of: Self.number(group, 7)).last == 7)
        for (offset, expected) in [(3, 3), (41, 41)] as [(UInt, UInt8)] {
            let sum = Self.number(group, 0)
            sum.copy(from: group.order)
            Self.add(offset, to: sum)
            let exponent = try Self.exponent(group, of: sum)
            #expect(exponent.last == expected && exponent.dropLast().allSatisfy { $0 == 0 })
        }
        let zero = Self.number(group, 0)
        #expect(throws: ArithmeticError.zeroExponent) { _ = try Self.exponent(group, of: zero) }
        zero.copy(from: group.order)
        #expect(throws: ArithmeticError.zeroExponent) { _ = try Self.exponent(group, of: zero) }
    }

    @Test("two members raise to the same power, and the exponent is the remainder of a known number")
    func known() throws {
        var context = ExponentiationContext(group: .p256)
        // x = n + 3 is the x-coordinate of a point: the exponent is 3.
        let x = CurveTests.bytes("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632554")
        let y = CurveTests.bytes("484f0c0fda434ef0a808458914f328715d7a545e198ac7eee31dffe861b5d23f")
        let point = try context.element(checking: [4] + x + y)
        let one = CurveTests.scalar(String(repeating: "0", count: 63) + "1")
        let exponent = try context.exponent(from: context.secretPower(point, one))
        #expect(
            try context.power(context.generator, exponent).bytes.dropFirst().prefix(4)
                == CurveTests.bytes("5ecbe4d1")[...])
        #expect(throws: ArithmeticError.groupMismatch) {
            _ = try context.exponent(from: Self.secret(.paper512, [UInt8](repeating: 1, count: 64)))
        }
    }
}
