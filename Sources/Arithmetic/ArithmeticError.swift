/// What the arithmetic refuses.
public enum ArithmeticError: Error, Equatable, Sendable {
    /// A value is no member of the subgroup of prime order, or is 0, 1 or -1; or no point of the curve.
    case notMember
    /// A value does not have the size that its group's values have.
    case badSize
    /// Operands belong to different groups.
    case groupMismatch
    /// The source of entropy gave nothing, or nothing that fits.
    case entropy
    /// A number has no inverse; no scalar that was drawn here is such a number.
    case notInvertible
    /// A secret element stands for the exponent zero.
    case zeroExponent
    /// libcrypto failed without a reason that the operands explain.
    case library
}
