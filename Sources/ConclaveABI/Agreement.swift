public import CConclave
internal import KeyAgreement
internal import Primitives

/// What `conclave_agreement` stands for.
final class AgreementObject {
    var context: AgreementContext
    /// Tokens that the program has not fetched yet.
    var waiting: [AgreementAction] = []
    var isComplete = false
    private(set) var lentToken = LentBytes([])
    private var message = LentText("")

    init(_ context: consuming AgreementContext) { self.context = context }

    /// Runs what a call does, and keeps the message of its failure.
    func answering(_ body: () throws(Failure) -> Void) -> conclave_status {
        do throws(Failure) {
            try body()
            return conclave_status(CONCLAVE_OK)
        } catch {
            message = LentText(error.message)
            return error.status
        }
    }

    func take(_ actions: [AgreementAction]) {
        for action in actions {
            switch action {
            case .install: isComplete = true
            case .passedOver: break
            case .unicast, .multicast, .multicastAgreed: waiting.append(action)
            }
        }
    }

    func lend(_ bytes: [UInt8]) -> UnsafePointer<UInt8> {
        lentToken = LentBytes(bytes)
        return unsafe UnsafePointer(lentToken.pointer)
    }

    var lentMessage: UnsafePointer<CChar> { unsafe UnsafePointer(message.pointer) }
}

/// A token is 1 MiB of body and what surrounds it at most.
private let tokenLimit = 2 << 20
private let exportLimit = 255 * 32

extension Failure {
    init(_ error: AgreementError) {
        switch error {
        case .invalidRun:
            self.init(
                CONCLAVE_E_INVALID_ARGUMENT,
                "a membership has 1 to 1,000 participants with distinct ids that are not 0, at most as many that "
                    + "continue, a group name and a run that was not begun before")
        case .notAMember:
            self.init(CONCLAVE_E_INVALID_ARGUMENT, "this context's id and public key are not among the participants")
        case .notContinuing:
            self.init(
                CONCLAVE_E_WRONG_STATE,
                "a continuing participant did not complete the last run with this one: agree from scratch")
        case .noKey: self.init(CONCLAVE_E_WRONG_STATE, "no key is agreed yet: a run must be completed first")
        case .malformed: self.init(CONCLAVE_E_MALFORMED)
        case .unsupportedVersion: self.init(CONCLAVE_E_UNSUPPORTED_VERSION)
        case .wrongSuite: self.init(CONCLAVE_E_UNKNOWN_SUITE)
        case .badSignature: self.init(CONCLAVE_E_BAD_SIGNATURE)
        case .wrongGroup: self.init(CONCLAVE_E_WRONG_GROUP)
        case .wrongView: self.init(CONCLAVE_E_WRONG_VIEW)
        case .wrongRun: self.init(CONCLAVE_E_WRONG_RUN)
        case .wrongSender: self.init(CONCLAVE_E_WRONG_SENDER)
        case .wrongDestination: self.init(CONCLAVE_E_WRONG_DESTINATION)
        case .replayed: self.init(CONCLAVE_E_REPLAYED)
        case .wrongPhase: self.init(CONCLAVE_E_WRONG_PHASE)
        case .badElement: self.init(CONCLAVE_E_BAD_ELEMENT)
        case .memberListMismatch: self.init(CONCLAVE_E_MEMBER_LIST)
        case .keyConfirmation: self.init(CONCLAVE_E_KEY_CONFIRMATION)
        case .entropy: self.init(CONCLAVE_E_ENTROPY)
        case .cryptography: self.init(CONCLAVE_E_CRYPTOGRAPHY)
        }
    }
}

@unsafe
private func agreement(_ handle: OpaquePointer?) throws(Failure) -> AgreementObject {
    unsafe try object(handle, .agreement, as: AgreementObject.self)
}

/// Runs a call on an agreement; a failure to find it has nowhere to leave its message.
@unsafe
private func answering(
    _ handle: OpaquePointer?, _ body: (AgreementObject) throws(Failure) -> Void
) -> conclave_status {
    ConclaveABI.answering { () throws(Failure) in
        let object = unsafe try agreement(handle)
        let status = object.answering { () throws(Failure) in try body(object) }
        guard status == CONCLAVE_OK else { throw Failure(Int(status)) }
    }
}

