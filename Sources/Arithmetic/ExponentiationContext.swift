internal import CGMP
public import Primitives

/// The workspace of one group: its constants and all the memory that its operations need, allocated once.
///
/// Exponents are secret, and every operation with them takes a time that depends on the group alone. What an operation
/// leaves in the workspace is wiped when it ends.
@safe
public struct ExponentiationContext: ~Copyable {
    /// The group that it computes in.
    public let group: NumberGroup
    /// g.
    public let generator: Element

    /// On how many threads a batch may be computed, the caller's included: 1 to 64. Others than the caller's are begun
    /// where that pays, and have ended when the call returns. 1 at first.
    public var threads = 1

    let engine: Engine
    /// Those of further threads, made when they are needed first.
    private var helpers: [Engine] = []
    let order: Limbs
    private let product: Limbs
    private let scratch: Limbs

    /// Allocates the workspace. Where libcrypto cannot have a curve, every operation throws `.library`.
    public init(group: NumberGroup) {
        self.group = group
        engine = Engine(group)
        generator = engine.generator(of: group)
        order = group.order
        product = Limbs(count: 2 * group.scalarLimbs)
        scratch = Limbs(count: conclave_multiply_scratch(group.scalarLimbs))
    }

    /// The element that received bytes stand for, checked to be in the subgroup of prime order and to be neither 0, 1
    /// nor -1; or to be a point of the curve and not the one at infinity.
    public mutating func element(checking bytes: [UInt8]) throws(ArithmeticError) -> Element {
        guard bytes.count == group.elementSize else { throw .badSize }
        guard isBroken(.subgroupCheckIsSkipped) || engine.isMember(bytes) else { throw .notMember }
        return Element(group: group, bytes: bytes)
    }
}

// MARK: - Exponentiation

extension ExponentiationContext {
    /// base ^ exponent, a public value.
    public mutating func power(_ base: Element, _ exponent: borrowing Scalar) throws(ArithmeticError) -> Element {
        guard base.group == group, exponent.group == group else { throw .groupMismatch }
        defer { engine.wipe() }
        return unsafe try engine.power(base == generator ? nil : base, exponent.limbs.pointer)
    }

    /// base ^ exponent, a secret value.
    public mutating func secretPower(
        _ base: Element, _ exponent: borrowing Scalar
    ) throws(ArithmeticError) -> SecretElement {
        guard base.group == group, exponent.group == group else { throw .groupMismatch }
        defer { engine.wipe() }
        return unsafe try engine.secretPower(base == generator ? nil : base, exponent.limbs.pointer)
    }

}

// MARK: - Batches

extension ExponentiationContext {
    /// Many bases to one exponent, in the order of the bases.
    public mutating func powers(
        _ bases: [Element], _ exponent: borrowing Scalar
    ) throws(ArithmeticError) -> [Element] {
        guard exponent.group == group else { throw .groupMismatch }
        return unsafe try powers(bases, exponent.limbs.pointer, each: 0, count: bases.count)
    }

    /// One base to many exponents, in the order of the exponents.
    public mutating func powers(
        _ base: Element, _ exponents: borrowing ScalarList
    ) throws(ArithmeticError) -> [Element] {
        guard exponents.group == group else { throw .groupMismatch }
        let size = group.scalarLimbs
        return unsafe try powers([base], exponents.limbs.pointer, each: size, count: exponents.count)
    }

    /// Each base to the exponent at its place. Throws `.badSize` when there are not as many of both.
    public mutating func powers(
        _ bases: [Element], _ exponents: borrowing ScalarList
    ) throws(ArithmeticError) -> [Element] {
        guard exponents.group == group else { throw .groupMismatch }
        guard bases.count == exponents.count else { throw .badSize }
        return unsafe try powers(bases, exponents.limbs.pointer, each: group.scalarLimbs, count: bases.count)
    }

    /// The one place where batches are computed. A single base stands for all; exponents are `each` limbs apart.
    @unsafe
    private mutating func powers(
        _ bases: [Element], _ exponents: UnsafePointer<UInt>, each: Int, count: Int
    ) throws(ArithmeticError) -> [Element] {
        for base in bases where base.group != group { throw .groupMismatch }
        guard count > 0 else { return [] }
        let isFixed = bases.count == 1 && bases[0] == generator
        let pieces = Batch.pieces(of: count, in: group, isFixed: isFixed, threads: threads)
        while helpers.count < pieces - 1 { helpers.append(Engine(group)) }
        let batch = unsafe Batch(
            engines: [engine] + helpers.prefix(pieces - 1), bases: isFixed ? [] : bases, exponents: exponents,
            each: each, count: count)
        Workers.run(pieces, batch.run)
        return try batch.results()
    }
}

// MARK: - Scalars

extension ExponentiationContext {
    /// first · second modulo q.
    public mutating func product(
        _ first: borrowing Scalar, _ second: borrowing Scalar
    ) throws(ArithmeticError) -> Scalar {
        guard first.group == group, second.group == group else { throw .groupMismatch }
        defer { wipe() }
        return Scalar(group: group, limbs: multiply(first.limbs, second.limbs))
    }

    /// The inverse of a scalar modulo q.
    ///
    /// The scalar is multiplied by a random one first: what is inverted, in a time that depends on the number, tells
    /// nothing about the scalar.
    public mutating func inverse(
        _ scalar: borrowing Scalar, entropy: Entropy
    ) throws(ArithmeticError) -> Scalar {
        guard scalar.group == group else { throw .groupMismatch }
        defer { wipe() }
        let blind = try Scalar(random: group, from: entropy)
        let blinded = multiply(scalar.limbs, blind.limbs)
        let inverted = Limbs(count: group.scalarLimbs)
        let size = group.scalarLimbs
        guard unsafe conclave_invert(inverted.pointer, blinded.pointer, order.pointer, size) == 1 else {
            throw .notInvertible
        }
        return Scalar(group: group, limbs: multiply(inverted, blind.limbs))
    }

    private func multiply(_ first: borrowing Limbs, _ second: borrowing Limbs) -> Limbs {
        unsafe conclave_multiply(
            product.pointer, first.pointer, second.pointer, order.pointer, group.scalarLimbs, scratch.pointer)
        let remainder = Limbs(count: group.scalarLimbs)
        remainder.copy(from: product)
        return remainder
    }

    private func wipe() {
        product.wipe()
        scratch.wipe()
    }
}
