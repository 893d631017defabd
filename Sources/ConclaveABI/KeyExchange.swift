public import CConclave
internal import CPlatform
internal import Drivers
internal import Encrypt
internal import Primitives

/// What `conclave_key_server` stands for.
private final class KeyServerObject {
    let server: KeyServer
    /// The digest of the introduction in whose name it answers.
    let introduction: [UInt8]

    init(_ server: KeyServer, _ introduction: [UInt8]) {
        self.server = server
        self.introduction = introduction
    }

    /// Answers a request with what the machine says now.
    func serve(_ waiting: KeyServerRequest, _ machine: borrowing EncryptMachine, date: Int64) {
        // Whoever asks is told why it gets nothing, or is nobody that is to be told anything.
        do throws(KeyFetchFailure) {
            let refusal = try machine.serveKey(to: waiting.request.member) {
                (member, counter, key) throws(KeyFetchFailure) in
                try server.answer(waiting.connection, to: member, counter: counter, key: key, date: date)
            }
            if let refusal { try server.refuse(waiting.connection, refusal) }
        } catch {}
    }
}

/// What `conclave_key_fetch` stands for.
private final class KeyFetchObject {
    let connector: KeyConnector
    /// The digest of the introduction of the member that fetches.
    let introduction: [UInt8]
    /// How it ended; nil while it goes on.
    var outcome: conclave_status? = nil

    init(_ connector: KeyConnector, _ introduction: [UInt8]) {
        self.connector = connector
        self.introduction = introduction
    }

    /// Hands over the key that has come.
    func supply(_ counter: UInt64, _ object: EncryptObject, now: UInt64) throws(Failure) {
        guard let key = connector.fetch.takeKey() else { throw Failure(CONCLAVE_E_WRONG_STATE) }
        do throws(EncryptError) {
            object.take(try object.machine.supplyKey(counter: counter, key: key, now: now))
        } catch {
            throw Failure(error)
        }
    }
}

extension Failure {
    fileprivate init(_ error: KeyServerError) {
        switch error {
        case .badAddress:
            self.init(CONCLAVE_E_INVALID_ARGUMENT, "the address is no number of IPv4 or IPv6, or the port is 0")
        case .system(EADDRINUSE): self.init(CONCLAVE_E_ADDRESS_IN_USE, "somebody listens at this address and port")
        case .system(EACCES), .system(EPERM): self.init(CONCLAVE_E_PERMISSION)
        case .system(let number): self.init(CONCLAVE_E_IO, "the system refused the socket: errno \(number)")
        }
    }

    fileprivate init(_ error: KeyFetchFailure) {
        switch error {
        case .session(let error): self.init(error)
        case .notAdmitted: self.init(CONCLAVE_E_NOT_ADMITTED, "the coordinator's certificate does not admit it")
        case .malformed: self.init(CONCLAVE_E_MALFORMED)
        case .badSignature: self.init(CONCLAVE_E_BAD_SIGNATURE)
        case .refused(let cause): self.init(cause)
        case .disconnected: self.init(CONCLAVE_E_TRANSPORT_UNREACHABLE)
        case .timedOut: self.init(CONCLAVE_E_TIMED_OUT)
        case .badArgument:
            self.init(CONCLAVE_E_INVALID_ARGUMENT, "the credential has no certificate, or is of another identity")
        case .failed: self.init(CONCLAVE_E_CRYPTOGRAPHY)
        }
    }

    private init(_ error: TLSError) {
        switch error {
        case .badCertificate: self.init(CONCLAVE_E_NOT_ADMITTED, "the other side's certificate is not believed")
        case .badProtocol, .tooLong, .notEstablished: self.init(CONCLAVE_E_MALFORMED)
        case .closed: self.init(CONCLAVE_E_TRANSPORT_LOST)
        case .failed: self.init(CONCLAVE_E_CRYPTOGRAPHY)
        }
    }

    private init(_ cause: KeyFetchRefusal) {
        switch cause {
        case .notMember, .notAdmitted: self.init(CONCLAVE_E_NOT_ADMITTED)
        case .wrongCluster: self.init(CONCLAVE_E_WRONG_GROUP)
        case .unknownView: self.init(CONCLAVE_E_WRONG_VIEW)
        case .wrongCoordinator: self.init(CONCLAVE_E_WRONG_DESTINATION)
        case .other: self.init(CONCLAVE_E_TRANSPORT_REFUSED)
        }
    }
}

