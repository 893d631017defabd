@testable import Arithmetic
@testable import KeyAgreement
@testable import Primitives

/// The arithmetic in which the oracle judges keys: its own where it can be.
protocol Numbers: AnyObject {
    associatedtype Number: Hashable
    associatedtype Exponent: Equatable
    /// Powers of one number, prepared for many exponents.
    associatedtype Base

    var group: NumberGroup { get }
    var generator: Number { get }
    var one: Exponent { get }
    /// How many powers the search for a key may cost, unless its user says otherwise.
    var defaultBudget: Int { get }
    /// Nil for bytes that are no number of the group's size.
    func number(_ bytes: [UInt8]) -> Number?
    func exponent(_ bytes: [UInt8]) -> Exponent?
    func bytes(of number: Number) -> [UInt8]
    /// What a number stands for where it is an exponent itself.
    func exponent(of number: Number) -> Exponent?
    func product(_ first: Exponent, _ second: Exponent) -> Exponent
    func product(of first: Number, _ second: Number) -> Number
    func inverse(of exponent: Exponent) -> Exponent
    func power(_ base: Number, _ exponent: Exponent) -> Number
    func prepare(_ base: Number) -> Base
    func power(_ base: Base, _ exponent: Exponent) -> Number
}

/// The simulator's group: every product by one division, which is another way than the one that the suite goes.
final class SmallNumbers: Numbers {
    let group = NumberGroup.simulation64
    let generator: UInt64 = 2
    let one: UInt64 = 1
    let defaultBudget = 50_000
    private let p: UInt64 = 18_446_744_073_709_543_127
    private let q: UInt64 = 9_223_372_036_854_771_563

    func number(_ bytes: [UInt8]) -> UInt64? {
        guard bytes.count == 8 else { return nil }
        return bytes.reduce(0) { $0 << 8 | UInt64($1) }
    }

    func exponent(_ bytes: [UInt8]) -> UInt64? { number(bytes).map { $0 % q } }

    func bytes(of number: UInt64) -> [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: number >> UInt64(56 - 8 * $0)) }
    }

    func exponent(of number: UInt64) -> UInt64? { min(number, p - number) % q }

    func product(_ first: UInt64, _ second: UInt64) -> UInt64 { product(first, second, modulo: q) }

    func product(of first: UInt64, _ second: UInt64) -> UInt64 { product(first, second, modulo: p) }

    /// By Fermat: q is prime.
    func inverse(of exponent: UInt64) -> UInt64 { power(exponent, q - 2, modulo: q) }

    func power(_ base: UInt64, _ exponent: UInt64) -> UInt64 { power(base, exponent, modulo: p) }

    /// base ^ (digit · 16 ^ place), the places one after another.
    func prepare(_ base: UInt64) -> [UInt64] {
        var table: [UInt64] = []
        table.reserveCapacity(256)
        var step = base
        for _ in 0..<16 {
            var power: UInt64 = 1
            for _ in 0..<16 {
                table.append(power)
                power = product(power, step, modulo: p)
            }
            step = power
        }
        return table
    }

    func power(_ table: [UInt64], _ exponent: UInt64) -> UInt64 {
        var result: UInt64 = 1
        for place in 0..<16 {
            let digit = Int(exponent >> UInt64(4 * place) & 15)
            if digit > 0 { result = product(result, table[16 * place + digit], modulo: p) }
        }
        return result
    }

    private func power(_ base: UInt64, _ exponent: UInt64, modulo modulus: UInt64) -> UInt64 {
        var (result, square, rest): (UInt64, UInt64, UInt64) = (1, base, exponent)
        while rest > 0 {
            if rest & 1 == 1 { result = product(result, square, modulo: modulus) }
            square = product(square, square, modulo: modulus)
            rest >>= 1
        }
        return result
    }

    private func product(_ first: UInt64, _ second: UInt64, modulo modulus: UInt64) -> UInt64 {
        modulus.dividingFullWidth(first.multipliedFullWidth(by: second)).remainder
    }
}

/// The real groups, through GMP as the library itself goes.
final class LargeNumbers: Numbers {
    let group: NumberGroup
    let generator: [UInt8]
    let one: [UInt8]
    let defaultBudget = 60
    private var context: ExponentiationContext
    private let entropy = Entropy.seeded(0)

    init(group: NumberGroup) {
        self.group = group
        context = ExponentiationContext(group: group)
        generator = context.generator.bytes
        one = [UInt8](repeating: 0, count: group.scalarLimbs * Limbs.bytesInLimb - 1) + [1]
    }

    func number(_ bytes: [UInt8]) -> [UInt8]? { bytes.count == group.elementSize ? bytes : nil }

    func exponent(_ bytes: [UInt8]) -> [UInt8]? { bytes.count == one.count ? bytes : nil }

    func bytes(of number: [UInt8]) -> [UInt8] { number }

    func exponent(of number: [UInt8]) -> [UInt8]? {
        let secret = SecretElement(group: group, bytes: SecretBytes(copying: number.span))
        return try? context.exponent(from: secret).revealed()
    }

    // What fails gives nothing that could be equal to anything: it shows as a key that is not what it must be.

    func product(_ first: [UInt8], _ second: [UInt8]) -> [UInt8] {
        (try? context.product(scalar(first), scalar(second)).revealed()) ?? []
    }

    /// By the quotient of the first and the inverse of the second, which is its power to q - 1.
    func product(of first: [UInt8], _ second: [UInt8]) -> [UInt8] {
        let last = group.order
        last.pointer[0] -= 1
        let minusOne = Scalar(group: group, limbs: last)
        guard let inverse = try? context.power(Element(group: group, bytes: second), minusOne) else { return [] }
        return (try? context.quotient(Element(group: group, bytes: first), inverse)?.bytes) ?? []
    }

    func inverse(of exponent: [UInt8]) -> [UInt8] {
        (try? context.inverse(scalar(exponent), entropy: entropy).revealed()) ?? []
    }

    func power(_ base: [UInt8], _ exponent: [UInt8]) -> [UInt8] {
        (try? context.power(Element(group: group, bytes: base), scalar(exponent)).bytes) ?? []
    }

    func prepare(_ base: [UInt8]) -> [UInt8] { base }

    private func scalar(_ bytes: [UInt8]) -> Scalar {
        let limbs = Limbs(count: group.scalarLimbs)
        limbs.set(bigEndian: bytes)
        return Scalar(group: group, limbs: limbs)
    }
}
