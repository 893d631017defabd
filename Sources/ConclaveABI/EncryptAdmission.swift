public import CConclave
internal import Encrypt
internal import Primitives

/// What `conclave_admission` stands for: a policy, or what it is still being made of.
final class AdmissionObject {
    enum Rule {
        case whole(AdmissionPolicy)
        case certificates(CertificateStore, [CertificateRules.Name])
        case all([AdmissionPolicy])
        case any([AdmissionPolicy])
    }

    var rule: Rule

    init(_ rule: Rule) { self.rule = rule }

    /// The policy as it is now; one without parts is none.
    func policy() throws(Failure) -> AdmissionPolicy {
        do throws(EncryptError) {
            switch rule {
            case .whole(let policy): return policy
            case .certificates(let store, let names):
                return .certificates(try CertificateRules(store: store, names: names))
            case .all(let parts): return try .all(parts)
            case .any(let parts): return try .any(parts)
            }
        } catch {
            throw Failure(
                CONCLAVE_E_INVALID_ARGUMENT,
                "the policy asks for nothing, or for too much: add 1 to 64 parts, at most 8 in one another, or a name")
        }
    }
}

@unsafe
func admission(_ handle: OpaquePointer?) throws(Failure) -> AdmissionObject {
    unsafe try object(handle, .admission, as: AdmissionObject.self)
}

/// What certificates and lists that a caller hands in are refused for.
private func reading<R>(_ body: () throws(CertificateError) -> R) throws(Failure) -> R {
    do throws(CertificateError) { return try body() } catch {
        switch error {
        case .failed: throw Failure(CONCLAVE_E_CRYPTOGRAPHY)
        case .unfit, .untrusted, .expired, .revoked:
            throw Failure(
                CONCLAVE_E_BAD_KEY_FILE,
                "not certificates or lists in PEM or DER, too weak, or not for the private key")
        }
    }
}

private let certificateTextLimit = 1 << 20

@_cdecl("conclave_admission_keys") @implementation
public func conclave_admission_keys(
    _ trust: OpaquePointer!, _ admission: UnsafeMutablePointer<OpaquePointer?>!,
    _ error: UnsafeMutablePointer<OpaquePointer?>!
) -> conclave_status {
    unsafe constructing(error) { () throws(Failure) in
        let slot = unsafe try output(admission, what: "policy")
        let store = unsafe try object(trust, .trust, as: TrustObject.self).store
        unsafe slot.pointee = try handle(AdmissionObject(.whole(.acceptedKeys(store))), .admission)
    }
}

@_cdecl("conclave_admission_certificates") @implementation
public func conclave_admission_certificates(
    _ anchors: UnsafePointer<UInt8>!, _ anchors_size: Int, _ revocations: UnsafePointer<UInt8>!,
    _ revocations_size: Int, _ depth: UInt32, _ admission: UnsafeMutablePointer<OpaquePointer?>!,
    _ error: UnsafeMutablePointer<OpaquePointer?>!
) -> conclave_status {
    unsafe constructing(error) { () throws(Failure) in
        let slot = unsafe try output(admission, what: "policy")
        let anchors = unsafe try bytes(anchors, anchors_size, limit: certificateTextLimit, what: "anchors")
        let lists = unsafe try bytes(revocations, revocations_size, limit: certificateTextLimit, what: "revocations")
        guard depth <= CertificateStore.depthLimit else {
            throw Failure(CONCLAVE_E_INVALID_ARGUMENT, "the depth is 0 to 8")
        }
        let store = try reading { () throws(CertificateError) in
            try CertificateStore(anchors: anchors, revocationLists: lists, depth: Int(depth))
        }
        unsafe slot.pointee = try handle(AdmissionObject(.certificates(store, [])), .admission)
    }
}

@_cdecl("conclave_admission_add_name") @implementation
public func conclave_admission_add_name(
    _ admission: OpaquePointer!, _ kind: UInt32, _ pattern: UnsafePointer<CChar>!
) -> conclave_status {
    answering { () throws(Failure) in
        let object = unsafe try ConclaveABI.admission(admission)
        guard case .certificates(let store, let names) = object.rule else {
            throw Failure(CONCLAVE_E_WRONG_STATE, "the policy does not look at certificates")
        }
        let name = unsafe try certificateName(kind, pattern)
        guard names.count < CertificateRules.nameLimit else { throw Failure(CONCLAVE_E_TOO_LARGE) }
        object.rule = .certificates(store, names + [name])
    }
}