/// What both sides prove themselves with, and what they ask of the other.
@unsafe
private func proof(
    _ credential: OpaquePointer?, _ certificates: OpaquePointer?, of member: EncryptMember
) throws(Failure) -> (Credential, CertificateRules) {
    let credential = unsafe try object(credential, .credential, as: CredentialObject.self).credential
    guard case .certificates(let store, let names) = unsafe try admission(certificates).rule else {
        throw Failure(CONCLAVE_E_INVALID_ARGUMENT, "the policy is none of conclave_admission_certificates")
    }
    let rules = try encrypting { () throws(EncryptError) in try CertificateRules(store: store, names: names) }
    guard credential.certificate != nil, credential.identity.publicKey == member.publicKey else {
        throw Failure(KeyFetchFailure.badArgument)
    }
    return (credential, rules)
}

@unsafe
private func context(_ handle: OpaquePointer?) throws(Failure) -> EncryptObject {
    unsafe try object(handle, .encrypt, as: EncryptObject.self)
}

/// The context, if it is that of the member with an introduction.
@unsafe
private func context(_ handle: OpaquePointer?, of introduction: [UInt8]) throws(Failure) -> EncryptObject {
    let found = unsafe try context(handle)
    guard found.machine.member.introduction.digest == introduction else {
        throw Failure(CONCLAVE_E_INVALID_ARGUMENT, "another context than the one it was made for")
    }
    return found
}

@unsafe
private func address(_ pointer: UnsafePointer<CChar>?) throws(Failure) -> [UInt8] {
    unsafe Array(try text(pointer, limit: 63, what: "address").utf8)
}

// MARK: - The coordinator

@unsafe
private func server(_ handle: OpaquePointer?) throws(Failure) -> KeyServerObject {
    unsafe try object(handle, .keyServer, as: KeyServerObject.self)
}

@_cdecl("conclave_key_server_open") @implementation
public func conclave_key_server_open(
    _ context: OpaquePointer!, _ address: UnsafePointer<CChar>!, _ port: UInt16, _ credential: OpaquePointer!,
    _ certificates: OpaquePointer!, _ server: UnsafeMutablePointer<OpaquePointer?>!,
    _ error: UnsafeMutablePointer<OpaquePointer?>!
) -> conclave_status {
    unsafe constructing(error) { () throws(Failure) in
        let slot = unsafe try output(server, what: "key server")
        let member = unsafe try ConclaveABI.context(context).machine.member
        let place = unsafe try ConclaveABI.address(address)
        let (credential, rules) = unsafe try proof(credential, certificates, of: member)
        let opened: KeyServer
        do throws(KeyServerError) {
            opened = try KeyServer.open(
                address: place, port: port, coordinator: member.introduction, credential: credential, rules: rules)
        } catch {
            throw Failure(error)
        }
        unsafe slot.pointee = try handle(KeyServerObject(opened, member.introduction.digest), .keyServer)
    }
}

@_cdecl("conclave_key_server_port") @implementation
public func conclave_key_server_port(
    _ server: OpaquePointer!, _ port: UnsafeMutablePointer<UInt16>!
) -> conclave_status {
    answering { () throws(Failure) in
        let object = unsafe try ConclaveABI.server(server)
        unsafe try output(port, what: "port").pointee = object.server.port
    }
}

@_cdecl("conclave_key_server_descriptor") @implementation
public func conclave_key_server_descriptor(
    _ server: OpaquePointer!, _ descriptor: UnsafeMutablePointer<Int32>!
) -> conclave_status {
    answering { () throws(Failure) in
        let object = unsafe try ConclaveABI.server(server)
        unsafe try output(descriptor, what: "descriptor").pointee = object.server.descriptor
    }
}

@_cdecl("conclave_key_server_deadline") @implementation
public func conclave_key_server_deadline(
    _ server: OpaquePointer!, _ when: UnsafeMutablePointer<UInt64>!
) -> conclave_status {
    answering { () throws(Failure) in
        let object = unsafe try ConclaveABI.server(server)
        unsafe try output(when, what: "time").pointee = object.server.deadline ?? .max
    }
}

@_cdecl("conclave_key_server_process") @implementation
public func conclave_key_server_process(
    _ server: OpaquePointer!, _ context: OpaquePointer!, _ now: UInt64
) -> conclave_status {
    answering { () throws(Failure) in
        let object = unsafe try ConclaveABI.server(server)
        let found = unsafe try ConclaveABI.context(context, of: object.introduction)
        let date = Int64(clamping: found.machine.wallClock(now))
        object.server.process(now: now, date: date)
        while let waiting = object.server.nextRequest() { object.serve(waiting, found.machine, date: date) }
    }
}

@_cdecl("conclave_key_server_renew") @implementation
public func conclave_key_server_renew(
    _ server: OpaquePointer!, _ context: OpaquePointer!, _ credential: OpaquePointer!, _ certificates: OpaquePointer!
) -> conclave_status {
    answering { () throws(Failure) in
        let object = unsafe try ConclaveABI.server(server)
        let member = unsafe try ConclaveABI.context(context, of: object.introduction).machine.member
        let (credential, rules) = unsafe try proof(credential, certificates, of: member)
        object.server.renew(credential: credential, rules: rules)
    }
}

