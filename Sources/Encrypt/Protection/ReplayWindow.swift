/// Which of a sender's numbers were there: all up to a distance behind the newest one. Older ones count as replays,
/// because nobody can tell any more.
struct ReplayWindow: Sendable {
    /// The newest number that was there; 0 before the first.
    private(set) var newest: UInt64 = 0
    private let size: UInt64
    /// A ring of bits, one for each number, with one word more than the window needs: so whole words are cleared when
    /// the window moves on, and a bit in the window is never among them.
    private var words: [UInt64]

    /// - Parameter size: a multiple of 64, at least 64.
    init(size: Int) {
        let count = max(size / 64, 1)
        self.size = UInt64(count) * 64
        words = [UInt64](repeating: 0, count: count + 1)
    }

    /// Whether a record with this number may be opened.
    func accepts(_ number: UInt64) -> Bool {
        if number > newest { return true }
        guard number > 0, newest - number < size else { return false }
        return words[word(of: number)] & bit(of: number) == 0
    }

    /// Notes a number that `accepts` and whose record was verified.
    mutating func note(_ number: UInt64) {
        if number > newest {
            let first = newest / 64 + 1
            let last = number / 64
            if last >= first {
                for step in 0..<min(last - first + 1, UInt64(words.count)) {
                    words[word(of: (last - step) * 64)] = 0
                }
            }
            newest = number
        }
        words[word(of: number)] |= bit(of: number)
    }

    private func word(of number: UInt64) -> Int { Int(number / 64 % UInt64(words.count)) }

    private func bit(of number: UInt64) -> UInt64 { 1 << (number % 64) }
}
