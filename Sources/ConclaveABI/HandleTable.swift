internal import CPlatform
internal import Synchronization

/// What a handle stands for. The number is part of the handle, so that a handle of another type is refused.
enum HandleKind: UInt64 {
    case error = 1
    case identity = 2
    case trust = 3
    case agreement = 4
    case group = 5
    case hub = 6
    case keyRing = 7
    case admission = 8
    case credential = 9
    case encrypt = 10
    case keyServer = 11
    case keyFetch = 12
}

/// The table behind the opaque pointers of the C API: the one process-global state of the library.
///
/// A handle is a number: generation (32 bits), kind (8), slot (21), and three zero bits so that it looks aligned. A
/// slot holds the handle it was given out for and the object. Looking one up is one comparison and touches no freed
/// memory. The pages are wiped by `fork`, so that a child's use of an inherited handle is refused: two processes that
/// share sequence numbers and keys would use nonces twice. Generations start at a random number, so that a child's new
/// handles do not meet the inherited ones.
@safe
enum HandleTable {
    private static let slotCount: UInt64 = 65_536
    /// Words before the slots: lock, next generation, head of the free list, first slot never used.
    private static let headerWords = 8
    private static let lockWord = 0
    private static let generationWord = 1
    private static let freeHeadWord = 2
    private static let untouchedWord = 3

    /// Gives an object a handle that keeps it alive; nil when the table is full or no memory is to be had.
    static func insert<T: AnyObject>(_ object: T, _ kind: HandleKind) -> OpaquePointer? {
        guard let words = unsafe table() else { return nil }
        unsafe lock(words)
        defer { unsafe conclave_store_release(words + lockWord, 0) }
        guard let slot = unsafe takeSlot(words) else { return nil }
        let generation = unsafe (words[generationWord] &+ 1) & 0xffff_ffff
        unsafe words[generationWord] = generation == 0 ? 1 : generation
        let handle = unsafe words[generationWord] << 32 | kind.rawValue << 24 | slot << 3
        unsafe words[objectIndex(slot)] = UInt64(UInt(bitPattern: Unmanaged.passRetained(object).toOpaque()))
        unsafe conclave_store_release(words + checkIndex(slot), handle)
        return unsafe OpaquePointer(bitPattern: UInt(handle))
    }

    /// The object behind a handle; nil for every handle that is none of this kind now.
    static func find<T: AnyObject>(_ handle: OpaquePointer?, _ kind: HandleKind, as type: T.Type) -> T? {
        guard let words = unsafe existing(), let slot = unsafe slot(of: handle, kind) else { return nil }
        let value = UInt64(UInt(bitPattern: handle))
        guard unsafe conclave_load_acquire(words + checkIndex(slot)) == value else { return nil }
        guard let object = unsafe UnsafeRawPointer(bitPattern: UInt(words[objectIndex(slot)])) else { return nil }
        return unsafe Unmanaged<T>.fromOpaque(object).takeUnretainedValue()
    }

    /// Takes a handle out of the table and gives up its hold on the object; false for a handle that is none.
    @discardableResult
    static func remove<T: AnyObject>(_ handle: OpaquePointer?, _ kind: HandleKind, as type: T.Type) -> Bool {
        guard let words = unsafe existing(), let slot = unsafe slot(of: handle, kind) else { return false }
        let value = UInt64(UInt(bitPattern: handle))
        // Whoever wipes the check word owns the object: of two threads that free one handle, one is refused.
        guard unsafe conclave_exchange_if(words + checkIndex(slot), value, 0) else { return false }
        let object = unsafe UnsafeRawPointer(bitPattern: UInt(words[objectIndex(slot)]))
        unsafe lock(words)
        unsafe words[objectIndex(slot)] = words[freeHeadWord]
        unsafe words[freeHeadWord] = slot + 1
        unsafe conclave_store_release(words + lockWord, 0)
        if let object = unsafe object { unsafe Unmanaged<T>.fromOpaque(object).release() }
        return true
    }

    private static func slot(of handle: OpaquePointer?, _ kind: HandleKind) -> UInt64? {
        let value = UInt64(UInt(bitPattern: handle))
        let slot = (value & 0xff_ffff) >> 3
        guard value & 7 == 0, (value >> 24) & 0xff == kind.rawValue, slot < slotCount else { return nil }
        return slot
    }

    private static func checkIndex(_ slot: UInt64) -> Int { headerWords + 2 * Int(slot) }
    private static func objectIndex(_ slot: UInt64) -> Int { headerWords + 2 * Int(slot) + 1 }

    /// A free slot, first of those given back, then of those never used. The free list keeps slot + 1; 0 ends it.
    private static func takeSlot(_ words: UnsafeMutablePointer<UInt64>) -> UInt64? {
        let head = unsafe words[freeHeadWord]
        if head != 0, head <= slotCount {
            unsafe words[freeHeadWord] = words[objectIndex(head - 1)]
            return head - 1
        }
        let slot = unsafe words[untouchedWord]
        guard slot < slotCount else { return nil }
        unsafe words[untouchedWord] = slot + 1
        if slot == 0 { unsafe seedGeneration(words) }
        return slot
    }

    private static func seedGeneration(_ words: UnsafeMutablePointer<UInt64>) {
        var seed: UInt64 = 0
        let read = unsafe getrandom(&seed, 8, 0)
        unsafe words[generationWord] = read == 8 ? seed & 0xffff_ffff : UInt64(UInt(bitPattern: Int(getpid())))
    }

    /// A spin lock: it is held for a few instructions, and a fork in between finds it wiped open.
    private static func lock(_ words: UnsafeMutablePointer<UInt64>) {
        while unsafe !conclave_exchange_if(words + lockWord, 0, 1) {}
    }

    private static func existing() -> UnsafeMutablePointer<UInt64>? {
        unsafe UnsafeMutablePointer(bitPattern: tableAddress.load(ordering: .acquiring))
    }

    private static func table() -> UnsafeMutablePointer<UInt64>? {
        if let words = unsafe existing() { return unsafe words }
        let size = (headerWords + 2 * Int(slotCount)) * 8
        guard let words = unsafe conclave_map_wiped_on_fork(size) else { return nil }
        let outcome = tableAddress.compareExchange(
            expected: 0, desired: UInt(bitPattern: words), ordering: .acquiringAndReleasing)
        if outcome.exchanged { return unsafe words }
        unsafe munmap(words, size)
        return unsafe existing()
    }
}

private let tableAddress = Atomic<UInt>(0)
