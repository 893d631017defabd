/// How much of what a process has handed to the daemon may be under way.
///
/// - Bytes that have not come back to it. The daemon keeps about a mebibyte for a process that does not fetch its
///   messages as they come; what is beyond that it hands out only when something else wakes it, or after 50 ms. A
///   sender that sends on does not fetch, and keeps receivers on the same machine from it. So no more is handed to the
///   daemon than it can give back at once.
/// - Messages that it has not looked at. libcpg announces each with a byte on a socket, and when that is full, with
///   some 270 of them, tries again without a pause.
struct SendWindow {
    private static let byteLimit = 512 * 1024
    /// Messages handed to the daemon between two looks at whether it reads what announces them.
    private static let burst = 32
    /// Milliseconds without anything coming back after which what is missing is taken for lost.
    private static let patience: UInt64 = 100

    private var sizes: [Int] = []
    private var start = 0
    private var byteCount = 0
    private var lastReturn: UInt64 = 0
    private var unseenCount = 0

    /// Whether nothing is under way.
    var isEmpty: Bool { start == sizes.count }

    /// Whether another message may be handed to the daemon, of any size: it may be the one that goes over.
    ///
    /// - Parameter isRead: tells whether the daemon reads what announces the messages.
    mutating func isOpen(now: UInt64, isRead: () -> Bool) -> Bool {
        if byteCount >= Self.byteLimit {
            guard now &- lastReturn >= Self.patience else { return false }
            self = SendWindow()
        }
        guard unseenCount >= Self.burst else { return true }
        guard isRead() else { return false }
        unseenCount = 0
        return true
    }

    /// A message was handed to the daemon.
    mutating func note(sent size: Int, now: UInt64) {
        if start == sizes.count { lastReturn = now }
        sizes.append(size)
        byteCount += size
        unseenCount += 1
    }

    /// The first of those that are under way has come back. (Which one it was is not asked: after a loss the window is
    /// a little wider or narrower than it should be, until nothing is under way.)
    mutating func noteReturn(now: UInt64) {
        guard start < sizes.count else { return }
        byteCount -= sizes[start]
        lastReturn = now
        start += 1
        if start == sizes.count {
            sizes.removeAll(keepingCapacity: sizes.capacity <= 1_024)
            start = 0
        } else if start >= 512, start * 2 >= sizes.count {
            sizes.removeFirst(start)
            start = 0
        }
    }
}