@_cdecl("conclave_key_server_free") @implementation
public func conclave_key_server_free(_ server: OpaquePointer!) {
    unsafe HandleTable.remove(server, .keyServer, as: KeyServerObject.self)
}

// MARK: - The other members

@unsafe
private func fetch(_ handle: OpaquePointer?) throws(Failure) -> KeyFetchObject {
    unsafe try object(handle, .keyFetch, as: KeyFetchObject.self)
}

@_cdecl("conclave_key_fetch_new") @implementation
public func conclave_key_fetch_new(
    _ context: OpaquePointer!, _ view_counter: UInt64, _ address: UnsafePointer<CChar>!, _ port: UInt16,
    _ credential: OpaquePointer!, _ certificates: OpaquePointer!, _ now: UInt64,
    _ fetch: UnsafeMutablePointer<OpaquePointer?>!, _ error: UnsafeMutablePointer<OpaquePointer?>!
) -> conclave_status {
    unsafe constructing(error) { () throws(Failure) in
        let slot = unsafe try output(fetch, what: "fetch")
        let found = unsafe try ConclaveABI.context(context)
        let place = unsafe try ConclaveABI.address(address)
        let member = found.machine.member
        let (credential, rules) = unsafe try proof(credential, certificates, of: member)
        guard let wanted = found.machine.wantedKey, wanted.counter == view_counter else {
            throw Failure(CONCLAVE_E_WRONG_STATE, "the key of this view is not wanted, or no longer")
        }
        let carried: KeyFetch
        do throws(KeyFetchFailure) {
            carried = try KeyFetch(
                counter: view_counter, member: member.introduction, coordinator: wanted.coordinator.introduction,
                credential: credential, rules: rules, entropy: .system())
        } catch {
            throw Failure(error)
        }
        let connector: KeyConnector
        do throws(KeyServerError) {
            connector = try KeyConnector.open(address: place, port: port, fetch: carried)
        } catch {
            throw Failure(error)
        }
        connector.start(now: now)
        unsafe slot.pointee = try handle(KeyFetchObject(connector, member.introduction.digest), .keyFetch)
    }
}

@_cdecl("conclave_key_fetch_descriptor") @implementation
public func conclave_key_fetch_descriptor(
    _ fetch: OpaquePointer!, _ descriptor: UnsafeMutablePointer<Int32>!
) -> conclave_status {
    answering { () throws(Failure) in
        let object = unsafe try ConclaveABI.fetch(fetch)
        unsafe try output(descriptor, what: "descriptor").pointee = object.connector.descriptor
    }
}

@_cdecl("conclave_key_fetch_deadline") @implementation
public func conclave_key_fetch_deadline(
    _ fetch: OpaquePointer!, _ when: UnsafeMutablePointer<UInt64>!
) -> conclave_status {
    answering { () throws(Failure) in
        let object = unsafe try ConclaveABI.fetch(fetch)
        unsafe try output(when, what: "time").pointee = object.connector.deadline ?? .max
    }
}

@_cdecl("conclave_key_fetch_process") @implementation
public func conclave_key_fetch_process(
    _ fetch: OpaquePointer!, _ context: OpaquePointer!, _ now: UInt64
) -> conclave_status {
    answering { () throws(Failure) in
        let object = unsafe try ConclaveABI.fetch(fetch)
        let found = unsafe try ConclaveABI.context(context, of: object.introduction)
        guard object.outcome == nil else { return }
        object.connector.process(now: now, date: Int64(clamping: found.machine.wallClock(now)))
        switch object.connector.outcome {
        case nil: break
        case .failed(let failure): object.outcome = Failure(failure).status
        case .fetched(let counter):
            do throws(Failure) {
                try object.supply(counter, found, now: now)
                object.outcome = conclave_status(CONCLAVE_OK)
            } catch {
                object.outcome = error.status
            }
        }
    }
}

@_cdecl("conclave_key_fetch_outcome") @implementation
public func conclave_key_fetch_outcome(_ fetch: OpaquePointer!) -> conclave_status {
    answering { () throws(Failure) in
        let outcome = unsafe try ConclaveABI.fetch(fetch).outcome ?? conclave_status(CONCLAVE_E_NO_EVENT)
        guard outcome == CONCLAVE_OK else { throw Failure(Int(outcome)) }
    }
}

@_cdecl("conclave_key_fetch_free") @implementation
public func conclave_key_fetch_free(_ fetch: OpaquePointer!) {
    unsafe HandleTable.remove(fetch, .keyFetch, as: KeyFetchObject.self)
}