/// The run that a membership describes.
@unsafe
private func run(_ pointer: UnsafePointer<conclave_membership>?) throws(Failure) -> AgreementRun {
    guard let pointer = unsafe pointer else { throw Failure(CONCLAVE_E_NULL_ARGUMENT, "the membership is NULL") }
    guard unsafe pointer.pointee.size == MemoryLayout<conclave_membership>.size else {
        throw Failure(CONCLAVE_E_BAD_STRUCT_SIZE, "the membership's size is not sizeof(conclave_membership)")
    }
    let membership = unsafe pointer.pointee
    let group = unsafe try text(membership.group, limit: Int(CONCLAVE_GROUP_NAME_MAX), what: "group")
    let count = unsafe membership.participant_count
    guard (1...AgreementRun.memberLimit).contains(count) else { throw Failure(.invalidRun) }
    guard let participants = unsafe membership.participants else {
        throw Failure(CONCLAVE_E_NULL_ARGUMENT, "the participants are NULL")
    }
    let members = (0..<count).map { index in
        let key = unsafe withUnsafeBytes(of: participants[index].public_key) { (bytes) in unsafe [UInt8](bytes) }
        return unsafe Participant(id: participants[index].id, publicKey: key)
    }
    let continuing = unsafe membership.continuing_count
    return unsafe AgreementRun(
        group: Array(group.utf8), view: withUnsafeBytes(of: membership.view) { (bytes) in unsafe [UInt8](bytes) },
        run: withUnsafeBytes(of: membership.run) { (bytes) in unsafe [UInt8](bytes) }, members: members,
        baseCount: continuing, fromScratch: continuing == 0)
}

@_cdecl("conclave_suite_name") @implementation
public func conclave_suite_name(_ suite: conclave_suite) -> UnsafePointer<CChar>! {
    guard Suite(number: suite) != nil else { return nil }
    return unsafe conclave_find_suite_name(suite)
}

@_cdecl("conclave_membership_init") @implementation
public func conclave_membership_init(
    _ membership: UnsafeMutablePointer<conclave_membership>!, _ size: Int
) -> conclave_status {
    ConclaveABI.answering { () throws(Failure) in
        guard unsafe size == MemoryLayout<conclave_membership>.size else { throw Failure(CONCLAVE_E_BAD_STRUCT_SIZE) }
        var standard = unsafe conclave_membership()
        unsafe standard.size = size
        unsafe try initialize(membership, size: size, from: standard)
    }
}

@_cdecl("conclave_agreement_new") @implementation
public func conclave_agreement_new(
    _ suite: conclave_suite, _ identity: OpaquePointer!, _ id: UInt64,
    _ agreement: UnsafeMutablePointer<OpaquePointer?>!, _ error: UnsafeMutablePointer<OpaquePointer?>!
) -> conclave_status {
    unsafe constructing(error) { () throws(Failure) in
        let slot = unsafe try output(agreement, what: "agreement")
        let identity = unsafe try object(identity, .identity, as: IdentityObject.self).identity
        guard let suite = Suite(number: suite) else {
            throw Failure(CONCLAVE_E_UNKNOWN_SUITE, "this build has no suite of that number")
        }
        guard id != 0 else { throw Failure(CONCLAVE_E_INVALID_ARGUMENT, "the id of a participant is not 0") }
        let context = AgreementContext(suite: suite, identity: identity, id: id, entropy: .system())
        unsafe slot.pointee = try handle(AgreementObject(context), .agreement)
    }
}

@_cdecl("conclave_agreement_begin") @implementation
public func conclave_agreement_begin(
    _ agreement: OpaquePointer!, _ membership: UnsafePointer<conclave_membership>!
) -> conclave_status {
    unsafe answering(agreement) { (object) throws(Failure) in
        let run = unsafe try run(membership)
        do throws(AgreementError) {
            let actions = try object.context.begin(run)
            object.waiting = []
            object.isComplete = false
            object.take(actions)
        } catch {
            throw Failure(error)
        }
    }
}

@_cdecl("conclave_agreement_receive") @implementation
public func conclave_agreement_receive(
    _ agreement: OpaquePointer!, _ sender: UInt64, _ token: UnsafePointer<UInt8>!, _ token_size: Int
) -> conclave_status {
    unsafe answering(agreement) { (object) throws(Failure) in
        let token = unsafe try bytes(token, token_size, limit: tokenLimit, what: "token")
        do throws(AgreementError) { object.take(try object.context.receive(token, from: sender)) } catch {
            throw Failure(error)
        }
    }
}

@_cdecl("conclave_agreement_next_token") @implementation
public func conclave_agreement_next_token(
    _ agreement: OpaquePointer!, _ token: UnsafeMutablePointer<conclave_token>!
) -> conclave_status {
    let size = unsafe MemoryLayout<conclave_token>.size
    // That there is none now is no failure, and leaves the message of the last one alone.
    if let object = unsafe HandleTable.find(agreement, .agreement, as: AgreementObject.self), object.waiting.isEmpty,
        let token = unsafe token, unsafe token.pointee.size == size
    {
        return conclave_status(CONCLAVE_E_NO_EVENT)
    }
    return unsafe answering(agreement) { (object) throws(Failure) in
        let token = unsafe try output(token, what: "token")
        guard unsafe token.pointee.size == size else { throw Failure(CONCLAVE_E_BAD_STRUCT_SIZE) }
        guard let next = object.waiting.first else { throw Failure(CONCLAVE_E_NO_EVENT) }
        object.waiting.removeFirst()
        let kind: Int
        let sent: [UInt8]
        var destination: UInt64 = 0
        switch next {
        case .unicast(let to, let bytes): (kind, sent, destination) = (CONCLAVE_TOKEN_UNICAST, bytes, to)
        case .multicast(let bytes): (kind, sent) = (CONCLAVE_TOKEN_MULTICAST, bytes)
        case .multicastAgreed(let bytes): (kind, sent) = (CONCLAVE_TOKEN_MULTICAST_AGREED, bytes)
        case .install, .passedOver: throw Failure(CONCLAVE_E_NO_EVENT)
        }
        unsafe token.pointee = conclave_token(
            size: size, kind: UInt32(kind), destination: destination, bytes: object.lend(sent), byte_count: sent.count)
    }
}

