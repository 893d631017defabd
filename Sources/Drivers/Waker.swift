internal import CPlatform

/// Ends a blocking wait from outside. `wake` may be called by any thread and in a signal handler.
public final class Waker: Sendable {
    /// Readable while it is raised.
    public let descriptor: Int32

    /// Nil when the system has no descriptor left.
    public init?() {
        let number = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
        guard number >= 0 else { return nil }
        descriptor = number
    }

    deinit { _ = close(descriptor) }

    /// Raises it: the wait that is under way, or the next one, ends.
    public func wake() { conclave_raise_event(descriptor) }

    /// Lowers it; whether it was raised.
    public func takeBack() -> Bool { conclave_lower_event(descriptor) }

    /// Waits until it is raised or another descriptor is readable, at most so long; nil: without end.
    func wait(orReadable other: Int32, milliseconds: UInt64?) {
        var watched = (
            pollfd(fd: other, events: Int16(POLLIN), revents: 0),
            pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        )
        let timeout = milliseconds.map { Int32(clamping: $0) } ?? -1
        unsafe withUnsafeMutableBytes(of: &watched) { bytes in
            guard let start = bytes.baseAddress else { return }
            _ = unsafe poll(start.assumingMemoryBound(to: pollfd.self), 2, timeout)
        }
    }
}
