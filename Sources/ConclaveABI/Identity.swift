public import CConclave
internal import Drivers
internal import Primitives

/// What `conclave_identity` stands for.
final class IdentityObject {
    let identity: Identity
    let name: LentText

    init(_ identity: Identity) {
        self.identity = identity
        name = LentText(identity.name)
    }
}

private let pathLimit = 4_095
private let passphraseLimit = 1_024

extension Failure {
    /// What a file refused, and which one.
    init(_ error: FileError, path: [UInt8]) {
        let name = String(decoding: path, as: UTF8.self)
        switch error {
        case .notFound: self.init(CONCLAVE_E_NOT_FOUND, "there is no such file or directory: \(name)")
        case .exists: self.init(CONCLAVE_E_FILE_EXISTS, "there is a file already, choose another name: \(name)")
        case .permission: self.init(CONCLAVE_E_PERMISSION, "the system denies access: \(name)")
        case .noSpace: self.init(CONCLAVE_E_NO_SPACE, "the disk is full, nothing was changed: \(name)")
        case .tooLarge: self.init(CONCLAVE_E_TOO_LARGE, "too large to be what it should be: \(name)")
        case .system(let number): self.init(CONCLAVE_E_IO, "the system refused with errno \(number): \(name)")
        }
    }
}

@unsafe
func path(_ pointer: UnsafePointer<CChar>?) throws(Failure) -> [UInt8] {
    unsafe Array(try text(pointer, limit: pathLimit, what: "path").utf8)
}

@unsafe
private func passphrase(_ pointer: UnsafePointer<UInt8>?, _ size: Int) throws(Failure) -> SecretBytes? {
    let secret = unsafe try secretBytes(pointer, size, limit: passphraseLimit, what: "passphrase")
    guard unsafe pointer == nil || size > 0 else {
        throw Failure(CONCLAVE_E_INVALID_ARGUMENT, "the passphrase is empty; NULL means none")
    }
    return secret
}

private func identity(
    pem: borrowing SecretBytes, passphrase: borrowing SecretBytes?
) throws(Failure) -> OpaquePointer {
    let identity: Identity
    do throws(PrimitivesError) { identity = try Identity(pem: pem, passphrase: passphrase) } catch {
        throw Failure(error)
    }
    return unsafe try handle(IdentityObject(identity), .identity)
}

@unsafe
private func privateKeyPEM(
    _ handle: OpaquePointer?, _ passphrase: borrowing SecretBytes?
) throws(Failure) -> SecretBytes {
    let object = unsafe try object(handle, .identity, as: IdentityObject.self)
    do throws(PrimitivesError) { return try object.identity.privateKeyPEM(passphrase: passphrase) } catch {
        throw Failure(error)
    }
}

@_cdecl("conclave_identity_new") @implementation
public func conclave_identity_new(
    _ name: UnsafePointer<CChar>!, _ identity: UnsafeMutablePointer<OpaquePointer?>!,
    _ error: UnsafeMutablePointer<OpaquePointer?>!
) -> conclave_status {
    unsafe constructing(error) { () throws(Failure) in
        let slot = unsafe try output(identity, what: "identity")
        let name = unsafe try text(name, limit: Int(CONCLAVE_NAME_MAX), what: "name")
        let made: Identity
        do throws(PrimitivesError) { made = try Identity.generate(name: name) } catch { throw Failure(error) }
        unsafe slot.pointee = try handle(IdentityObject(made), .identity)
    }
}

@_cdecl("conclave_identity_load") @implementation
public func conclave_identity_load(
    _ path: UnsafePointer<CChar>!, _ passphrase: UnsafePointer<UInt8>!, _ passphrase_size: Int,
    _ identity: UnsafeMutablePointer<OpaquePointer?>!, _ error: UnsafeMutablePointer<OpaquePointer?>!
) -> conclave_status {
    unsafe constructing(error) { () throws(Failure) in
        let slot = unsafe try output(identity, what: "identity")
        let path = unsafe try ConclaveABI.path(path)
        let secret = unsafe try ConclaveABI.passphrase(passphrase, passphrase_size)
        let pem: SecretBytes
        do throws(FileError) { pem = try FileAccess.readSecret(path, limit: Identity.pemLimit) } catch {
            guard error != .tooLarge else { throw Failure(CONCLAVE_E_BAD_KEY_FILE) }
            throw Failure(error, path: path)
        }
        unsafe slot.pointee = try ConclaveABI.identity(pem: pem, passphrase: secret)
    }
}

