internal import CGMP
internal import Primitives

/// Products of elements, of which BD's key is made. nil stands for the identity, which is no `Element`.
extension ExponentiationContext {
    /// first / second: public values, in a time that depends on them.
    public mutating func quotient(_ first: Element, _ second: Element) throws(ArithmeticError) -> Element? {
        guard first.group == group, second.group == group else { throw .groupMismatch }
        return try engine.quotient(first, second)
    }

    /// x1 · (x1 x2) · (x1 x2 x3) …, which is x1^k · x2^(k-1) … xk: public values, with two products for each.
    public mutating func productOfPrefixes(_ factors: [Element?]) throws(ArithmeticError) -> Element? {
        for case .some(let factor) in factors where factor.group != group { throw .groupMismatch }
        return try engine.productOfPrefixes(factors)
    }

    /// base ^ exponent · factor, a secret value. Throws `.notMember` when that is the identity.
    public mutating func secretPower(
        _ base: Element, _ exponent: borrowing Scalar, times factor: Element?
    ) throws(ArithmeticError) -> SecretElement {
        guard let factor else { return try secretPower(base, exponent) }
        guard base.group == group, factor.group == group, exponent.group == group else { throw .groupMismatch }
        defer { engine.wipe() }
        return unsafe try engine.secretPower(base, exponent.limbs.pointer, times: factor)
    }

    /// The scalar times a small number, not zero, modulo q.
    public mutating func product(_ scalar: borrowing Scalar, _ number: UInt32) throws(ArithmeticError) -> Scalar {
        let limbs = Limbs(count: group.scalarLimbs)
        unsafe limbs.pointer[0] = UInt(number)
        return try product(scalar, Scalar(group: group, limbs: limbs))
    }
}

extension Engine {
    func quotient(_ first: Element, _ second: Element) throws(ArithmeticError) -> Element? {
        guard first != second else { return nil }
        switch self {
        case .numbers(let group, let workspace):
            let product = ProductWorkspace(workspace.modulus)
            product.value.set(bigEndian: second.bytes)
            guard product.invert() else { throw .notInvertible }
            product.factor.set(bigEndian: first.bytes)
            product.multiply()
            return Element(product.value, in: group)
        case .curve(let group, let curve):
            guard let curve else { throw .library }
            do throws(PrimitivesError) {
                return try curve.difference(first.bytes, second.bytes).map { Element(group: group, bytes: $0) }
            } catch {
                throw .library
            }
        }
    }

    func productOfPrefixes(_ factors: [Element?]) throws(ArithmeticError) -> Element? {
        switch self {
        case .numbers(let group, let workspace):
            let prefix = ProductWorkspace(workspace.modulus)
            let product = ProductWorkspace(workspace.modulus)
            for factor in factors {
                if let factor {
                    prefix.factor.set(bigEndian: factor.bytes)
                    prefix.multiply()
                }
                product.factor.copy(from: prefix.value)
                product.multiply()
            }
            return product.value.isOne ? nil : Element(product.value, in: group)
        case .curve(let group, let curve):
            guard let curve else { throw .library }
            do throws(PrimitivesError) {
                let sum = try curve.sumOfPrefixes(factors.map { $0?.bytes })
                return sum.map { Element(group: group, bytes: $0) }
            } catch {
                throw .library
            }
        }
    }

    /// base ^ exponent · factor as a secret; `wipe` is to follow.
    @unsafe
    func secretPower(
        _ base: Element, _ exponent: UnsafePointer<UInt>, times factor: Element
    ) throws(ArithmeticError) -> SecretElement {
        switch self {
        case .numbers(let group, let workspace):
            let product = ProductWorkspace(workspace.modulus)
            unsafe workspace.raise(base, exponent)
            product.value.copy(from: workspace.result)
            product.factor.set(bigEndian: factor.bytes)
            product.multiply()
            guard !product.value.isOne else { throw .notMember }
            let bytes = unsafe SecretBytes(count: group.secretSize) { (buffer) in
                unsafe product.value.write(bigEndian: buffer)
            }
            return SecretElement(group: group, bytes: bytes)
        case .curve(let group, let curve):
            guard let curve else { throw .library }
            do throws(PrimitivesError) {
                let number = unsafe Self.bytes(of: exponent, in: group)
                let bytes = try curve.secretCoordinate(multiplying: base.bytes, by: number, plus: factor.bytes)
                return SecretElement(group: group, bytes: bytes)
            } catch {
                throw error == .badSize ? .notMember : .library
            }
        }
    }
}

/// The memory of products modulo p; it is wiped when its owner goes. The value begins as 1.
private struct ProductWorkspace: ~Copyable {
    let value: Limbs
    let factor: Limbs
    private let modulus: Limbs
    private let product: Limbs
    private let scratch: Limbs

    init(_ modulus: borrowing Limbs) {
        let size = modulus.count
        value = Limbs(count: size)
        unsafe value.pointer[0] = 1
        factor = Limbs(count: size)
        self.modulus = Limbs(count: size)
        self.modulus.copy(from: modulus)
        product = Limbs(count: 2 * size)
        scratch = Limbs(count: conclave_multiply_scratch(size))
    }

    /// value = value · factor, in a time that depends on the size alone.
    func multiply() {
        unsafe conclave_multiply(
            product.pointer, value.pointer, factor.pointer, modulus.pointer, value.count, scratch.pointer)
        value.copy(from: product)
    }

    /// value = 1 / value, for a public value.
    func invert() -> Bool {
        factor.copy(from: value)
        return unsafe conclave_invert(value.pointer, factor.pointer, modulus.pointer, value.count) == 1
    }
}

extension Limbs {
    /// Whether the number is one, in a time that depends on the width alone.
    fileprivate var isOne: Bool {
        var bits = unsafe pointer[0] ^ 1
        for index in 1..<count { unsafe bits |= pointer[index] }
        return bits == 0
    }
}
