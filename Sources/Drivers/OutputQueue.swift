internal import CPlatform
internal import Primitives

/// Bytes that wait for a descriptor to take them.
///
/// Large arrays are kept as they are, so that the receivers of one message share its storage; small ones are gathered,
/// so that many of them need one system call.
struct OutputQueue {
    enum Outcome: Equatable {
        /// Everything was taken.
        case emptied
        /// The descriptor takes nothing more now.
        case blocked
        /// The descriptor will never take anything again.
        case failed(errno: Int32)
    }

    private static let gatherLimit = 16 * 1024

    private var chunks: [[UInt8]] = []
    private var head = 0
    private var headOffset = 0
    /// Bytes that wait.
    private(set) var byteCount = 0

    /// Adds bytes at the end.
    mutating func append(_ bytes: [UInt8]) {
        guard !bytes.isEmpty else { return }
        byteCount += bytes.count
        if head < chunks.count, chunks[chunks.count - 1].count + bytes.count <= Self.gatherLimit {
            chunks[chunks.count - 1].append(copying: bytes)
        } else {
            chunks.append(bytes)
        }
    }

    /// Forgets what waits.
    mutating func removeAll() { self = OutputQueue() }

    /// Writes until nothing waits or the descriptor takes no more.
    mutating func write(to descriptor: Int32) -> (byteCount: Int, outcome: Outcome) {
        var written = 0
        while head < chunks.count {
            let offset = headOffset
            let size = chunks[head].count
            let count = unsafe chunks[head].withUnsafeBytes { bytes in
                unsafe conclave_send(descriptor, bytes.baseAddress?.advanced(by: offset), size - offset)
            }
            guard count >= 0 else {
                let error = conclave_errno()
                if error == EINTR { continue }
                return (written, error == EAGAIN ? .blocked : .failed(errno: error))
            }
            written += count
            byteCount -= count
            headOffset += count
            if headOffset == size { dropHead() }
        }
        return (written, .emptied)
    }

    private mutating func dropHead() {
        // Gives the storage back at once: the array of chunks is shortened only now and then.
        chunks[head] = []
        head += 1
        headOffset = 0
        if head == chunks.count {
            chunks.removeAll(keepingCapacity: chunks.capacity <= 64)
            head = 0
        } else if head >= 32, head * 2 >= chunks.count {
            chunks.removeFirst(head)
            head = 0
        }
    }
}
