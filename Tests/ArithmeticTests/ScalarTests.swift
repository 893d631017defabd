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
        #expect(bytes.count == group.secretSize)
        #expect(bytes == (group.isCurve ? Array(direct.bytes[1...32]) : direct.bytes))
    }

    @Test("batches give what single powers give", arguments: [NumberGroup.paper512, .modp2048Order256, .p256])
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
        var pairs: [Element] = []
        var shifted = ScalarList(group: group, capacity: 5)
        for base in bases {
            let scalar = try Scalar(random: group, from: entropy)
            try shifted.append(scalar)
            pairs.append(try context.power(base, scalar))
        }
        #expect(try context.powers(bases, shifted) == pairs)
        #expect(throws: ArithmeticError.badSize) { _ = try context.powers([bases[0], bases[1]], shifted) }
    }

    @Test(
        "a batch on several threads gives what it gives on one",
        arguments: [NumberGroup.modp2048Order256, .ffdhe2048, .p256], [2, 3, 64, 1_000])
    func threads(_ group: NumberGroup, _ threads: Int) throws {
        var context = ExponentiationContext(group: group)
        let entropy = Entropy.seeded(6)
        let count = group == .p256 ? 60 : 12
        #expect(Batch.pieces(of: count, in: group, isFixed: false, threads: threads) > 1)
        #expect(Batch.pieces(of: count, in: group, isFixed: false, threads: 1) == 1)
        #expect(Batch.pieces(of: 1, in: group, isFixed: false, threads: threads) == 1)
        var list = ScalarList(group: group, capacity: count)
        for _ in 0..<count { try list.append(try Scalar(random: group, from: entropy)) }
        let alone = try context.powers(context.generator, list)
        let exponent = try Scalar(random: group, from: entropy)
        let raised = try context.powers(alone, exponent)
        let pairs = try context.powers(alone, list)
        context.threads = threads
        #expect(try context.powers(context.generator, list) == alone)
        #expect(try context.powers(alone, exponent) == raised)
        #expect(try context.powers(alone, list) == pairs)
        #expect(throws: ArithmeticError.library) {
            // One that is none, in a piece of another thread.
            var bad = group == .p256 ? alone : []
            if bad.isEmpty { throw ArithmeticError.library }
            bad[1] = Element(group: group, bytes: [UInt8](repeating: 0, count: group.elementSize))
            _ = try context.powers(bad, exponent)
        }
    }

    @Test("the generator's table gives what powers without it give", arguments: NumberGroup.allCases)
    func comb(_ group: NumberGroup) throws {
        let entropy = Entropy.seeded(7)
        var context = ExponentiationContext(group: group)
        // The first power of the generator is computed without a table.
        _ = try context.power(context.generator, try Scalar(random: group, from: entropy))
        var last = group.order
        last.pointer[0] -= 1
        var scalars = [Share(Self.scalar(group, 1)), Share(Self.scalar(group, 2))]
        scalars.append(Share(Scalar(group: group, limbs: last)))
        last = Limbs(count: group.scalarLimbs)
        last.pointer[group.scalarLimbs - 1] = 1
        scalars.append(Share(Scalar(group: group, limbs: last)))
        for _ in 0..<40 { scalars.append(Share(try Scalar(random: group, from: entropy))) }
        for share in scalars {
            var fresh = ExponentiationContext(group: group)
            #expect(
                try context.power(context.generator, share.scalar) == (try fresh.power(fresh.generator, share.scalar)))
        }
    }

    /// A scalar that can stand in an array.
    private final class Share {
        let scalar: Scalar

        init(_ scalar: consuming Scalar) { self.scalar = scalar }
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
