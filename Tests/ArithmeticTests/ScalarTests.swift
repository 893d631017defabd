import Primitives
import Testing

@testable import Arithmetic

@Suite struct ScalarTests {
    static func scalar(_ group: NumberGroup, _ number: UInt) -> Scalar {
        let limbs = Limbs(count: group.scalarLimbs)
        limbs.pointer[0] = number
        return Scalar(group: group, limbs: limbs)
    }

    @Test("scalars lie in [1, q - 1] and reach its upper half", arguments: NumberGroup.allCases)
    func range(_ group: NumberGroup) throws {
        let entropy = Entropy.seeded(1)
        let order = group.order
        let half = group.order
        half.halve()
        var upper = 0
        for _ in 0..<200 {
            let scalar = try Scalar(random: group, from: entropy)
            let isInRange = !scalar.limbs.isZero && scalar.limbs.isLess(than: order)
            #expect(isInRange)
            if half.isLess(than: scalar.limbs) { upper += 1 }
        }
        #expect((60...140).contains(upper))
    }

    @Test("the last sixteenth of [1, q - 1] is drawn as often as the first", arguments: [NumberGroup.paper512])
    func uniform(_ group: NumberGroup) throws {
        let entropy = Entropy.seeded(5)
        let top = group.order.pointer[group.scalarLimbs - 1]
        var buckets = [Int](repeating: 0, count: 16)
        for _ in 0..<16_000 {
            let scalar = try Scalar(random: group, from: entropy)
            let limb = scalar.limbs.pointer[group.scalarLimbs - 1]
            buckets[min(15, Int(limb * 16 / (top + 1)))] += 1
        }
        #expect(buckets.allSatisfy { (850...1_150).contains($0) }, "\(buckets)")
    }

    @Test("a scalar times its inverse is one; exponents multiply", arguments: NumberGroup.allCases)
    func inverse(_ group: NumberGroup) throws {
        var context = ExponentiationContext(group: group)
        let entropy = Entropy.seeded(2)
        let first = try Scalar(random: group, from: entropy)
        let second = try Scalar(random: group, from: entropy)
        let inverse = try context.inverse(first, entropy: entropy)
        let one = try context.product(first, inverse)
        #expect(ExponentiationContext.bytes(of: one.limbs).last == 1)
        #expect(ExponentiationContext.bytes(of: one.limbs).dropLast().allSatisfy { $0 == 0 })

        let product = try context.product(first, second)
        let direct = try context.power(context.generator, product)
        let stepwise = try context.power(try context.power(context.generator, first), second)
        #expect(direct == stepwise)
        #expect(try context.power(stepwise, inverse) == (try context.power(context.generator, second)))
        #expect(try context.element(checking: direct.bytes) == direct)
        let secret = try context.secretPower(context.generator, product)
        let bytes = secret.bytes.withBytes { (bytes) in [UInt8](unsafe bytes) }
        #expect(bytes == direct.bytes)
    }

    @Test("batches give what single powers give", arguments: [NumberGroup.paper512, .modp2048Order256])
    func batches(_ group: NumberGroup) throws {
        var context = ExponentiationContext(group: group)
        let entropy = Entropy.seeded(3)
        var list = ScalarList(group: group, capacity: 1)
        var bases: [Element] = []
        for _ in 0..<5 {
            let scalar = try Scalar(random: group, from: entropy)
            try list.append(scalar)
            bases.append(try context.power(context.generator, scalar))
        }
        #expect(try context.powers(context.generator, list) == bases)
        let exponent = try Scalar(random: group, from: entropy)
        var singles: [Element] = []
        for base in bases { singles.append(try context.power(base, exponent)) }
        #expect(try context.powers(bases, exponent) == singles)
        #expect(try context.powers([], exponent) == [])
    }

    @Test("operands of another group are refused")
    func mismatch() throws {
        var context = ExponentiationContext(group: .paper512)
        let entropy = Entropy.seeded(4)
        let foreign = try Scalar(random: .paper1024, from: entropy)
        let own = try Scalar(random: .paper512, from: entropy)
        let base = ExponentiationContext(group: .paper1024).generator
        #expect(throws: ArithmeticError.groupMismatch) { _ = try context.power(context.generator, foreign) }
        #expect(throws: ArithmeticError.groupMismatch) { _ = try context.power(base, own) }
        #expect(throws: ArithmeticError.groupMismatch) { _ = try context.product(own, foreign) }
        #expect(throws: ArithmeticError.groupMismatch) { _ = try context.inverse(foreign, entropy: entropy) }
        #expect(throws: ArithmeticError.groupMismatch) { _ = try context.powers([base], own) }
    }
}