@_cdecl("conclave_identity_from_pem") @implementation
public func conclave_identity_from_pem(
    _ pem: UnsafePointer<UInt8>!, _ pem_size: Int, _ passphrase: UnsafePointer<UInt8>!, _ passphrase_size: Int,
    _ identity: UnsafeMutablePointer<OpaquePointer?>!, _ error: UnsafeMutablePointer<OpaquePointer?>!
) -> conclave_status {
    unsafe constructing(error) { () throws(Failure) in
        let slot = unsafe try output(identity, what: "identity")
        guard let text = unsafe try secretBytes(pem, pem_size, limit: Identity.pemLimit, what: "PEM") else {
            throw Failure(CONCLAVE_E_NULL_ARGUMENT, "the PEM is NULL")
        }
        let secret = unsafe try ConclaveABI.passphrase(passphrase, passphrase_size)
        unsafe slot.pointee = try ConclaveABI.identity(pem: text, passphrase: secret)
    }
}

@_cdecl("conclave_identity_save") @implementation
public func conclave_identity_save(
    _ identity: OpaquePointer!, _ path: UnsafePointer<CChar>!, _ passphrase: UnsafePointer<UInt8>!,
    _ passphrase_size: Int, _ error: UnsafeMutablePointer<OpaquePointer?>!
) -> conclave_status {
    unsafe constructing(error) { () throws(Failure) in
        let path = unsafe try ConclaveABI.path(path)
        let secret = unsafe try ConclaveABI.passphrase(passphrase, passphrase_size)
        let pem = unsafe try privateKeyPEM(identity, secret)
        do throws(FileError) { try FileAccess.create(path, holding: pem) } catch { throw Failure(error, path: path) }
    }
}

@_cdecl("conclave_identity_to_pem") @implementation
public func conclave_identity_to_pem(
    _ identity: OpaquePointer!, _ passphrase: UnsafePointer<UInt8>!, _ passphrase_size: Int,
    _ buffer: UnsafeMutablePointer<UInt8>!, _ size: UnsafeMutablePointer<Int>!
) -> conclave_status {
    answering { () throws(Failure) in
        let size = unsafe try output(size, what: "size")
        let secret = unsafe try ConclaveABI.passphrase(passphrase, passphrase_size)
        let pem = unsafe try privateKeyPEM(identity, secret)
        // A capacity beyond Int.max arrives as a negative number, and is large enough.
        let capacity = unsafe size.pointee
        unsafe size.pointee = pem.count
        guard capacity < 0 || capacity >= pem.count else { throw Failure(CONCLAVE_E_BUFFER_TOO_SMALL) }
        let target = unsafe try output(buffer, what: "PEM")
        unsafe pem.withBytes { (bytes) in
            for index in 0..<bytes.count { unsafe target[index] = bytes[index] }
        }
    }
}

@_cdecl("conclave_identity_name") @implementation
public func conclave_identity_name(_ identity: OpaquePointer!) -> UnsafePointer<CChar>! {
    guard let object = unsafe HandleTable.find(identity, .identity, as: IdentityObject.self) else {
        return unsafe staticText("")
    }
    return unsafe UnsafePointer(object.name.pointer)
}

@_cdecl("conclave_identity_public_key") @implementation
public func conclave_identity_public_key(
    _ identity: OpaquePointer!, _ public_key: UnsafeMutablePointer<UInt8>!
) -> conclave_status {
    answering { () throws(Failure) in
        let object = unsafe try object(identity, .identity, as: IdentityObject.self)
        unsafe copy(object.identity.publicKey, to: try output(public_key, what: "public key"))
    }
}

@_cdecl("conclave_identity_free") @implementation
public func conclave_identity_free(_ identity: OpaquePointer!) {
    unsafe HandleTable.remove(identity, .identity, as: IdentityObject.self)
}

@_cdecl("conclave_fingerprint") @implementation
public func conclave_fingerprint(
    _ public_key: UnsafePointer<UInt8>!, _ fingerprint: UnsafeMutablePointer<UInt8>!
) -> conclave_status {
    answering { () throws(Failure) in
        let key = unsafe try fixedBytes(public_key, Identity.publicKeySize, what: "public key")
        let target = unsafe try output(fingerprint, what: "fingerprint")
        do throws(PrimitivesError) { unsafe copy(try Digest.sha256(key), to: target) } catch { throw Failure(error) }
    }
}
