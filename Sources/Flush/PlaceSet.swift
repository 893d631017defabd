/// A set of small numbers: places in a list that everybody computes alike. Up to 64 of them need no memory of their
/// own.
struct PlaceSet: Equatable {
    private var first: UInt64 = 0
    /// The words after the first; the last of them is not zero, so that equal sets are spelled alike.
    private var rest: [UInt64] = []

    init() {}

    /// All places below a number.
    init(below count: Int) {
        first = Self.ones(min(count, 64))
        var left = count - 64
        while left > 0 {
            rest.append(Self.ones(min(left, 64)))
            left -= 64
        }
    }

    private static func ones(_ count: Int) -> UInt64 { count >= 64 ? .max : (1 << UInt64(count)) - 1 }

    var isEmpty: Bool { first == 0 && rest.isEmpty }

    func contains(_ place: Int) -> Bool {
        let word = place < 64 ? first : (place >> 6 <= rest.count ? rest[place >> 6 - 1] : 0)
        return word & (1 << UInt64(place & 63)) != 0
    }

    mutating func insert(_ place: Int) {
        let bit: UInt64 = 1 << UInt64(place & 63)
        guard place >= 64 else {
            first |= bit
            return
        }
        while rest.count < place >> 6 { rest.append(0) }
        rest[place >> 6 - 1] |= bit
    }

    mutating func remove(_ place: Int) {
        let bit: UInt64 = 1 << UInt64(place & 63)
        guard place >= 64 else {
            first &= ~bit
            return
        }
        guard place >> 6 <= rest.count else { return }
        rest[place >> 6 - 1] &= ~bit
        trim()
    }

    mutating func formUnion(_ other: PlaceSet) {
        first |= other.first
        for index in other.rest.indices {
            if index < rest.count { rest[index] |= other.rest[index] } else { rest.append(other.rest[index]) }
        }
    }

    mutating func formIntersection(_ other: PlaceSet) {
        first &= other.first
        if rest.count > other.rest.count { rest.removeLast(rest.count - other.rest.count) }
        for index in rest.indices { rest[index] &= other.rest[index] }
        trim()
    }

    mutating func subtract(_ other: PlaceSet) {
        first &= ~other.first
        for index in 0..<min(rest.count, other.rest.count) { rest[index] &= ~other.rest[index] }
        trim()
    }

    func subtracting(_ other: PlaceSet) -> PlaceSet {
        var result = self
        result.subtract(other)
        return result
    }

    func isSubset(of other: PlaceSet) -> Bool {
        guard first & ~other.first == 0, rest.count <= other.rest.count else { return false }
        for index in rest.indices where rest[index] & ~other.rest[index] != 0 { return false }
        return true
    }

    func isDisjoint(with other: PlaceSet) -> Bool {
        guard first & other.first == 0 else { return false }
        for index in 0..<min(rest.count, other.rest.count) where rest[index] & other.rest[index] != 0 { return false }
        return true
    }

    /// The places in ascending order.
    var places: [Int] {
        var list: [Int] = []
        for index in 0...rest.count {
            var word = index == 0 ? first : rest[index - 1]
            while word != 0 {
                list.append(index << 6 + word.trailingZeroBitCount)
                word &= word - 1
            }
        }
        return list
    }

    private mutating func trim() {
        while rest.last == 0 { rest.removeLast() }
    }
}

/// Finds a number's place in a list by binary search: connections and incarnations are looked up at every message.
struct PlaceIndex: Equatable {
    private struct Entry: Equatable {
        let number: UInt64
        let place: Int
    }

    private var entries: [Entry] = []

    init() {}

    /// Indexes a list; of equal numbers the first counts.
    init(_ numbers: [UInt64]) {
        entries.reserveCapacity(numbers.count)
        for (place, number) in numbers.enumerated() { entries.append(Entry(number: number, place: place)) }
        entries.sort { ($0.number, $0.place) < ($1.number, $1.place) }
    }

    var count: Int { entries.count }

    /// The numbers in ascending order.
    var numbers: [UInt64] { entries.map { $0.number } }

    /// Places in ascending order of their numbers.
    var ascending: [Int] { entries.map { $0.place } }

    func contains(_ number: UInt64) -> Bool { place(of: number) != nil }

    func place(of number: UInt64) -> Int? {
        let index = lowerBound(number)
        return index < entries.count && entries[index].number == number ? entries[index].place : nil
    }

    /// Adds a number that is not in the list yet.
    mutating func insert(_ number: UInt64, at place: Int) {
        entries.insert(Entry(number: number, place: place), at: lowerBound(number))
    }

    private func lowerBound(_ number: UInt64) -> Int {
        var low = 0
        var high = entries.count
        while low < high {
            let middle = low + (high - low) / 2
            if entries[middle].number < number { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
