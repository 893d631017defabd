internal import CGMP
public import Primitives

/// A secret number in [1, q - 1]: a share, or a product or inverse of shares. Wiped when its owner goes.
public struct Scalar: ~Copyable {
    /// The group whose order it is reduced by.
    public let group: NumberGroup
    let limbs: Limbs

    init(group: NumberGroup, limbs: consuming Limbs) {
        self.group = group
        self.limbs = limbs
    }

    /// Draws uniformly from [1, q - 1], by rejection.
    public init(random group: NumberGroup, from entropy: Entropy) throws(ArithmeticError) {
        let order = group.order
        let limbs = Limbs(count: group.scalarLimbs)
        let unusedBits = UInt(group.scalarLimbs * Limbs.bitsInLimb - group.orderBits)
        // At least half of all draws fit, so that 256 refusals in a row mean a broken source.
        for _ in 0..<256 {
            do throws(PrimitivesError) {
                let bytes = unsafe UnsafeMutableRawPointer(limbs.pointer).assumingMemoryBound(to: UInt8.self)
                unsafe try entropy.fill(
                    UnsafeMutableBufferPointer(start: bytes, count: limbs.count * Limbs.bytesInLimb))
            } catch {
                throw .entropy
            }
            // The same draw is the same number on every kind of processor.
            for index in 0..<limbs.count { unsafe limbs.pointer[index] = UInt(littleEndian: limbs.pointer[index]) }
            unsafe limbs.pointer[limbs.count - 1] &= UInt.max >> unusedBits
            if !limbs.isZero, limbs.isLess(than: order) {
                self.init(group: group, limbs: limbs)
                return
            }
        }
        throw .entropy
    }

    /// A second owner of the same number.
    public borrowing func duplicate() -> Scalar {
        let copy = Limbs(count: limbs.count)
        copy.copy(from: limbs)
        return Scalar(group: group, limbs: copy)
    }
}

/// Secret numbers of one group, for a batch with many exponents.
public struct ScalarList: ~Copyable {
    /// The group of them all.
    public let group: NumberGroup
    /// How many there are.
    public private(set) var count = 0
    private(set) var limbs: Limbs

    /// An empty list with room for `capacity` scalars.
    public init(group: NumberGroup, capacity: Int) {
        self.group = group
        limbs = Limbs(count: max(capacity, 1) * group.scalarLimbs)
    }

    /// Appends a copy.
    public mutating func append(_ scalar: borrowing Scalar) throws(ArithmeticError) {
        guard scalar.group == group else { throw .groupMismatch }
        let size = group.scalarLimbs
        if (count + 1) * size > limbs.count {
            let larger = Limbs(count: 2 * limbs.count)
            larger.copy(from: limbs)
            limbs = larger
        }
        for index in 0..<size { unsafe limbs.pointer[count * size + index] = scalar.limbs.pointer[index] }
        count += 1
    }
}
