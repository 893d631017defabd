internal import CPlatform

/// Threads that live as long as a call.
public enum Workers {
    /// How many pieces a work has at most.
    public static let limit = CONCLAVE_PIECES_MAX

    private final class Work {
        let body: (Int) -> Void

        init(_ body: @escaping (Int) -> Void) { self.body = body }
    }

    /// Runs pieces 0 to `count` - 1 of a work at once, one of them in the calling thread, and returns when all are
    /// done; a single piece costs nothing more than its call. The pieces may not touch the same memory.
    public static func run(_ count: Int, _ body: @escaping (Int) -> Void) {
        guard count > 1 else { return count == 1 ? body(0) : () }
        let work = Work(body)
        withExtendedLifetime(work) {
            unsafe conclave_run_pieces(
                min(count, limit),
                { (context, index) in
                    guard let context = unsafe context else { return }
                    unsafe Unmanaged<Work>.fromOpaque(context).takeUnretainedValue().body(Int(index))
                },
                Unmanaged.passUnretained(work).toOpaque())
        }
    }
}
