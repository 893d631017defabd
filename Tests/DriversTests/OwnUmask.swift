import CPlatform
import Foundation

/// Runs `body` on a thread whose umask is its own: the tests of one process run side by side.
func onThreadWithOwnUmask(_ mask: mode_t, _ body: @escaping () throws -> Void) throws {
    let cloneFS: Int32 = 0x200
    nonisolated(unsafe) let body = body
    nonisolated(unsafe) var outcome: Result<Void, any Error>? = nil
    let done = DispatchSemaphore(value: 0)
    Thread.detachNewThread {
        typealias Unshare = @convention(c) (Int32) -> Int32
        let unshare = unsafeBitCast(dlsym(nil, "unshare"), to: Unshare.self)
        outcome = Result {
            guard unshare(cloneFS) == 0 else { throw CocoaError(.featureUnsupported) }
            _ = umask(mask)
            try body()
        }
        done.signal()
    }
    done.wait()
    try outcome?.get()
}
