internal import Primitives

/// Powers that are computed in pieces, each with an engine of its own.
@safe
final class Batch {
    private let engines: [Engine]
    /// One for each exponent, one for all, or none for the generator.
    private let bases: [Element]
    private let exponents: UnsafePointer<UInt>
    private let each: Int
    private let count: Int
    private let slots: UnsafeMutablePointer<Element?>

    /// The exponents must outlive the batch. They are `each` limbs apart; 0 for one that all have.
    @unsafe
    init(engines: [Engine], bases: [Element], exponents: UnsafePointer<UInt>, each: Int, count: Int) {
        self.engines = engines
        self.bases = bases
        unsafe self.exponents = unsafe exponents
        self.each = each
        self.count = count
        unsafe slots = .allocate(capacity: count)
        unsafe slots.initialize(repeating: nil, count: count)
    }

    deinit {
        unsafe slots.deinitialize(count: count)
        unsafe slots.deallocate()
    }

    /// Computes a piece: every so manieth power.
    func run(_ piece: Int) {
        let engine = engines[piece]
        var index = piece
        while index < count {
            let base = bases.isEmpty ? nil : bases[bases.count == 1 ? 0 : index]
            unsafe slots[index] = try? engine.power(base, exponents + index * each)
            index += engines.count
        }
        engine.wipe()
    }

    /// The powers in their order, when all pieces have run.
    func results() throws(ArithmeticError) -> [Element] {
        var powers: [Element] = []
        powers.reserveCapacity(count)
        for index in 0..<count {
            guard let power = unsafe slots[index] else { throw .library }
            powers.append(power)
        }
        return powers
    }

    /// How many pieces a batch is best cut into: one for each thread, as long as each has so much to do that it is
    /// worth the beginning of a thread many times over.
    static func pieces(of count: Int, in group: NumberGroup, isFixed: Bool, threads: Int) -> Int {
        let perPiece = max(1, (smallestPiece + group.powerCost - 1) / group.powerCost * (isFixed ? 3 : 1))
        return max(1, min(threads, Workers.limit, count / perPiece))
    }

    /// What a piece takes at least, in about nanoseconds; a thread begins and ends in some 50,000.
    private static let smallestPiece = 500_000
}

extension NumberGroup {
    /// What a power takes in about nanoseconds, on whatever machine: only the proportion to the beginning of a thread
    /// matters.
    var powerCost: Int { isCurve ? 54_000 : elementLimbs * elementLimbs * orderBits * 4 / 3 }
}
