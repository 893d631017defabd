internal import CGMP
internal import Primitives

/// The memory that exponentiations modulo p need, allocated once. What a secret has left there is there until `wipe`.
@safe
final class NumberWorkspace {
    private let group: NumberGroup
    let modulus: Limbs
    let generator: Limbs
    let base: Limbs
    let result: Limbs
    private let scratch: Limbs
    /// The table of the generator, once it pays.
    private var comb: Comb?
    private var isGeneratorRaised = false

    init(group: NumberGroup) {
        self.group = group
        modulus = group.modulus
        generator = group.generator
        base = Limbs(count: group.elementLimbs)
        result = Limbs(count: group.elementLimbs)
        scratch = Limbs(count: conclave_powm_scratch(group.orderBits, group.elementLimbs))
    }

    /// result = base ^ exponent, of the generator where there is no base.
    @unsafe
    func raise(_ base: Element?, _ exponent: UnsafePointer<UInt>) {
        guard let base else { return unsafe raiseGenerator(exponent) }
        self.base.set(bigEndian: base.bytes)
        unsafe raise(exponent)
    }

    /// result = base ^ exponent, which has the order's size.
    @unsafe
    private func raise(_ exponent: UnsafePointer<UInt>) {
        #if SIMULATION
            if group == .simulation64 {
                return unsafe result.pointer[0] = SimulatedNumbers.power(base.pointer[0], exponent[0])
            }
        #endif
        unsafe conclave_powm(
            result.pointer, base.pointer, exponent, group.orderBits, modulus.pointer, group.elementLimbs,
            scratch.pointer)
    }

    /// result = g ^ exponent. The table costs about one power, and is made for the second.
    @unsafe
    private func raiseGenerator(_ exponent: UnsafePointer<UInt>) {
        if comb == nil, isGeneratorRaised, group.elementSize >= Comb.smallestElement {
            comb = Comb(generator, group, modulus)
        }
        isGeneratorRaised = true
        if let comb {
            unsafe comb.raise(exponent, modulus, into: result)
        } else {
            base.copy(from: generator)
            unsafe raise(exponent)
        }
    }

    func wipe() {
        result.wipe()
        scratch.wipe()
        comb?.wipe()
    }

    /// Whether received bytes of the right size are a number of the subgroup, and neither 0, 1 nor -1: a Jacobi symbol
    /// where p = 2q + 1, otherwise one exponentiation.
    func isMember(_ bytes: [UInt8]) -> Bool {
        base.set(bigEndian: bytes)
        let size = group.elementLimbs
        // p is odd, so that p - 1 needs no borrow.
        result.copy(from: modulus)
        unsafe result.pointer[0] -= 1
        let isInRange = unsafe conclave_compare(base.pointer, result.pointer, size) < 0
        guard isInRange, !Self.isZeroOrOne(base) else { return false }
        if group.hasSafePrime { return unsafe conclave_jacobi(base.pointer, modulus.pointer, size) == 1 }
        let order = group.order
        unsafe raise(order.pointer)
        return Self.isZeroOrOne(result) && !result.isZero
    }

    private static func isZeroOrOne(_ limbs: borrowing Limbs) -> Bool {
        for index in 1..<limbs.count where unsafe limbs.pointer[index] != 0 { return false }
        return unsafe limbs.pointer[0] <= 1
    }
}
