public import CConclave
internal import Drivers
internal import Encrypt
internal import Primitives

/// What `conclave_key_ring` stands for.
final class KeyRingObject {
    var ring: KeyRing
    /// The identifier that was lent last.
    var lent = LentText("")

    init(_ ring: KeyRing) { self.ring = ring }
}

private let pkcs12Limit = StoredKeys.pkcs12Limit

@unsafe
private func ring(_ handle: OpaquePointer?) throws(Failure) -> KeyRingObject {
    unsafe try object(handle, .keyRing, as: KeyRingObject.self)
}

@unsafe
private func identifier(_ pointer: UnsafePointer<CChar>?) throws(Failure) -> [UInt8] {
    unsafe Array(try text(pointer, limit: 64, what: "identifier").utf8)
}

/// The passphrase of a file, which has to have one.
@unsafe
private func neededPassphrase(_ pointer: UnsafePointer<UInt8>?, _ size: Int) throws(Failure) -> SecretBytes {
    guard let secret = unsafe try secretBytes(pointer, size, limit: 1_024, what: "passphrase"), secret.count > 0 else {
        throw Failure(CONCLAVE_E_PASSPHRASE_REQUIRED, "the keys are under a passphrase: give one")
    }
    return secret
}

/// Reads a file of keys; one that is too large is none.
private func read(_ path: [UInt8], limit: Int) throws(Failure) -> SecretBytes {
    do throws(FileError) { return try FileAccess.readSecret(path, limit: limit) } catch {
        guard error != .tooLarge else { throw Failure(CONCLAVE_E_BAD_KEY_FILE, "not a file of keys") }
        throw Failure(error, path: path)
    }
}

/// Why keys could not be read: the status's own sentence speaks of identities.
private func unreadable(_ error: EncryptError, _ what: StaticString) -> Failure {
    switch error {
    case .primitives(.badPassphrase):
        Failure(CONCLAVE_E_BAD_PASSPHRASE, "the passphrase does not open the file, or the file was changed")
    case .primitives(.badKeyFile): Failure(CONCLAVE_E_BAD_KEY_FILE, "not \(what)")
    default: Failure(error)
    }
}

/// Opens a file of keys under a passphrase; `what` says what it ought to be.
@unsafe
private func open(
    _ path: UnsafePointer<CChar>?, _ passphrase: UnsafePointer<UInt8>?, _ passphraseSize: Int, limit: Int,
    _ what: StaticString, _ reading: (borrowing SecretBytes, borrowing SecretBytes) throws(EncryptError) -> KeyRing
) throws(Failure) -> KeyRing {
    let path = unsafe try ConclaveABI.path(path)
    let secret = unsafe try neededPassphrase(passphrase, passphraseSize)
    let file = try read(path, limit: limit)
    do throws(EncryptError) { return try reading(file, secret) } catch { throw unreadable(error, what) }
}

@_cdecl("conclave_key_ring_new") @implementation
public func conclave_key_ring_new(
    _ ring: UnsafeMutablePointer<OpaquePointer?>!, _ error: UnsafeMutablePointer<OpaquePointer?>!
) -> conclave_status {
    unsafe constructing(error) { () throws(Failure) in
        unsafe try output(ring, what: "ring").pointee = try handle(KeyRingObject(KeyRing()), .keyRing)
    }
}

@_cdecl("conclave_key_ring_load") @implementation
public func conclave_key_ring_load(
    _ path: UnsafePointer<CChar>!, _ passphrase: UnsafePointer<UInt8>!, _ passphrase_size: Int,
    _ ring: UnsafeMutablePointer<OpaquePointer?>!, _ error: UnsafeMutablePointer<OpaquePointer?>!
) -> conclave_status {
    unsafe constructing(error) { () throws(Failure) in
        let slot = unsafe try output(ring, what: "ring")
        let opened = unsafe try open(
            path, passphrase, passphrase_size, limit: KeyRing.fileLimit, "a key ring that conclave_key_ring_save wrote"
        ) { (file, secret) throws(EncryptError) in try KeyRing(opening: file, passphrase: secret) }
        unsafe slot.pointee = try handle(KeyRingObject(opened), .keyRing)
    }
}

@_cdecl("conclave_key_ring_load_pkcs12") @implementation
public func conclave_key_ring_load_pkcs12(
    _ path: UnsafePointer<CChar>!, _ passphrase: UnsafePointer<UInt8>!, _ passphrase_size: Int,
    _ ring: UnsafeMutablePointer<OpaquePointer?>!, _ error: UnsafeMutablePointer<OpaquePointer?>!
) -> conclave_status {
    unsafe constructing(error) { () throws(Failure) in
        let slot = unsafe try output(ring, what: "ring")
        let opened = unsafe try open(
            path, passphrase, passphrase_size, limit: pkcs12Limit,
            "a PKCS#12 file with a MAC and keys of 16 to 64 bytes"
        ) { (file, secret) throws(EncryptError) in
            // What is secret in it is encrypted.
            let bytes = unsafe file.withBytes { (bytes) in unsafe [UInt8](copying: UnsafeRawBufferPointer(bytes)) }
            return try KeyRing(pkcs12: bytes, passphrase: secret)
        }
        unsafe slot.pointee = try handle(KeyRingObject(opened), .keyRing)
    }
}

