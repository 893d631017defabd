public import CConclave
internal import Encrypt
internal import Primitives

@unsafe
private func encrypt(_ handle: OpaquePointer?) throws(Failure) -> EncryptObject {
    unsafe try object(handle, .encrypt, as: EncryptObject.self)
}

/// Runs a call on a context; a failure to find it has nowhere to leave its message.
@unsafe
private func answering(
    _ handle: OpaquePointer?, _ body: (EncryptObject) throws(Failure) -> Void
) -> conclave_status {
    ConclaveABI.answering { () throws(Failure) in
        let object = unsafe try encrypt(handle)
        let status = object.answering { () throws(Failure) in try body(object) }
        guard status == CONCLAVE_OK else { throw Failure(Int(status)) }
    }
}

/// Runs an event of the program: what is not awaited is the program's mistake here.
private func calling<R>(_ body: () throws(EncryptError) -> R) throws(Failure) -> R {
    do throws(EncryptError) { return try body() } catch {
        throw error == .notAwaited ? Failure(CONCLAVE_E_WRONG_STATE) : Failure(error)
    }
}

/// The caller's bytes where they lie. NULL is allowed when there are none.
@unsafe
private func span(
    _ pointer: UnsafePointer<UInt8>?, _ size: Int, what: StaticString
) throws(Failure) -> UnsafeBufferPointer<UInt8> {
    guard size >= 0 else { throw Failure(CONCLAVE_E_TOO_LARGE) }
    guard size > 0 else { return unsafe UnsafeBufferPointer(start: nil, count: 0) }
    guard let pointer = unsafe pointer else { throw Failure(CONCLAVE_E_NULL_ARGUMENT, "the \(what) is NULL") }
    return unsafe UnsafeBufferPointer(start: pointer, count: size)
}

private let recordLimit = MessageProtection.contentLimit + 65_536

@_cdecl("conclave_encrypt_new") @implementation
public func conclave_encrypt_new(
    _ cluster: UnsafePointer<CChar>!, _ address: UnsafePointer<UInt8>!, _ address_size: Int,
    _ credential: OpaquePointer!, _ admission: OpaquePointer!, _ ring: OpaquePointer!,
    _ options: UnsafePointer<conclave_encrypt_options>!, _ unix_seconds: UInt64, _ now: UInt64,
    _ context: UnsafeMutablePointer<OpaquePointer?>!, _ error: UnsafeMutablePointer<OpaquePointer?>!
) -> conclave_status {
    unsafe constructing(error) { () throws(Failure) in
        let slot = unsafe try output(context, what: "context")
        let cluster = unsafe Array(
            try text(cluster, limit: Int(CONCLAVE_CLUSTER_NAME_MAX), what: "cluster's name").utf8)
        let address = unsafe try bytes(address, address_size, limit: Int(CONCLAVE_ADDRESS_MAX), what: "address")
        guard !address.isEmpty else { throw Failure(CONCLAVE_E_INVALID_ARGUMENT, "the address is empty") }
        let credential = unsafe try object(credential, .credential, as: CredentialObject.self).credential
        let policy = unsafe try ConclaveABI.admission(admission).policy()
        let chosen = unsafe try EncryptOptions(options)
        let keys = unsafe ring == nil ? nil : try object(ring, .keyRing, as: KeyRingObject.self).ring
        guard (keys != nil) == (chosen.keySource == .keyStore) else {
            throw Failure(
                CONCLAVE_E_INVALID_ARGUMENT, "a key ring is needed when the keys come from a store, and only then")
        }
        let made: EncryptObject
        do throws(EncryptError) {
            let machine = try EncryptMachine(
                configuration: chosen.configuration(cluster, policy), credential: credential, address: address,
                keyRing: keys, entropy: .system(), wallClock: unix_seconds, now: now)
            made = EncryptObject(machine, wholeMessage: chosen.wholeMessage)
        } catch {
            throw Failure(error)
        }
        unsafe slot.pointee = try handle(made, .encrypt)
    }
}

