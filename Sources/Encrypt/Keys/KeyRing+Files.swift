public import Primitives

// A ring in a file, under a passphrase. Big-endian:
//
//     0   "conclave keys 1\n" (16)
//     16  cost (1): the power of two that scrypt's N is; r = 8, p = 1
//     17  salt (32)
//     49  AES-256-GCM of what follows, with nonce 0 and all above as associated data; the salt makes the key new
//             number of keys (1), place of the active one (1; 255: none)
//             for each key, ascending: identifier (vector8), key (vector8), end (8; all ones: none)
//
// There is one spelling of a ring: whatever a writer would not have written is refused.

extension KeyRing {
    /// The longest file, in bytes.
    public static let fileLimit = headSize + 2 + countLimit * (65 + 65 + 8) + AuthenticatedCipher.tagSize
    /// What deriving the file's key costs when nothing else is said: 2 to this power, times 1 KiB of memory.
    public static let standardCost = 15
    /// What it may cost; a file that asks for more is refused before anything is computed.
    public static let costs = StoredKeys.scryptCosts

    private static let magic = Array("conclave keys 1\n".utf8)
    private static let saltSize = 32
    private static let headSize = 16 + 1 + 32
    private static let noActive: UInt8 = 255

    /// The file of this ring. Throws `.badArgument` for an empty passphrase, one of more than 1,024 bytes, or a cost
    /// that is not among `costs`; `.primitives`.
    public func sealed(
        under passphrase: borrowing SecretBytes, cost: Int = KeyRing.standardCost, entropy: Entropy = .system()
    ) throws(EncryptError) -> SecretBytes {
        guard (1...1_024).contains(passphrase.count), Self.costs.contains(cost) else { throw .badArgument }
        do throws(PrimitivesError) {
            var head = ByteWriter()
            head.writeRaw(Self.magic)
            head.writeUInt8(UInt8(truncatingIfNeeded: cost))
            let salt = try entropy.publicBytes(Self.saltSize)
            head.writeRaw(salt)
            let bytes = head.bytes
            let content = content()
            let key = try StoredKeys.derive(from: passphrase, salt: salt, cost: cost)
            let cipher = try AuthenticatedCipher(.aes256GCM, key: key, sealing: true)
            let size = Self.headSize + content.count + AuthenticatedCipher.tagSize
            return unsafe try SecretBytes(count: size) { (buffer) throws(PrimitivesError) in
                guard let start = buffer.baseAddress else { throw .badSize }
                for index in bytes.indices { unsafe start[index] = bytes[index] }
                let header = unsafe UnsafeBufferPointer(start: UnsafePointer(start), count: Self.headSize)
                unsafe try content.withBytes { (content) throws(PrimitivesError) in
                    unsafe try cipher.seal(content, nonce: 0, header: header, to: start + Self.headSize)
                }
            }
        } catch {
            throw .primitives(error)
        }
    }

