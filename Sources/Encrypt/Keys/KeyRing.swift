public import Primitives

/// The keys that the members of a cluster share: several by identifier, at most one of them active.
///
/// New views are made with the active key. The others are there for those who still use them, until their time is
/// over. To change the key everywhere, add the new one at every member first, then make it active at one after the
/// other, and at last retire the old one. A copy of a ring has the same keys, and changes apart from it.
public struct KeyRing: Sendable {
    /// The most keys of a ring.
    public static let countLimit = 64
    /// Bytes of a key. A shorter one than this could be guessed.
    public static let keySizes = 16...64
    /// Bytes of an identifier.
    public static let identifierSizes = 1...64

    /// One key. Its bytes are behind a reference, so that copies of a ring have them only once.
    struct Entry: Sendable {
        let identifier: [UInt8]
        let key: StoredKey
        /// From this time on the key is not used any more, in seconds since 1970; nil for no end.
        var end: UInt64?
    }

    /// In the order of their identifiers, byte by byte.
    private(set) var entries: [Entry] = []
    /// The identifier of the key that new views are made with.
    public private(set) var active: [UInt8]? = nil

    /// No keys.
    public init() {}

    /// How many keys there are.
    public var count: Int { entries.count }

    /// The identifiers in their order.
    public var identifiers: [[UInt8]] { entries.map { $0.identifier } }

    /// Until when a key is used, in seconds since 1970; nil for no end. Throws `.unknownKey`.
    public func end(of identifier: [UInt8]) throws(EncryptError) -> UInt64? {
        entries[try index(of: identifier)].end
    }

    /// Adds a key. It is not active by that.
    ///
    /// - Parameters:
    ///   - identifier: 1 to 64 bytes, the same at all members.
    ///   - secret: 16 to 64 bytes that nobody can guess.
    /// - Throws: `.badArgument` (also for an identifier that is there), `.exhausted`.
    public mutating func add(_ identifier: [UInt8], _ secret: consuming SecretBytes) throws(EncryptError) {
        try insert(Entry(identifier: identifier, key: StoredKey(name: identifier, secret: secret), end: nil))
    }

    mutating func insert(_ entry: Entry) throws(EncryptError) {
        guard Self.identifierSizes.contains(entry.identifier.count),
            Self.keySizes.contains(entry.key.secret.count)
        else { throw .badArgument }
        guard entries.count < Self.countLimit else { throw .exhausted }
        let place = entries.firstIndex { !Self.isBefore($0.identifier, entry.identifier) } ?? entries.count
        guard place == entries.count || entries[place].identifier != entry.identifier else { throw .badArgument }
        entries.insert(entry, at: place)
    }

    /// Makes a key the active one; one that was to retire is no longer. Throws `.unknownKey`.
    public mutating func activate(_ identifier: [UInt8]) throws(EncryptError) {
        entries[try index(of: identifier)].end = nil
        active = identifier
    }

    /// Says until when a key is still used. Throws `.unknownKey`, and `.badArgument` for the active one.
    ///
    /// - Parameter end: in seconds since 1970.
    public mutating func retire(_ identifier: [UInt8], at end: UInt64) throws(EncryptError) {
        let place = try index(of: identifier)
        guard identifier != active else { throw .badArgument }
        entries[place].end = end
    }

    /// Forgets the keys whose time is over, and tells how many.
    @discardableResult
    public mutating func expire(now: UInt64) -> Int {
        let before = entries.count
        entries.removeAll { $0.end.map { $0 <= now } ?? false }
        return before - entries.count
    }

    /// The secret of 32 bytes that a key stands for in this protocol; the key itself serves nothing else by it. Throws
    /// `.unknownKey` for one that is not there, or whose time is over.
    ///
    /// - Parameter now: in seconds since 1970.
    public func secret(of identifier: [UInt8], now: UInt64) throws(EncryptError) -> SecretBytes {
        let entry = entries[try index(of: identifier)]
        if let end = entry.end, end <= now { throw .unknownKey }
        do throws(PrimitivesError) {
            return try KeyDerivation.derive(
                from: entry.key.secret, label: "conclave encrypt key ring", context: identifier,
                count: Epoch.secretSize)
        } catch {
            throw .primitives(error)
        }
    }

    private func index(of identifier: [UInt8]) throws(EncryptError) -> Int {
        guard let place = entries.firstIndex(where: { $0.identifier == identifier }) else { throw .unknownKey }
        return place
    }

    static func isBefore(_ first: [UInt8], _ second: [UInt8]) -> Bool {
        for index in 0..<min(first.count, second.count) where first[index] != second[index] {
            return first[index] < second[index]
        }
        return first.count < second.count
    }
}