@_cdecl("conclave_encrypt_start") @implementation
public func conclave_encrypt_start(_ context: OpaquePointer!, _ now: UInt64) -> conclave_status {
    unsafe answering(context) { (object) throws(Failure) in
        object.take(try calling { () throws(EncryptError) in try object.machine.start(now: now) })
    }
}

@_cdecl("conclave_encrypt_host_view") @implementation
public func conclave_encrypt_host_view(
    _ context: OpaquePointer!, _ addresses: UnsafePointer<conclave_bytes>!, _ address_count: Int, _ now: UInt64
) -> conclave_status {
    unsafe answering(context) { (object) throws(Failure) in
        guard let list = unsafe addresses else { throw Failure(CONCLAVE_E_NULL_ARGUMENT, "the addresses are NULL") }
        guard (1...Epoch.memberLimit).contains(address_count) else { throw Failure(CONCLAVE_E_INVALID_ARGUMENT) }
        var view: [[UInt8]] = []
        view.reserveCapacity(address_count)
        for index in 0..<address_count {
            let address = unsafe list[index]
            unsafe view.append(
                try bytes(address.bytes, address.size, limit: Int(CONCLAVE_ADDRESS_MAX), what: "address"))
        }
        object.take(try calling { () throws(EncryptError) in try object.machine.hostView(view, now: now) })
    }
}

@_cdecl("conclave_encrypt_receive") @implementation
public func conclave_encrypt_receive(
    _ context: OpaquePointer!, _ bytes: UnsafePointer<UInt8>!, _ size: Int, _ headers: UnsafePointer<UInt8>!,
    _ headers_size: Int, _ now: UInt64
) -> conclave_status {
    unsafe answering(context) { (object) throws(Failure) in
        let message = unsafe try ConclaveABI.bytes(bytes, size, limit: recordLimit, what: "message")
        let headers = unsafe try ConclaveABI.bytes(
            headers, headers_size, limit: MessageProtection.contentLimit, what: "headers")
        let actions = object.machine.received(message, headers: headers, now: now)
        // What was received just now is answered by the status; events are for what had waited.
        if actions.count == 1, case .refused(let error) = actions[0] { throw Failure(error) }
        object.take(actions)
    }
}

@_cdecl("conclave_encrypt_next_output") @implementation
public func conclave_encrypt_next_output(
    _ context: OpaquePointer!, _ output: UnsafeMutablePointer<conclave_encrypt_output>!
) -> conclave_status {
    ConclaveABI.answering { () throws(Failure) in
        let object = unsafe try encrypt(context)
        let place = unsafe try ConclaveABI.output(output, what: "output")
        guard unsafe place.pointee.size == MemoryLayout<conclave_encrypt_output>.size else {
            throw Failure(CONCLAVE_E_BAD_STRUCT_SIZE)
        }
        guard let next = unsafe object.nextOutput() else { throw Failure(CONCLAVE_E_NO_EVENT) }
        unsafe place.pointee = next
    }
}

@_cdecl("conclave_encrypt_next_event") @implementation
public func conclave_encrypt_next_event(
    _ context: OpaquePointer!, _ event: UnsafeMutablePointer<conclave_encrypt_event>!
) -> conclave_status {
    ConclaveABI.answering { () throws(Failure) in
        let object = unsafe try encrypt(context)
        let place = unsafe try output(event, what: "event")
        guard unsafe place.pointee.size == MemoryLayout<conclave_encrypt_event>.size else {
            throw Failure(CONCLAVE_E_BAD_STRUCT_SIZE)
        }
        guard let next = unsafe object.nextEvent() else { throw Failure(CONCLAVE_E_NO_EVENT) }
        unsafe place.pointee = next
    }
}

