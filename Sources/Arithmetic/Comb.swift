internal import CGMP

/// The powers of a fixed base, precomputed (Lim and Lee, CRYPTO '94): the exponent is cut into six rows, and each of
/// its columns chooses one of 64 products. That leaves a sixth of the squarings.
///
/// The choice reads the whole table each time, so that a power takes a time that depends on the group alone.
@safe
final class Comb {
    /// Bytes of an element from which on it is used: a single limb has an arithmetic of its own.
    static let smallestElement = 16
    private static let teeth: Int32 = 6

    private let table: Limbs
    private let scratch: Limbs
    private let columns: Int
    private let exponentLimbs: Int
    private let size: Int

    init(_ base: borrowing Limbs, _ group: NumberGroup, _ modulus: borrowing Limbs) {
        size = group.elementLimbs
        exponentLimbs = group.scalarLimbs
        columns = (group.orderBits + Int(Self.teeth) - 1) / Int(Self.teeth)
        table = Limbs(count: size << Int(Self.teeth))
        scratch = Limbs(count: conclave_comb_scratch(size))
        unsafe conclave_comb_build(
            table.pointer, base.pointer, columns, Self.teeth, modulus.pointer, size, scratch.pointer)
    }

    /// result = base ^ exponent; `wipe` is to follow.
    @unsafe
    func raise(_ exponent: UnsafePointer<UInt>, _ modulus: borrowing Limbs, into result: borrowing Limbs) {
        unsafe conclave_comb_power(
            result.pointer, table.pointer, exponent, exponentLimbs, columns, Self.teeth, modulus.pointer, size,
            scratch.pointer)
    }

    func wipe() { scratch.wipe() }
}
