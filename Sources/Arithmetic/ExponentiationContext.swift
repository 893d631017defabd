internal import CGMP
public import Primitives

/// The workspace of one group of numbers: its constants and all the memory that its operations need, allocated once.
///
/// Exponents are secret, and every operation with them takes a time that depends on the group alone. What an operation
/// leaves in the workspace is wiped when it ends.
@safe
public struct ExponentiationContext: ~Copyable {
    /// The group that it computes in.
    public let group: NumberGroup

    private let modulus: Limbs
    private let order: Limbs
    private let base: Limbs
    private let result: Limbs
    private let product: Limbs
    private let scratch: Limbs
    private let generatorLimbs: Limbs

    /// Allocates the workspace.
    public init(group: NumberGroup) {
        self.group = group
        modulus = group.modulus
        order = group.order
        generatorLimbs = group.generator
        base = Limbs(count: group.elementLimbs)
        result = Limbs(count: group.elementLimbs)
        product = Limbs(count: 2 * group.scalarLimbs)
        let power = conclave_powm_scratch(group.orderBits, group.elementLimbs)
        let multiplication = conclave_multiply_scratch(group.scalarLimbs)
        scratch = Limbs(count: max(power, multiplication))
    }

    /// g.
    public var generator: Element { element(of: generatorLimbs) }

    private func element(of limbs: borrowing Limbs) -> Element {
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: group.elementSize) { (buffer, count) in
            let whole = unsafe UnsafeMutableBufferPointer(rebasing: buffer[..<group.elementSize])
            unsafe limbs.write(bigEndian: whole)
            count = group.elementSize
        }
        return Element(group: group, bytes: bytes)
    }
}

// MARK: - Membership

extension ExponentiationContext {
    /// The element that received bytes stand for, checked to be in the subgroup of prime order and to be neither 0, 1
    /// nor -1: a Jacobi symbol where p = 2q + 1, otherwise one exponentiation.
    public mutating func element(checking bytes: [UInt8]) throws(ArithmeticError) -> Element {
        guard bytes.count == group.elementSize else { throw .badSize }
        if isBroken(.subgroupCheckIsSkipped) { return Element(group: group, bytes: bytes) }
        base.set(bigEndian: bytes)
        let size = group.elementLimbs
        // p is odd, so that p - 1 needs no borrow.
        result.copy(from: modulus)
        unsafe result.pointer[0] -= 1
        let isInRange = unsafe conclave_compare(base.pointer, result.pointer, size) < 0
        guard isInRange, !Self.isZeroOrOne(base) else { throw .notMember }
        if group.hasSafePrime {
            guard unsafe conclave_jacobi(base.pointer, modulus.pointer, size) == 1 else { throw .notMember }
        } else {
            raise(order)
            guard Self.isZeroOrOne(result), !result.isZero else { throw .notMember }
        }
        return Element(group: group, bytes: bytes)
    }

    private static func isZeroOrOne(_ limbs: borrowing Limbs) -> Bool {
        for index in 1..<limbs.count where unsafe limbs.pointer[index] != 0 { return false }
        return unsafe limbs.pointer[0] <= 1
    }

    /// result = base ^ exponent.
    private func raise(_ exponent: borrowing Limbs) {
        unsafe raise(exponent.pointer)
    }

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

    private func wipe() {
        result.wipe()
        product.wipe()
        scratch.wipe()
    }
}

// MARK: - Exponentiation

extension ExponentiationContext {
    /// base ^ exponent, a public value.
    public mutating func power(_ base: Element, _ exponent: borrowing Scalar) throws(ArithmeticError) -> Element {
        guard base.group == group, exponent.group == group else { throw .groupMismatch }
        defer { wipe() }
        self.base.set(bigEndian: base.bytes)
        raise(exponent.limbs)
        return element(of: result)
    }

    /// base ^ exponent, a secret value.
    public mutating func secretPower(
        _ base: Element, _ exponent: borrowing Scalar
    ) throws(ArithmeticError) -> SecretElement {
        guard base.group == group, exponent.group == group else { throw .groupMismatch }
        defer { wipe() }
        self.base.set(bigEndian: base.bytes)
        raise(exponent.limbs)
        let bytes = unsafe SecretBytes(count: group.elementSize) { (buffer) in
            unsafe result.write(bigEndian: buffer)
        }
        return SecretElement(group: group, bytes: bytes)
    }

    /// Many bases to one exponent, in the order of the bases.
    public mutating func powers(
        _ bases: [Element], _ exponent: borrowing Scalar
    ) throws(ArithmeticError) -> [Element] {
        guard exponent.group == group else { throw .groupMismatch }
        for base in bases where base.group != group { throw .groupMismatch }
        defer { wipe() }
        var powers: [Element] = []
        powers.reserveCapacity(bases.count)
        for base in bases {
            self.base.set(bigEndian: base.bytes)
            raise(exponent.limbs)
            powers.append(element(of: result))
        }
        return powers
    }

    /// One base to many exponents, in the order of the exponents.
    public mutating func powers(
        _ base: Element, _ exponents: borrowing ScalarList
    ) throws(ArithmeticError) -> [Element] {
        guard base.group == group, exponents.group == group else { throw .groupMismatch }
        defer { wipe() }
        var powers: [Element] = []
        powers.reserveCapacity(exponents.count)
        self.base.set(bigEndian: base.bytes)
        for index in 0..<exponents.count {
            unsafe raise(exponents.limbs.pointer + index * group.scalarLimbs)
            powers.append(element(of: result))
        }
        return powers
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
}