    /// Reads what `sealed` wrote. Throws `.primitives(.badKeyFile)` for what is no such file, and
    /// `.primitives(.badPassphrase)` when the passphrase does not open it, or it was changed.
    public init(
        opening file: borrowing SecretBytes, passphrase: borrowing SecretBytes
    ) throws(EncryptError) {
        let smallest = Self.headSize + 2 + AuthenticatedCipher.tagSize
        guard (smallest...Self.fileLimit).contains(file.count) else { throw .primitives(.badKeyFile) }
        let head = unsafe file.withBytes { (bytes) in
            unsafe [UInt8](copying: UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(bytes)[..<Self.headSize]))
        }
        guard Array(head.prefix(16)) == Self.magic, Self.costs.contains(Int(head[16])) else {
            throw .primitives(.badKeyFile)
        }
        do throws(PrimitivesError) {
            let key = try StoredKeys.derive(
                from: passphrase, salt: [UInt8](copying: head[17...]), cost: Int(head[16]))
            let cipher = try AuthenticatedCipher(.aes256GCM, key: key, sealing: false)
            let size = file.count - Self.headSize - AuthenticatedCipher.tagSize
            let content = unsafe try SecretBytes(count: size) { (buffer) throws(PrimitivesError) in
                unsafe try file.withBytes { (bytes) throws(PrimitivesError) in
                    unsafe try cipher.open(
                        UnsafeBufferPointer(rebasing: bytes[Self.headSize...]), nonce: 0,
                        header: UnsafeBufferPointer(rebasing: bytes[..<Self.headSize]), to: buffer.baseAddress)
                }
            }
            self.init()
            guard unsafe content.withBytes({ (bytes) in unsafe read(UnsafeRawBufferPointer(bytes)) }) else {
                throw .badKeyFile
            }
        } catch {
            throw .primitives(error == .notAuthentic ? .badPassphrase : error)
        }
    }

    /// The keys of a PKCS#12 file by their names there; one without a name is called by its place, from "1". The active
    /// one is the only one, when there is one. Throws `.primitives` with `.badKeyFile` or `.badPassphrase`.
    public init(pkcs12 file: [UInt8], passphrase: borrowing SecretBytes) throws(EncryptError) {
        self.init()
        let keys: [StoredKey]
        do throws(PrimitivesError) { keys = try StoredKeys.readPKCS12(file, passphrase: passphrase) } catch {
            throw .primitives(error)
        }
        guard !keys.isEmpty else { throw .primitives(.badKeyFile) }
        for place in keys.indices {
            let key = keys[place]
            let identifier = key.name.isEmpty ? Array(String(place + 1).utf8) : key.name
            do throws(EncryptError) { try insert(Entry(identifier: identifier, key: key, end: nil)) } catch {
                throw .primitives(.badKeyFile)
            }
        }
        if entries.count == 1 { try activate(entries[0].identifier) }
    }

    private func content() -> SecretBytes {
        let size = entries.reduce(2) { $0 + 1 + $1.identifier.count + 1 + $1.key.secret.count + 8 }
        return unsafe SecretBytes(count: size) { (buffer) in
            var position = 0
            func write(_ byte: UInt8) {
                unsafe buffer[position] = byte
                position += 1
            }
            write(UInt8(truncatingIfNeeded: entries.count))
            let place = entries.firstIndex { $0.identifier == active }
            write(place.map { UInt8(truncatingIfNeeded: $0) } ?? Self.noActive)
            for entry in entries {
                write(UInt8(truncatingIfNeeded: entry.identifier.count))
                for byte in entry.identifier { write(byte) }
                write(UInt8(truncatingIfNeeded: entry.key.secret.count))
                unsafe entry.key.secret.withBytes { (bytes) in
                    for index in bytes.indices { unsafe write(bytes[index]) }
                }
                let end = entry.end ?? .max
                for shift in stride(from: UInt64(56), through: 0, by: -8) {
                    write(UInt8(truncatingIfNeeded: end >> shift))
                }
            }
        }
    }

    /// Reads the content of a file; false unless it is the one spelling of a ring.
    @unsafe
    private mutating func read(_ content: UnsafeRawBufferPointer) -> Bool {
        var rest = unsafe content[...]
        func part(_ count: Int) -> UnsafeRawBufferPointer? {
            guard unsafe rest.count >= count else { return nil }
            defer { unsafe rest = rest.dropFirst(count) }
            return unsafe UnsafeRawBufferPointer(rebasing: rest.prefix(count))
        }
        func vector() -> UnsafeRawBufferPointer? {
            guard let size = unsafe part(1) else { return nil }
            return unsafe part(Int(size[0]))
        }
        guard let head = unsafe part(2) else { return false }
        let (count, active) = unsafe (Int(head[0]), head[1])
        for _ in 0..<count {
            guard let name = unsafe vector(), let key = unsafe vector(), let time = unsafe part(8) else { return false }
            let identifier = unsafe [UInt8](copying: name)
            if let last = entries.last, !Self.isBefore(last.identifier, identifier) { return false }
            let secret = unsafe SecretBytes(count: key.count) { (buffer) in
                unsafe UnsafeMutableRawBufferPointer(buffer).copyMemory(from: key)
            }
            let end = unsafe UInt64(bigEndian: time.loadUnaligned(as: UInt64.self))
            let stored = StoredKey(name: identifier, secret: secret)
            let entry = Entry(identifier: identifier, key: stored, end: end == .max ? nil : end)
            do throws(EncryptError) { try insert(entry) } catch { return false }
        }
        guard unsafe rest.isEmpty else { return false }
        guard active != Self.noActive else { return true }
        guard Int(active) < entries.count, entries[Int(active)].end == nil else { return false }
        do throws(EncryptError) { try activate(entries[Int(active)].identifier) } catch { return false }
        return true
    }
}
