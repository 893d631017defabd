internal import Primitives

/// A group of prime order q with its generator g: a subgroup of the numbers modulo a prime p, or the points of a curve.
/// It is written as a multiplication throughout, so that for points base ^ exponent is exponent times base. The raw
/// value is the number by which a suite names it.
public enum NumberGroup: UInt8, Sendable, CaseIterable {
    /// RFC 7919, 2048 bits, p = 2q + 1.
    case ffdhe2048 = 1
    /// RFC 7919, 3072 bits, p = 2q + 1.
    case ffdhe3072 = 2
    /// RFC 7919, 4096 bits, p = 2q + 1.
    case ffdhe4096 = 3
    /// RFC 5114 §2.3, p of 2048 bits and q of 256. The origin of its constants is unexplained.
    case modp2048Order256 = 4
    /// The curve P-256 of FIPS 186-4, D.1.2.3, through libcrypto: its points, uncompressed.
    case p256 = 5
    /// The paper's smaller size, p of 512 bits and q of 160: breakable, for benchmarks alone.
    case paper512 = 14
    /// The paper's larger size, p of 1024 bits and q of 160: breakable, for benchmarks alone.
    case paper1024 = 15

    #if SIMULATION
        /// 64 bits, p = 2q + 1: breakable in no time, for the simulator alone (SimulatedNumbers.swift).
        case simulation64 = 13
    #endif

    /// What a group is made of.
    struct Shape {
        let elementSize: Int
        let orderBits: Int
        /// p; empty for a curve.
        let modulus: StaticString
        /// The order and the generator where p is not 2q + 1.
        var short: (order: StaticString, generator: StaticString)? = nil
        var isForBenchmarks = false
    }

    private var shape: Shape {
        switch self {
        case .ffdhe2048: Shape(elementSize: 256, orderBits: 2047, modulus: GroupConstants.ffdhe2048P)
        case .ffdhe3072: Shape(elementSize: 384, orderBits: 3071, modulus: GroupConstants.ffdhe3072P)
        case .ffdhe4096: Shape(elementSize: 512, orderBits: 4095, modulus: GroupConstants.ffdhe4096P)
        case .modp2048Order256:
            Shape(
                elementSize: 256, orderBits: 256, modulus: GroupConstants.modp2048Order256P,
                short: (GroupConstants.modp2048Order256Q, GroupConstants.modp2048Order256G))
        case .p256:
            Shape(
                elementSize: EllipticCurve.pointSize, orderBits: 256, modulus: "", short: (GroupConstants.p256Order, "")
            )
        case .paper512:
            Shape(
                elementSize: 64, orderBits: 160, modulus: GroupConstants.paper512P,
                short: (GroupConstants.paper512Q, GroupConstants.paper512G), isForBenchmarks: true)
        case .paper1024:
            Shape(
                elementSize: 128, orderBits: 160, modulus: GroupConstants.paper1024P,
                short: (GroupConstants.paper1024Q, GroupConstants.paper1024G), isForBenchmarks: true)
        #if SIMULATION
            case .simulation64: SimulatedNumbers.shape
        #endif
        }
    }

    /// Whether the group protects nothing and is there for comparing figures with the paper's.
    public var isForBenchmarks: Bool { shape.isForBenchmarks }

    /// Bytes of an element: the size of p, a multiple of eight; of a point, 65.
    public var elementSize: Int { shape.elementSize }

    /// Bytes of a secret element: as many as p has; of a point, those of its x-coordinate.
    public var secretSize: Int { isCurve ? EllipticCurve.coordinateSize : elementSize }

    /// Whether the elements are points.
    var isCurve: Bool { self == .p256 }

    /// Bits of the order q.
    public var orderBits: Int { shape.orderBits }

    /// Whether p = 2q + 1, where a Jacobi symbol decides membership.
    var hasSafePrime: Bool { shape.short == nil }

    /// Limbs of an element that is a number.
    var elementLimbs: Int { elementSize / Limbs.bytesInLimb }

    /// Limbs of a scalar.
    var scalarLimbs: Int { (orderBits + Limbs.bitsInLimb - 1) / Limbs.bitsInLimb }

    /// p.
    var modulus: Limbs { Limbs(hexadecimal: shape.modulus, count: elementLimbs) }

    /// q.
    var order: Limbs {
        guard let digits = shape.short?.order else {
            let order = modulus
            order.halve()
            return order
        }
        return Limbs(hexadecimal: digits, count: scalarLimbs)
    }

    /// g: 2 where p = 2q + 1, which is a square since p ≡ 7 modulo 8, and so of order q.
    var generator: Limbs {
        Limbs(hexadecimal: shape.short?.generator ?? "2", count: elementLimbs)
    }
}