/// Seals the messages that lie in the context's list.
@unsafe
private func seal(
    _ object: EncryptObject, _ count: Int, _ headers: UnsafeBufferPointer<UInt8>,
    _ record: UnsafeMutablePointer<UInt8>?, _ size: UnsafeMutablePointer<Int>
) throws(Failure) {
    let messages = unsafe UnsafeBufferPointer(start: UnsafePointer(object.messages), count: count)
    // A capacity beyond Int.max arrives as a negative number, and is large enough.
    let capacity = unsafe size.pointee < 0 ? Int.max : size.pointee
    let needed = try encrypting { () throws(EncryptError) in
        unsafe try object.machine.sealedSize(messages, headers: headers, wholeMessage: object.wholeMessage)
    }
    guard capacity >= needed else {
        unsafe size.pointee = needed
        throw Failure(CONCLAVE_E_BUFFER_TOO_SMALL)
    }
    let room = unsafe UnsafeMutableBufferPointer(start: try output(record, what: "record"), count: needed)
    unsafe size.pointee = try encrypting { () throws(EncryptError) in
        unsafe try object.machine.seal(messages, headers: headers, wholeMessage: object.wholeMessage, into: room)
    }
}

@_cdecl("conclave_encrypt_seal") @implementation
public func conclave_encrypt_seal(
    _ context: OpaquePointer!, _ message: UnsafePointer<UInt8>!, _ message_size: Int,
    _ headers: UnsafePointer<UInt8>!, _ headers_size: Int, _ record: UnsafeMutablePointer<UInt8>!,
    _ record_size: UnsafeMutablePointer<Int>!
) -> conclave_status {
    unsafe answering(context) { (object) throws(Failure) in
        let size = unsafe try output(record_size, what: "size")
        unsafe object.messages[0] = try span(message, message_size, what: "message")
        let headers = unsafe try span(headers, headers_size, what: "headers")
        unsafe try seal(object, 1, headers, record, size)
    }
}

@_cdecl("conclave_encrypt_seal_batch") @implementation
public func conclave_encrypt_seal_batch(
    _ context: OpaquePointer!, _ messages: UnsafePointer<conclave_bytes>!, _ message_count: Int,
    _ headers: UnsafePointer<UInt8>!, _ headers_size: Int, _ record: UnsafeMutablePointer<UInt8>!,
    _ record_size: UnsafeMutablePointer<Int>!
) -> conclave_status {
    unsafe answering(context) { (object) throws(Failure) in
        let size = unsafe try output(record_size, what: "size")
        guard let list = unsafe messages else { throw Failure(CONCLAVE_E_NULL_ARGUMENT, "the messages are NULL") }
        guard (1...MessageProtection.batchLimit).contains(message_count) else {
            throw Failure(CONCLAVE_E_INVALID_ARGUMENT, "a record has 1 to 64 messages")
        }
        for index in 0..<message_count {
            let message = unsafe list[index]
            unsafe object.messages[index] = try span(message.bytes, message.size, what: "message")
        }
        let headers = unsafe try span(headers, headers_size, what: "headers")
        unsafe try seal(object, message_count, headers, record, size)
    }
}

@_cdecl("conclave_encrypt_is_record") @implementation
public func conclave_encrypt_is_record(_ bytes: UnsafePointer<UInt8>!, _ size: Int) -> Bool {
    guard size > 0, let bytes = unsafe bytes else { return false }
    return unsafe EncryptMachine.isRecord(UnsafeRawBufferPointer(start: bytes, count: size))
}

