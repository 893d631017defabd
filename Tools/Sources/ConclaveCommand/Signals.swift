import CConclave
import Glibc

/// SIGINT and SIGTERM as bytes of a pipe, for programs that wait in poll. The first one asks for an orderly end; the
/// second one finds the system's own answer again and ends the process at once.
final class SignalPipe {
    let descriptor: Int32

    init() throws(Failure) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw Failure.system("a pipe") }
        // A handler must never block: a full pipe tells as much as one more byte.
        _ = fcntl(ends[1], F_SETFL, O_NONBLOCK)
        descriptor = ends[0]
        signalPipe = ends[1]
        onSignal { _ in
            var byte: UInt8 = 0
            _ = Glibc.write(signalPipe, &byte, 1)
        }
    }
}

/// Lets SIGINT and SIGTERM end a hub's `run`.
func wakeOnSignal(_ hub: Hub) {
    servedHub = hub.handle
    onSignal { _ in _ = conclave_hub_wake(servedHub) }
}

// Written once before the handlers are installed, and read by them alone.
nonisolated(unsafe) private var signalPipe: Int32 = -1
nonisolated(unsafe) private var servedHub: OpaquePointer?

private func onSignal(_ handler: @escaping @convention(c) (Int32) -> Void) {
    for number in [SIGINT, SIGTERM] {
        var action = sigaction()
        action.__sigaction_handler.sa_handler = handler
        action.sa_flags = Int32(bitPattern: UInt32(SA_RESETHAND))
        sigaction(number, &action, nil)
    }
}

extension Failure {
    /// What errno says about `subject`.
    static func system(_ subject: String, _ number: Int32 = errno) -> Failure {
        let status =
            switch number {
            case ENOENT: CONCLAVE_E_NOT_FOUND
            case EACCES, EPERM: CONCLAVE_E_PERMISSION
            case ENOSPC, EDQUOT: CONCLAVE_E_NO_SPACE
            case EEXIST: CONCLAVE_E_FILE_EXISTS
            default: CONCLAVE_E_IO
            }
        return Failure(status, "\(subject): \(String(cString: strerror(number)))")
    }
}