@unsafe
private func certificateName(
    _ kind: UInt32, _ pattern: UnsafePointer<CChar>?
) throws(Failure) -> CertificateRules.Name {
    switch Int(kind) {
    case CONCLAVE_CERTIFICATE_NAME_DNS: return .dns(unsafe try textPattern(pattern))
    case CONCLAVE_CERTIFICATE_NAME_URI: return .uri(unsafe try textPattern(pattern))
    case CONCLAVE_CERTIFICATE_NAME_COMMON: return .commonName(unsafe try textPattern(pattern))
    default: break
    }
    guard unsafe pattern == nil else { throw Failure(CONCLAVE_E_INVALID_ARGUMENT, "this kind of name has no pattern") }
    switch Int(kind) {
    case CONCLAVE_CERTIFICATE_NAME_MEMBER: return .memberName
    case CONCLAVE_CERTIFICATE_NAME_ANY: return .anyName
    default: throw Failure(CONCLAVE_E_INVALID_ARGUMENT, "there is no such kind of name")
    }
}

@unsafe
private func textPattern(_ pointer: UnsafePointer<CChar>?) throws(Failure) -> TextPattern {
    let text = unsafe try text(pointer, limit: TextPattern.sizeLimit, what: "pattern")
    return try encrypting { () throws(EncryptError) in try TextPattern(Array(text.utf8)) }
}

@_cdecl("conclave_admission_secret") @implementation
public func conclave_admission_secret(
    _ secret: UnsafePointer<UInt8>!, _ secret_size: Int, _ admission: UnsafeMutablePointer<OpaquePointer?>!,
    _ error: UnsafeMutablePointer<OpaquePointer?>!
) -> conclave_status {
    unsafe constructing(error) { () throws(Failure) in
        let slot = unsafe try output(admission, what: "policy")
        let shared = unsafe try preSharedSecret(secret, secret_size)
        unsafe slot.pointee = try handle(AdmissionObject(.whole(.preSharedSecret(shared))), .admission)
    }
}

@unsafe
private func preSharedSecret(_ pointer: UnsafePointer<UInt8>?, _ size: Int) throws(Failure) -> PreSharedSecret {
    guard let bytes = unsafe try secretBytes(pointer, size, limit: PreSharedSecret.sizeLimit, what: "secret") else {
        throw Failure(CONCLAVE_E_NULL_ARGUMENT, "the secret is NULL")
    }
    guard bytes.count >= PreSharedSecret.sizeMinimum else {
        throw Failure(CONCLAVE_E_INVALID_ARGUMENT, "a pre-shared secret has 16 bytes at least")
    }
    do throws(EncryptError) { return try PreSharedSecret(bytes) } catch { throw Failure(error) }
}

@_cdecl("conclave_admission_names") @implementation
public func conclave_admission_names(
    _ name_pattern: UnsafePointer<CChar>!, _ address_pattern: UnsafePointer<CChar>!,
    _ admission: UnsafeMutablePointer<OpaquePointer?>!, _ error: UnsafeMutablePointer<OpaquePointer?>!
) -> conclave_status {
    unsafe constructing(error) { () throws(Failure) in
        let slot = unsafe try output(admission, what: "policy")
        let names = unsafe name_pattern == nil ? [] : [try textPattern(name_pattern)]
        let addresses = unsafe address_pattern == nil ? [] : [try textPattern(address_pattern)]
        let pattern = try encrypting { () throws(EncryptError) in
            try MembershipPattern(names: names, addresses: addresses)
        }
        unsafe slot.pointee = try handle(AdmissionObject(.whole(.names(pattern))), .admission)
    }
}

@_cdecl("conclave_admission_all") @implementation
public func conclave_admission_all(
    _ admission: UnsafeMutablePointer<OpaquePointer?>!, _ error: UnsafeMutablePointer<OpaquePointer?>!
) -> conclave_status {
    unsafe constructing(error) { () throws(Failure) in
        unsafe try output(admission, what: "policy").pointee = try handle(AdmissionObject(.all([])), .admission)
    }
}

@_cdecl("conclave_admission_any") @implementation
public func conclave_admission_any(
    _ admission: UnsafeMutablePointer<OpaquePointer?>!, _ error: UnsafeMutablePointer<OpaquePointer?>!
) -> conclave_status {
    unsafe constructing(error) { () throws(Failure) in
        unsafe try output(admission, what: "policy").pointee = try handle(AdmissionObject(.any([])), .admission)
    }
}

