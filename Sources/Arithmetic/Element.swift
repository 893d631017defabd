public import Primitives

/// A public member of the subgroup of prime order, never its identity: made by an exponentiation, or from received
/// bytes by `ExponentiationContext.element(checking:)`, which is the only way in.
public struct Element: Equatable, Sendable {
    /// The group it belongs to.
    public let group: NumberGroup
    /// The number in big-endian bytes, as many as p has; or the point, uncompressed: the one spelling of it.
    public let bytes: [UInt8]

    init(group: NumberGroup, bytes: [UInt8]) {
        self.group = group
        self.bytes = bytes
    }
}

/// A secret member of the subgroup: a group key before anything is derived from it. Wiped when its owner goes.
public struct SecretElement: ~Copyable {
    /// The group it belongs to.
    public let group: NumberGroup
    /// The number in big-endian bytes, as many as p has; of a point the x-coordinate, which it shares with its inverse
    /// alone.
    public let bytes: SecretBytes
}
