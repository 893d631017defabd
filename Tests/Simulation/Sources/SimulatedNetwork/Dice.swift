/// All chance in a run, from one seed (splitmix64).
public struct Dice: Sendable {
    private var state: UInt64

    public init(seed: UInt64) { state = seed &* 0x9e37_79b9_7f4a_7c15 &+ 0xd1b5_4a32_d192_ed03 }

    public mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ value >> 30) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ value >> 27) &* 0x94d0_49bb_1331_11eb
        return value ^ value >> 31
    }

    /// 0 ..< sides; 0 for no side at all.
    public mutating func roll(_ sides: Int) -> Int {
        sides > 1 ? Int(next().multipliedFullWidth(by: UInt64(sides)).high) : 0
    }

    public mutating func roll(_ range: ClosedRange<Int>) -> Int { range.lowerBound + roll(range.count) }

    /// True in so many of a hundred cases.
    public mutating func chance(_ percent: Int) -> Bool { roll(100) < percent }

    /// One of them, or nil when there is none.
    public mutating func pick<T>(_ list: [T]) -> T? { list.isEmpty ? nil : list[roll(list.count)] }

    /// An index, each with its weight.
    public mutating func pick(weights: [Int]) -> Int {
        var rest = roll(weights.reduce(0, +))
        for (index, weight) in weights.enumerated() {
            if rest < weight { return index }
            rest -= weight
        }
        return 0
    }

    public mutating func shuffle<T>(_ list: inout [T]) {
        for index in list.indices.reversed() where index > 0 { list.swapAt(index, roll(index + 1)) }
    }
}