@_cdecl("conclave_admission_add") @implementation
public func conclave_admission_add(_ admission: OpaquePointer!, _ part: OpaquePointer!) -> conclave_status {
    answering { () throws(Failure) in
        let object = unsafe try ConclaveABI.admission(admission)
        let part = unsafe try ConclaveABI.admission(part).policy()
        let longer: AdmissionObject
        switch object.rule {
        case .all(let parts): longer = AdmissionObject(.all(parts + [part]))
        case .any(let parts): longer = AdmissionObject(.any(parts + [part]))
        case .whole, .certificates:
            throw Failure(CONCLAVE_E_WRONG_STATE, "only policies of _all and _any have parts")
        }
        // What would be too much is not added.
        _ = try longer.policy()
        object.rule = longer.rule
    }
}

@_cdecl("conclave_admission_free") @implementation
public func conclave_admission_free(_ admission: OpaquePointer!) {
    unsafe HandleTable.remove(admission, .admission, as: AdmissionObject.self)
}

// MARK: - Credentials

/// What `conclave_credential` stands for.
final class CredentialObject {
    let identity: Identity
    let wrapping: WrappingKind
    var certificate: CertifiedKey? = nil
    var secret: PreSharedSecret? = nil

    init(_ identity: Identity, _ wrapping: WrappingKind) {
        self.identity = identity
        self.wrapping = wrapping
    }

    var credential: Credential {
        Credential(identity: identity, wrapping: wrapping, certificate: certificate, preSharedSecret: secret)
    }
}

@_cdecl("conclave_credential_new") @implementation
public func conclave_credential_new(
    _ identity: OpaquePointer!, _ wrapping: UInt32, _ credential: UnsafeMutablePointer<OpaquePointer?>!,
    _ error: UnsafeMutablePointer<OpaquePointer?>!
) -> conclave_status {
    unsafe constructing(error) { () throws(Failure) in
        let slot = unsafe try output(credential, what: "credential")
        let identity = unsafe try object(identity, .identity, as: IdentityObject.self).identity
        let kind: WrappingKind
        switch Int(wrapping) {
        case CONCLAVE_WRAPPING_X25519: kind = .x25519
        case CONCLAVE_WRAPPING_P256: kind = .p256
        case CONCLAVE_WRAPPING_RSA: kind = .rsa
        default: throw Failure(CONCLAVE_E_INVALID_ARGUMENT, "there is no such kind of wrapping key")
        }
        unsafe slot.pointee = try handle(CredentialObject(identity, kind), .credential)
    }
}

@_cdecl("conclave_credential_set_certificate") @implementation
public func conclave_credential_set_certificate(
    _ credential: OpaquePointer!, _ chain: UnsafePointer<UInt8>!, _ chain_size: Int, _ key: UnsafePointer<UInt8>!,
    _ key_size: Int, _ passphrase: UnsafePointer<UInt8>!, _ passphrase_size: Int
) -> conclave_status {
    answering { () throws(Failure) in
        let object = unsafe try object(credential, .credential, as: CredentialObject.self)
        let chain = unsafe try bytes(chain, chain_size, limit: certificateTextLimit, what: "chain")
        guard let pem = unsafe try secretBytes(key, key_size, limit: Identity.pemLimit, what: "key") else {
            throw Failure(CONCLAVE_E_NULL_ARGUMENT, "the key is NULL")
        }
        let secret = unsafe try secretBytes(passphrase, passphrase_size, limit: 1_024, what: "passphrase")
        let privateKey: CertificateKey
        do throws(PrimitivesError) { privateKey = try CertificateKey(pem: pem, passphrase: secret) } catch {
            throw Failure(error)
        }
        object.certificate = try reading { () throws(CertificateError) in
            try CertifiedKey(chain: chain, key: privateKey)
        }
    }
}

@_cdecl("conclave_credential_set_secret") @implementation
public func conclave_credential_set_secret(
    _ credential: OpaquePointer!, _ secret: UnsafePointer<UInt8>!, _ secret_size: Int
) -> conclave_status {
    answering { () throws(Failure) in
        let object = unsafe try object(credential, .credential, as: CredentialObject.self)
        object.secret = unsafe try preSharedSecret(secret, secret_size)
    }
}

@_cdecl("conclave_credential_free") @implementation
public func conclave_credential_free(_ credential: OpaquePointer!) {
    unsafe HandleTable.remove(credential, .credential, as: CredentialObject.self)
}