@_cdecl("conclave_encrypt_open") @implementation
public func conclave_encrypt_open(
    _ context: OpaquePointer!, _ record: UnsafePointer<UInt8>!, _ record_size: Int,
    _ headers: UnsafePointer<UInt8>!, _ headers_size: Int, _ now: UInt64, _ buffer: UnsafeMutablePointer<UInt8>!,
    _ buffer_size: Int, _ opened: UnsafeMutablePointer<conclave_opened>!
) -> conclave_status {
    unsafe answering(context) { (object) throws(Failure) in
        let place = unsafe try output(opened, what: "record")
        guard unsafe place.pointee.size == MemoryLayout<conclave_opened>.size else {
            throw Failure(CONCLAVE_E_BAD_STRUCT_SIZE)
        }
        let record = unsafe try span(record, record_size, what: "record")
        let headers = unsafe try span(headers, headers_size, what: "headers")
        let capacity = buffer_size < 0 ? Int.max : buffer_size
        let needed = MessageProtection.openedSize(record.count)
        guard capacity >= needed else { throw Failure(CONCLAVE_E_BUFFER_TOO_SMALL) }
        guard needed == 0 || (unsafe buffer != nil) else { throw Failure(CONCLAVE_E_NULL_ARGUMENT) }
        let room = unsafe UnsafeMutableBufferPointer(start: buffer, count: unsafe buffer == nil ? 0 : needed)
        do throws(EncryptError) {
            let result = unsafe try object.machine.open(record, headers: headers, into: room, now: now)
            unsafe place.pointee = object.lend(result, in: UnsafeRawBufferPointer(room))
        } catch {
            throw Failure(error)
        }
    }
}

@_cdecl("conclave_encrypt_view") @implementation
public func conclave_encrypt_view(
    _ context: OpaquePointer!, _ view: UnsafeMutablePointer<conclave_cluster_view>!
) -> conclave_status {
    unsafe answering(context) { (object) throws(Failure) in
        let place = unsafe try output(view, what: "view")
        let size = MemoryLayout<conclave_cluster_view>.size
        guard unsafe place.pointee.size == size else { throw Failure(CONCLAVE_E_BAD_STRUCT_SIZE) }
        guard let installed = object.machine.view else { throw Failure(CONCLAVE_E_WRONG_STATE) }
        var lent = conclave_cluster_view()
        lent.size = size
        lent.counter = installed.counter
        unsafe withUnsafeMutableBytes(of: &lent.epoch) { (bytes) in unsafe bytes.copyBytes(from: installed.epoch) }
        lent.member_count = installed.members.count
        lent.coordinator = installed.coordinatorPlace
        lent.`self` = installed.ownPlace
        unsafe place.pointee = lent
    }
}

@_cdecl("conclave_encrypt_member") @implementation
public func conclave_encrypt_member(
    _ context: OpaquePointer!, _ place: Int, _ member: UnsafeMutablePointer<conclave_cluster_member>!
) -> conclave_status {
    unsafe answering(context) { (object) throws(Failure) in
        let slot = unsafe try output(member, what: "member")
        guard unsafe slot.pointee.size == MemoryLayout<conclave_cluster_member>.size else {
            throw Failure(CONCLAVE_E_BAD_STRUCT_SIZE)
        }
        guard object.machine.view != nil else { throw Failure(CONCLAVE_E_WRONG_STATE) }
        guard let lent = object.member(at: place) else { throw Failure(CONCLAVE_E_NOT_FOUND) }
        unsafe slot.pointee = lent.pointer.pointee
    }
}

@_cdecl("conclave_encrypt_can_seal") @implementation
public func conclave_encrypt_can_seal(_ context: OpaquePointer!) -> Bool {
    unsafe HandleTable.find(context, .encrypt, as: EncryptObject.self)?.machine.canSeal ?? false
}

@_cdecl("conclave_encrypt_deadline") @implementation
public func conclave_encrypt_deadline(
    _ context: OpaquePointer!, _ when: UnsafeMutablePointer<UInt64>!
) -> conclave_status {
    unsafe answering(context) { (object) throws(Failure) in
        unsafe try output(when, what: "time").pointee = object.machine.deadline ?? .max
    }
}

@_cdecl("conclave_encrypt_tick") @implementation
public func conclave_encrypt_tick(_ context: OpaquePointer!, _ now: UInt64) -> conclave_status {
    unsafe answering(context) { (object) throws(Failure) in
        object.take(try calling { () throws(EncryptError) in try object.machine.tick(now: now) })
    }
}

