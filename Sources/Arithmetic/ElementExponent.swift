internal import CGMP
internal import Primitives

extension ExponentiationContext {
    /// The exponent that a secret element stands for where a protocol raises to the power of one: CKD to a pairwise
    /// key, TGDH and STR to the key of a node.
    ///
    /// - p = 2q + 1: the smaller of x and p - x, which is another one for each element.
    /// - p with a much shorter q: x modulo q.
    /// - a curve: the x-coordinate modulo the curve's order; a point shares it with its inverse, and with few others.
    ///
    /// Takes a time that depends on the group alone. Throws `.zeroExponent` for the few elements that stand for zero.
    public mutating func exponent(
        from secret: borrowing SecretElement
    ) throws(ArithmeticError) -> Scalar {
        guard secret.group == group else { throw .groupMismatch }
        let width = group.secretSize / Limbs.bytesInLimb
        let number = Limbs(count: width)
        unsafe secret.bytes.withBytes { (bytes) in unsafe number.set(bigEndian: bytes) }
        if group.hasSafePrime {
            let scratch = Limbs(count: 2 * width)
            let modulus = group.modulus
            unsafe conclave_smaller_of_pair(number.pointer, modulus.pointer, width, scratch.pointer)
            // What is left is at most q, which stands for zero.
            guard number.isLess(than: order) else { throw .zeroExponent }
        } else {
            let scratch = Limbs(count: conclave_reduce_scratch(width, group.scalarLimbs))
            unsafe conclave_reduce(number.pointer, width, order.pointer, group.scalarLimbs, scratch.pointer)
        }
        let limbs = Limbs(count: group.scalarLimbs)
        limbs.copy(from: number)
        guard !limbs.isZero else { throw .zeroExponent }
        return Scalar(group: group, limbs: limbs)
    }
}
