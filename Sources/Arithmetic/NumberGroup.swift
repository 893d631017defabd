/// A group of numbers: the subgroup of prime order q of the numbers modulo a prime p, with its generator. The raw value
/// is the number by which a suite names it; 5 is kept for P-256.
public enum NumberGroup: UInt8, Sendable, CaseIterable {
    /// RFC 7919, 2048 bits, p = 2q + 1.
    case ffdhe2048 = 1
    /// RFC 7919, 3072 bits, p = 2q + 1.
    case ffdhe3072 = 2
    /// RFC 7919, 4096 bits, p = 2q + 1.
    case ffdhe4096 = 3
    /// RFC 5114 §2.3, p of 2048 bits and q of 256. The origin of its constants is unexplained.
    case modp2048Order256 = 4
    /// The paper's smaller size, p of 512 bits and q of 160: breakable, for benchmarks alone.
    case paper512 = 14
    /// The paper's larger size, p of 1024 bits and q of 160: breakable, for benchmarks alone.
    case paper1024 = 15

    /// Whether the group protects nothing and is there for comparing figures with the paper's.
    public var isForBenchmarks: Bool {
        switch self {
        case .ffdhe2048, .ffdhe3072, .ffdhe4096, .modp2048Order256: false
        case .paper512, .paper1024: true
        }
    }

    /// Bytes of an element: the size of p, a multiple of eight.
    public var elementSize: Int {
        switch self {
        case .ffdhe2048, .modp2048Order256: 256
        case .ffdhe3072: 384
        case .ffdhe4096: 512
        case .paper512: 64
        case .paper1024: 128
        }
    }

    /// Bits of the order q.
    public var orderBits: Int {
        switch self {
        case .ffdhe2048: 2047
        case .ffdhe3072: 3071
        case .ffdhe4096: 4095
        case .modp2048Order256: 256
        case .paper512, .paper1024: 160
        }
    }

    /// Whether p = 2q + 1, where a Jacobi symbol decides membership.
    var hasSafePrime: Bool {
        switch self {
        case .ffdhe2048, .ffdhe3072, .ffdhe4096: true
        case .modp2048Order256, .paper512, .paper1024: false
        }
    }

    /// Limbs of an element.
    var elementLimbs: Int { elementSize / Limbs.bytesInLimb }

    /// Limbs of a scalar.
    var scalarLimbs: Int { (orderBits + Limbs.bitsInLimb - 1) / Limbs.bitsInLimb }

    /// p.
    var modulus: Limbs { Limbs(hexadecimal: modulusDigits, count: elementLimbs) }

    /// q.
    var order: Limbs {
        guard let digits = shortOrder?.order else {
            let order = modulus
            order.halve()
            return order
        }
        return Limbs(hexadecimal: digits, count: scalarLimbs)
    }

    /// g: 2 where p = 2q + 1, which is a square since p ≡ 7 modulo 8, and so of order q.
    var generator: Limbs {
        Limbs(hexadecimal: shortOrder?.generator ?? "2", count: elementLimbs)
    }

    private var modulusDigits: StaticString {
        switch self {
        case .ffdhe2048: GroupConstants.ffdhe2048P
        case .ffdhe3072: GroupConstants.ffdhe3072P
        case .ffdhe4096: GroupConstants.ffdhe4096P
        case .modp2048Order256: GroupConstants.modp2048Order256P
        case .paper512: GroupConstants.paper512P
        case .paper1024: GroupConstants.paper1024P
        }
    }

    private var shortOrder: (order: StaticString, generator: StaticString)? {
        switch self {
        case .ffdhe2048, .ffdhe3072, .ffdhe4096: nil
        case .modp2048Order256: (GroupConstants.modp2048Order256Q, GroupConstants.modp2048Order256G)
        case .paper512: (GroupConstants.paper512Q, GroupConstants.paper512G)
        case .paper1024: (GroupConstants.paper1024Q, GroupConstants.paper1024G)
        }
    }
}
