internal import Primitives

/// A push whose parts were all there, and whom it was from.
struct PushedView {
    let coordinator: EncryptMember
    let context: PushContext
    let sealedBody: ArraySlice<UInt8>

    var counter: UInt64 { context.counter }
}

/// The parts of one push, until all are there and the host view names its coordinator, or its time is over.
struct ViewAssembly {
    /// Pushes that are gathered at the same time at most.
    static let limit = 8
    /// Pushes of members that do not coordinate (yet) at most.
    static let earlyLimit = 4

    let coordinator: EncryptMember
    let counter: UInt64
    let push: [UInt8]
    /// From when on it is not kept any more.
    private(set) var end: UInt64 = 0
    private var parts: [ArraySlice<UInt8>?]
    private var missing: Int
    private var size = 0

    init(_ first: ViewPart, of coordinator: EncryptMember) {
        self.coordinator = coordinator
        counter = first.counter
        push = first.push
        parts = [ArraySlice<UInt8>?](repeating: nil, count: Int(first.count))
        missing = Int(first.count)
    }

    var isComplete: Bool { missing == 0 }

    func isFor(_ part: ViewPart) -> Bool { part.push == push && part.coordinator == coordinator.digest }

    /// Adds a part; what is there is kept until `end` from then on. Throws `.malformed` for a part that does not fit
    /// the others, and `.replayed` for one that is there already.
    mutating func add(_ part: ViewPart, end: UInt64) throws(EncryptError) {
        guard part.counter == counter, Int(part.count) == parts.count, size + part.chunk.count <= ViewPart.contentLimit
        else { throw .malformed }
        guard parts[Int(part.index)] == nil else { throw .replayed }
        parts[Int(part.index)] = part.chunk
        size += part.chunk.count
        missing -= 1
        self.end = end
    }

    /// All parts one behind the other.
    var content: ArraySlice<UInt8> {
        if parts.count == 1, let only = parts[0] { return only }
        var content: [UInt8] = []
        content.reserveCapacity(size)
        for case .some(let part) in parts { content.append(copying: part) }
        return content[...]
    }
}