@_cdecl("conclave_encrypt_rotate") @implementation
public func conclave_encrypt_rotate(_ context: OpaquePointer!, _ now: UInt64) -> conclave_status {
    unsafe answering(context) { (object) throws(Failure) in
        object.take(try calling { () throws(EncryptError) in try object.machine.rotate(now: now) })
    }
}

@_cdecl("conclave_encrypt_leave") @implementation
public func conclave_encrypt_leave(_ context: OpaquePointer!, _ now: UInt64) -> conclave_status {
    unsafe answering(context) { (object) throws(Failure) in
        object.take(try calling { () throws(EncryptError) in try object.machine.leave(now: now) })
    }
}

@_cdecl("conclave_encrypt_set_admission") @implementation
public func conclave_encrypt_set_admission(
    _ context: OpaquePointer!, _ admission: OpaquePointer!, _ now: UInt64
) -> conclave_status {
    unsafe answering(context) { (object) throws(Failure) in
        let policy = unsafe try ConclaveABI.admission(admission).policy()
        object.take(try calling { () throws(EncryptError) in try object.machine.setPolicy(policy, now: now) })
    }
}

@_cdecl("conclave_encrypt_set_key_ring") @implementation
public func conclave_encrypt_set_key_ring(
    _ context: OpaquePointer!, _ ring: OpaquePointer!, _ now: UInt64
) -> conclave_status {
    unsafe answering(context) { (object) throws(Failure) in
        let keys = unsafe try ConclaveABI.object(ring, .keyRing, as: KeyRingObject.self).ring
        do throws(EncryptError) { try object.machine.setKeyRing(keys, now: now) } catch {
            throw error == .badArgument
                ? Failure(CONCLAVE_E_WRONG_STATE, "the keys of this cluster come from its coordinator") : Failure(error)
        }
    }
}

@_cdecl("conclave_encrypt_set_clock") @implementation
public func conclave_encrypt_set_clock(
    _ context: OpaquePointer!, _ unix_seconds: UInt64, _ now: UInt64
) -> conclave_status {
    unsafe answering(context) { (object) throws(Failure) in object.machine.setWallClock(unix_seconds, now: now) }
}

@_cdecl("conclave_encrypt_counters_read") @implementation
public func conclave_encrypt_counters_read(
    _ context: OpaquePointer!, _ counters: UnsafeMutablePointer<conclave_encrypt_counters>!
) -> conclave_status {
    unsafe answering(context) { (object) throws(Failure) in
        let place = unsafe try output(counters, what: "counters")
        let size = MemoryLayout<conclave_encrypt_counters>.size
        guard unsafe place.pointee.size == size else { throw Failure(CONCLAVE_E_BAD_STRUCT_SIZE) }
        let seen = object.machine.protectionCounters
        unsafe place.pointee = conclave_encrypt_counters(
            size: size, sealed_records: seen.sealedRecords, sealed_messages: seen.sealedMessages,
            opened_records: seen.openedRecords, opened_messages: seen.openedMessages,
            opened_earlier: seen.openedEarlier, refused_malformed: seen.malformed,
            refused_unknown_epoch: seen.unknownEpoch, refused_unknown_sender: seen.unknownSender,
            refused_bad_seal: seen.badSeal, refused_bad_signature: seen.badSignature,
            refused_replayed: seen.replayed, forgotten_epochs: seen.forgottenEpochs,
            refused: object.machine.refusals.total)
    }
}

@_cdecl("conclave_encrypt_message") @implementation
public func conclave_encrypt_message(_ context: OpaquePointer!) -> UnsafePointer<CChar>! {
    guard let object = unsafe HandleTable.find(context, .encrypt, as: EncryptObject.self) else {
        return unsafe staticText("")
    }
    return unsafe object.lentMessage
}

@_cdecl("conclave_encrypt_free") @implementation
public func conclave_encrypt_free(_ context: OpaquePointer!) {
    unsafe HandleTable.remove(context, .encrypt, as: EncryptObject.self)
}
