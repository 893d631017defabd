internal import Primitives

/// Why a stream of bytes holds no further frame.
public enum HubStreamError: Error, Equatable, Sendable {
    /// The length field announces more than the limit.
    case frameTooLarge
    /// The length field announces not even a type byte.
    case frameEmpty
}

/// Cuts a stream of bytes into frames. Holds at most what was appended and not yet consumed.
public struct HubFrameBuffer {
    /// An empty buffer keeps no more storage than this: a hub may have a thousand idle clients.
    private static let idleCapacity = 16 * 1024

    private var storage: [UInt8] = []
    private var start = 0

    /// Starts empty.
    public init() {}

    /// Bytes that were appended and not yet consumed.
    public var byteCount: Int { storage.count - start }

    /// Adds bytes at the end.
    public mutating func append(_ bytes: ArraySlice<UInt8>) {
        compact()
        storage.append(copying: bytes)
    }

    /// The first whole frame, length field included, or nil while it is incomplete; `consume` removes it.
    ///
    /// The length is judged as soon as its four bytes are there, so that no more than `limit` bytes are ever awaited.
    public func peek(limit: Int) throws(HubStreamError) -> ArraySlice<UInt8>? {
        guard byteCount >= 4 else { return nil }
        var length = 0
        for offset in 0..<4 { length = length << 8 | Int(storage[start + offset]) }
        guard length >= 1 else { throw .frameEmpty }
        guard length <= limit - 4 else { throw .frameTooLarge }
        guard byteCount - 4 >= length else { return nil }
        return storage[start..<start + 4 + length]
    }

    /// Removes `count` bytes from the front.
    public mutating func consume(_ count: Int) {
        start = min(start + max(count, 0), storage.count)
    }

    /// Happens on append alone: only then is no frame of the last round held any more, and nothing is copied twice.
    private mutating func compact() {
        guard start > 0 else { return }
        if start == storage.count {
            storage.removeAll(keepingCapacity: storage.capacity <= Self.idleCapacity)
        } else {
            storage.removeSubrange(0..<start)
        }
        start = 0
    }
}
