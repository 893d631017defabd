/// One accepted public key.
public struct TrustedKey: Equatable, Sendable {
    /// Ed25519 public key, 32 bytes.
    public let publicKey: [UInt8]
    /// What its owner is called here: empty, or what may be a name of an identity. It decides nothing.
    public let label: String
}

/// The public keys that a member accepts, in the order in which they were added.
///
/// The text form is one line a key, `ed25519 <base64 of 32 bytes> <label>`; empty lines and lines that begin with `#`
/// say nothing.
public struct TrustStore: Equatable, Sendable {
    /// How many keys a store holds at most.
    public static let capacity = 65_536
    /// The longest text that is read, in bytes.
    public static let textLimit = 16 << 20

    private static let algorithm = "ed25519"
    private var entries: [TrustedKey] = []
    /// The keys of `entries` as numbers, so that a search through a full store touches little memory.
    private var keys: [KeyNumber] = []

    /// An empty store: nobody is accepted.
    public init() {}

    /// How many keys are accepted.
    public var count: Int { entries.count }

    /// The key at a position, counted from 0; nil outside.
    public func at(_ index: Int) -> TrustedKey? {
        entries.indices.contains(index) ? entries[index] : nil
    }

    /// Whether a public key is accepted.
    public func contains(_ publicKey: [UInt8]) -> Bool { index(of: publicKey) != nil }

    /// Accepts a key; one that is accepted already gets the new label.
    ///
    /// Throws `.badSize` for a key that is not 32 bytes long, `.badName` for a bad label and `.trustStoreFull`.
    public mutating func add(_ publicKey: [UInt8], label: String) throws(PrimitivesError) {
        guard let number = KeyNumber(publicKey) else { throw .badSize }
        guard label.isEmpty || Identity.isValidName(label) else { throw .badName }
        let entry = TrustedKey(publicKey: publicKey, label: label)
        if let index = keys.firstIndex(of: number) {
            entries[index] = entry
            return
        }
        guard count < Self.capacity else { throw .trustStoreFull }
        entries.append(entry)
        keys.append(number)
    }

    /// Accepts a key no longer; false when it was not accepted.
    @discardableResult
    public mutating func remove(_ publicKey: [UInt8]) -> Bool {
        guard let index = index(of: publicKey) else { return false }
        entries.remove(at: index)
        keys.remove(at: index)
        return true
    }

    private func index(of publicKey: [UInt8]) -> Int? {
        guard let number = KeyNumber(publicKey) else { return nil }
        return keys.firstIndex(of: number)
    }
}

// MARK: - Text form

extension TrustStore {
    /// Reads the text form; throws `.badTrustLine` with the number, from 1, of the first line that is wrong (a key
    /// that is listed twice is wrong at its second line), and `.trustStoreFull`.
    public init(parsing text: [UInt8]) throws(PrimitivesError) {
        guard text.count <= Self.textLimit else { throw .trustStoreFull }
        var seen: [(key: KeyNumber, line: Int)] = []
        let lines = text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() {
            guard let entry = try Self.entry(in: line, number: index + 1) else { continue }
            guard entries.count < Self.capacity else { throw .trustStoreFull }
            guard let key = KeyNumber(entry.publicKey) else { throw .badTrustLine(line: index + 1) }
            entries.append(entry)
            keys.append(key)
            seen.append((key, index + 1))
        }
        seen.sort { ($0.key, $0.line) < ($1.key, $1.line) }
        var duplicate: Int? = nil
        for (first, second) in zip(seen, seen.dropFirst()) where first.key == second.key {
            duplicate = min(duplicate ?? second.line, second.line)
        }
        if let duplicate { throw .badTrustLine(line: duplicate) }
    }

    /// The text form, which `init(parsing:)` reads back.
    public func serialized() -> [UInt8] {
        var text: [UInt8] = []
        for entry in entries {
            text += Self.algorithm.utf8
            text.append(UInt8(ascii: " "))
            text += Base64.encode(entry.publicKey)
            if !entry.label.isEmpty {
                text.append(UInt8(ascii: " "))
                text += entry.label.utf8
            }
            text.append(UInt8(ascii: "\n"))
        }
        return text
    }

    private static func entry(in line: ArraySlice<UInt8>, number: Int) throws(PrimitivesError) -> TrustedKey? {
        var text = line
        let space = UInt8(ascii: " ")
        if text.last == UInt8(ascii: "\r") { text.removeLast() }
        guard let first = text.first, first != UInt8(ascii: "#") else { return nil }
        let fields = text.split(separator: space, maxSplits: 2, omittingEmptySubsequences: false)
        guard fields.count >= 2, fields[0].elementsEqual(algorithm.utf8),
            let publicKey = Base64.decode(fields[1]), publicKey.count == Identity.publicKeySize
        else { throw .badTrustLine(line: number) }
        guard fields.count == 3, !fields[2].isEmpty else { return TrustedKey(publicKey: publicKey, label: "") }
        do throws(PrimitivesError) {
            return TrustedKey(publicKey: publicKey, label: try Identity.name(from: [UInt8](fields[2])))
        } catch {
            throw .badTrustLine(line: number)
        }
    }
}

/// A public key of 32 bytes as four numbers, in the order of its bytes.
private struct KeyNumber: Comparable, Sendable {
    private let words: (UInt64, UInt64, UInt64, UInt64)

    init?(_ bytes: [UInt8]) {
        var reader = ByteReader(bytes)
        do throws(CodecError) {
            words = (
                try reader.readUInt64(), try reader.readUInt64(), try reader.readUInt64(), try reader.readUInt64()
            )
            try reader.finish()
        } catch {
            return nil
        }
    }

    static func == (first: KeyNumber, second: KeyNumber) -> Bool { first.words == second.words }
    static func < (first: KeyNumber, second: KeyNumber) -> Bool { first.words < second.words }
}
