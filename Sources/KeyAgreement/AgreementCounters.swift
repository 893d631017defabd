/// What an agreement has cost. Membership checks and inversions are not in the paper's tables and are counted apart.
public struct AgreementCounters: Equatable, Sendable {
    public var exponentiations: UInt64 = 0
    public var signatures: UInt64 = 0
    public var verifications: UInt64 = 0
    public var unicasts: UInt64 = 0
    public var multicasts: UInt64 = 0
    /// Checks that a received value is in the subgroup of prime order.
    public var membershipChecks: UInt64 = 0
    /// Inverses of shares modulo the group's order.
    public var inversions: UInt64 = 0

    /// Nothing yet.
    public init() {}
}