@_cdecl("conclave_key_ring_save") @implementation
public func conclave_key_ring_save(
    _ ring: OpaquePointer!, _ path: UnsafePointer<CChar>!, _ passphrase: UnsafePointer<UInt8>!,
    _ passphrase_size: Int, _ error: UnsafeMutablePointer<OpaquePointer?>!
) -> conclave_status {
    unsafe constructing(error) { () throws(Failure) in
        let object = unsafe try ConclaveABI.ring(ring)
        let path = unsafe try ConclaveABI.path(path)
        let secret = unsafe try neededPassphrase(passphrase, passphrase_size)
        let file: SecretBytes = try encrypting { () throws(EncryptError) in try object.ring.sealed(under: secret) }
        do throws(FileError) { try FileAccess.create(path, holding: file) } catch { throw Failure(error, path: path) }
    }
}

@_cdecl("conclave_key_ring_add") @implementation
public func conclave_key_ring_add(
    _ ring: OpaquePointer!, _ identifier: UnsafePointer<CChar>!, _ key: UnsafePointer<UInt8>!, _ key_size: Int
) -> conclave_status {
    answering { () throws(Failure) in
        let object = unsafe try ConclaveABI.ring(ring)
        let name = unsafe try ConclaveABI.identifier(identifier)
        guard let secret = unsafe try secretBytes(key, key_size, limit: KeyRing.keySizes.upperBound, what: "key")
        else { throw Failure(CONCLAVE_E_NULL_ARGUMENT) }
        do throws(EncryptError) { try object.ring.add(name, secret) } catch {
            throw error == .exhausted ? Failure(CONCLAVE_E_TOO_LARGE) : Failure(error)
        }
    }
}

@_cdecl("conclave_key_ring_activate") @implementation
public func conclave_key_ring_activate(
    _ ring: OpaquePointer!, _ identifier: UnsafePointer<CChar>!
) -> conclave_status {
    answering { () throws(Failure) in
        let object = unsafe try ConclaveABI.ring(ring)
        let name = unsafe try ConclaveABI.identifier(identifier)
        try encrypting { () throws(EncryptError) in try object.ring.activate(name) }
    }
}

@_cdecl("conclave_key_ring_retire") @implementation
public func conclave_key_ring_retire(
    _ ring: OpaquePointer!, _ identifier: UnsafePointer<CChar>!, _ unix_seconds: UInt64
) -> conclave_status {
    answering { () throws(Failure) in
        let object = unsafe try ConclaveABI.ring(ring)
        let name = unsafe try ConclaveABI.identifier(identifier)
        try encrypting { () throws(EncryptError) in try object.ring.retire(name, at: unix_seconds) }
    }
}

@_cdecl("conclave_key_ring_count") @implementation
public func conclave_key_ring_count(_ ring: OpaquePointer!) -> Int {
    unsafe HandleTable.find(ring, .keyRing, as: KeyRingObject.self)?.ring.count ?? 0
}

@_cdecl("conclave_key_ring_get") @implementation
public func conclave_key_ring_get(
    _ ring: OpaquePointer!, _ index: Int, _ identifier: UnsafeMutablePointer<UnsafePointer<CChar>?>!,
    _ is_active: UnsafeMutablePointer<Bool>!, _ retires: UnsafeMutablePointer<UInt64>!
) -> conclave_status {
    answering { () throws(Failure) in
        let object = unsafe try ConclaveABI.ring(ring)
        let identifiers = object.ring.identifiers
        guard identifiers.indices.contains(index) else { throw Failure(CONCLAVE_E_NOT_FOUND) }
        let end = try encrypting { () throws(EncryptError) in try object.ring.end(of: identifiers[index]) }
        if let identifier = unsafe identifier {
            object.lent = LentText(String(decoding: identifiers[index], as: UTF8.self))
            unsafe identifier.pointee = UnsafePointer(object.lent.pointer)
        }
        if let place = unsafe is_active { unsafe place.pointee = identifiers[index] == object.ring.active }
        if let place = unsafe retires { unsafe place.pointee = end ?? .max }
    }
}

@_cdecl("conclave_key_ring_free") @implementation
public func conclave_key_ring_free(_ ring: OpaquePointer!) {
    unsafe HandleTable.remove(ring, .keyRing, as: KeyRingObject.self)
}
