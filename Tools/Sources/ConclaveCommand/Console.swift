import Glibc

/// The terminal, or whatever stands in its place. Text for programs goes to standard output, the rest to standard
/// error.
enum Console {
    static func say(_ line: String) {
        write(line + "\n", to: STDOUT_FILENO)
    }

    static func note(_ line: String) {
        write(line + "\n", to: STDERR_FILENO)
    }

    /// Every byte, or as many as the other side takes: there is nobody left to tell that standard error is gone.
    static func write(_ text: String, to descriptor: Int32) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if count < 0, errno != EINTR {
                return
            }
        }
    }
}

/// A bar on the terminal that shows how far a file has come; nothing where standard error is no terminal.
struct ProgressBar {
    private let label: String
    private let total: UInt64
    private let isShown = isatty(STDERR_FILENO) == 1
    private var shownPercent: UInt64?

    init(label: String, total: UInt64) {
        self.label = printable(label)
        self.total = total
    }

    mutating func show(_ done: UInt64) {
        guard isShown else { return }
        let percent = total == 0 ? 100 : UInt64(Double(done) / Double(total) * 100)
        guard percent != shownPercent else { return }
        shownPercent = percent
        let filled = Int(min(percent, 100)) * 30 / 100
        let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: 30 - filled)
        Console.write("\r\u{1B}[K\(label) [\(bar)] \(percent) % of \(readable(total))", to: STDERR_FILENO)
    }

    /// Takes the bar away, so that the next line begins at the left.
    mutating func end() {
        guard isShown, shownPercent != nil else { return }
        shownPercent = nil
        Console.write("\r\u{1B}[K", to: STDERR_FILENO)
    }
}