@_cdecl("conclave_agreement_is_complete") @implementation
public func conclave_agreement_is_complete(_ agreement: OpaquePointer!) -> Bool {
    unsafe HandleTable.find(agreement, .agreement, as: AgreementObject.self)?.isComplete ?? false
}

@_cdecl("conclave_agreement_export") @implementation
public func conclave_agreement_export(
    _ agreement: OpaquePointer!, _ label: UnsafePointer<CChar>!, _ context: UnsafePointer<UInt8>!,
    _ context_size: Int, _ output: UnsafeMutablePointer<UInt8>!, _ output_size: Int
) -> conclave_status {
    unsafe answering(agreement) { (object) throws(Failure) in
        let label = unsafe Array(try text(label, limit: 255, what: "label").utf8)
        let context = unsafe try bytes(context, context_size, limit: 65_536, what: "context")
        let target = unsafe try ConclaveABI.output(output, what: "key")
        guard output_size >= 0, output_size <= exportLimit else {
            throw Failure(CONCLAVE_E_TOO_LARGE, "a derived key has at most 8,160 bytes")
        }
        guard output_size > 0 else { throw Failure(CONCLAVE_E_INVALID_ARGUMENT, "a derived key has 1 byte at least") }
        let key: SecretBytes
        do throws(AgreementError) {
            key = try object.context.exportedKey(label: label, context: context, count: output_size)
        } catch {
            throw Failure(error)
        }
        unsafe key.withBytes { (bytes) in
            for index in 0..<bytes.count { unsafe target[index] = bytes[index] }
        }
    }
}

@_cdecl("conclave_agreement_fingerprint") @implementation
public func conclave_agreement_fingerprint(
    _ agreement: OpaquePointer!, _ fingerprint: UnsafeMutablePointer<UInt8>!
) -> conclave_status {
    unsafe answering(agreement) { (object) throws(Failure) in
        let target = unsafe try output(fingerprint, what: "fingerprint")
        guard object.context.hasKey else { throw Failure(AgreementError.noKey) }
        unsafe copy(object.context.fingerprint, to: target)
    }
}

@_cdecl("conclave_agreement_counters") @implementation
public func conclave_agreement_counters(
    _ agreement: OpaquePointer!, _ counters: UnsafeMutablePointer<conclave_counters>!
) -> conclave_status {
    unsafe answering(agreement) { (object) throws(Failure) in
        let counters = unsafe try output(counters, what: "counters")
        let size = MemoryLayout<conclave_counters>.size
        guard unsafe counters.pointee.size == size else { throw Failure(CONCLAVE_E_BAD_STRUCT_SIZE) }
        let total = object.context.totalCounters
        unsafe counters.pointee = conclave_counters(
            size: size, exponentiations: total.exponentiations, signatures: total.signatures,
            verifications: total.verifications, unicasts: total.unicasts, multicasts: total.multicasts,
            membership_checks: total.membershipChecks, inversions: total.inversions)
    }
}

/// The number of threads that a program may ask for.
func checkedThreads(_ count: UInt32) throws(Failure) -> Int {
    guard (1...64).contains(count) else { throw Failure(CONCLAVE_E_INVALID_ARGUMENT, "there are 1 to 64 threads") }
    return Int(count)
}

@_cdecl("conclave_agreement_set_threads") @implementation
public func conclave_agreement_set_threads(_ agreement: OpaquePointer!, _ count: UInt32) -> conclave_status {
    unsafe answering(agreement) { (object) throws(Failure) in object.context.threads = try checkedThreads(count) }
}

@_cdecl("conclave_agreement_message") @implementation
public func conclave_agreement_message(_ agreement: OpaquePointer!) -> UnsafePointer<CChar>! {
    guard let object = unsafe HandleTable.find(agreement, .agreement, as: AgreementObject.self) else {
        return unsafe staticText("")
    }
    return unsafe object.lentMessage
}

@_cdecl("conclave_agreement_free") @implementation
public func conclave_agreement_free(_ agreement: OpaquePointer!) {
    unsafe HandleTable.remove(agreement, .agreement, as: AgreementObject.self)
}
