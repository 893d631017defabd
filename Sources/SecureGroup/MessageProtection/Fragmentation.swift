/// How a message is cut: into fragments of 60 KiB, of which only the last is shorter. An empty message is one empty
/// fragment.
public enum Fragmentation {
    /// Bytes of plaintext in every fragment but the last.
    public static let fragmentSize = 60 << 10
    /// Bytes of the longest message.
    public static let messageLimit = 16 << 20
    /// Fragments of the longest message.
    public static let countLimit = (messageLimit + fragmentSize - 1) / fragmentSize

    /// How many fragments a message of `size` bytes has.
    public static func count(of size: Int) throws(SecureGroupError) -> Int {
        guard (0...messageLimit).contains(size) else { throw .messageTooLong }
        return max(1, (size + fragmentSize - 1) / fragmentSize)
    }

    /// Which bytes of a message of `size` bytes are in the fragment at `index`.
    static func range(of index: Int, size: Int) -> Range<Int> {
        index * fragmentSize..<min(size, (index + 1) * fragmentSize)
    }

    /// Whether a fragment of `size` bytes may stand at `index` of `count`: there is one way to cut a message.
    static func isCanonical(index: Int, count: Int, size: Int) -> Bool {
        guard (1...countLimit).contains(count), (0..<count).contains(index) else { return false }
        guard index == count - 1 else { return size == fragmentSize }
        guard size > 0 || count == 1 else { return false }
        return size <= fragmentSize && index * fragmentSize + size <= messageLimit
    }
}
