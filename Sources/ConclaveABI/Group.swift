public import CConclave
internal import CPlatform
internal import Drivers
internal import Flush
internal import KeyAgreement
internal import Primitives
internal import SecureGroup

/// The bounds on what an option may be.
private let longestTime: UInt32 = 86_400_000
private let largestQueue = 1 << 30

private func now() -> UInt64 { conclave_monotonic_milliseconds() }

/// Runs a call on a group; a failure to find it has nowhere to leave its message.
@unsafe
func answering(
    _ group: OpaquePointer?, _ body: (GroupObject) throws(Failure) -> Void
) -> conclave_status {
    let object: GroupObject
    do throws(Failure) { object = unsafe try ConclaveABI.object(group, .group, as: GroupObject.self) } catch {
        return error.status
    }
    return object.answering { () throws(Failure) in try body(object) }
}

/// Runs a call of the driver.
private func driving(_ body: () throws(GroupDriverError) -> Void) throws(Failure) {
    do throws(GroupDriverError) { try body() } catch { throw Failure(error) }
}

@_cdecl("conclave_group_options_init") @implementation
public func conclave_group_options_init(
    _ options: UnsafeMutablePointer<conclave_group_options>!, _ size: Int
) -> conclave_status {
    answering { () throws(Failure) in
        try requireOptionsSize(size)
        var standard = standardOptions
        standard.size = size
        unsafe try initialize(options, size: size, from: standard)
    }
}

/// Refuses a size that the structure never had.
private func requireOptionsSize(_ size: Int) throws(Failure) {
    guard size == MemoryLayout<conclave_group_options>.size || size == conclave_group_options_first_size() else {
        throw Failure(CONCLAVE_E_BAD_STRUCT_SIZE, "the options' size is not sizeof(conclave_group_options)")
    }
}

private var standardOptions: conclave_group_options {
    conclave_group_options(
        size: MemoryLayout<conclave_group_options>.size, suite: Suite.standard.number, manual_flush: false,
        flush_timeout_ms: 30_000, agreement_timeout_ms: 10_000, restart_limit: 3, admission_timeout_ms: 10_000,
        send_queue_bytes: 4 << 20, event_queue_bytes: 64 << 20, algorithm: UInt32(CONCLAVE_ALGORITHM_OPTIMIZED))
}

/// The caller's options, and the standard for what the caller's version of the structure did not have yet.
@unsafe
private func chosenOptions(
    _ pointer: UnsafePointer<conclave_group_options>?
) throws(Failure) -> conclave_group_options {
    var chosen = standardOptions
    guard let pointer = unsafe pointer else { return chosen }
    // A caller with an older header has allocated no more than it says: its structure is never read whole.
    let caller = unsafe UnsafeRawPointer(pointer)
    let size = unsafe caller.loadUnaligned(as: Int.self)
    try requireOptionsSize(size)
    unsafe withUnsafeMutableBytes(of: &chosen) { bytes in
        unsafe bytes.copyMemory(from: UnsafeRawBufferPointer(start: caller, count: size))
    }
    return chosen
}

private func robustAlgorithm(_ number: UInt32) throws(Failure) -> RobustAlgorithm {
    switch Int(number) {
    case Int(CONCLAVE_ALGORITHM_OPTIMIZED): return .optimized
    case Int(CONCLAVE_ALGORITHM_BASIC): return .basic
    default: throw Failure(CONCLAVE_E_INVALID_ARGUMENT, "there is no robust algorithm of that number")
    }
}

@unsafe
private func driverOptions(
    _ pointer: UnsafePointer<conclave_group_options>?
) throws(Failure) -> GroupDriverOptions {
    let chosen = unsafe try chosenOptions(pointer)
    let algorithm = try robustAlgorithm(chosen.algorithm)
    guard let suite = Suite(number: chosen.suite) else {
        throw Failure(CONCLAVE_E_UNKNOWN_SUITE, "this build has no suite of that number")
    }
    let times = [chosen.flush_timeout_ms, chosen.agreement_timeout_ms, chosen.admission_timeout_ms]
    guard times.allSatisfy({ $0 <= longestTime }), chosen.restart_limit <= 100 else {
        throw Failure(CONCLAVE_E_INVALID_ARGUMENT, "a timeout is at most one day, the restart limit at most 100")
    }
    guard (1...largestQueue).contains(chosen.send_queue_bytes), (1...largestQueue).contains(chosen.event_queue_bytes)
    else { throw Failure(CONCLAVE_E_INVALID_ARGUMENT, "a queue has 1 byte to 1 GiB") }
    var options = GroupDriverOptions(suite: suite)
    options.algorithm = algorithm
    options.answersFlushRequests = !chosen.manual_flush
    options.flushLimits.flushTimeout = UInt64(chosen.flush_timeout_ms)
    options.flushLimits.admissionTimeout = UInt64(chosen.admission_timeout_ms)
    options.secureLimits = SecureGroupLimits(
        agreementTimeout: UInt64(chosen.agreement_timeout_ms), restartLimit: UInt8(clamping: chosen.restart_limit))
    options.sendQueueBytes = chosen.send_queue_bytes
    options.eventQueueBytes = chosen.event_queue_bytes
    return options
}

@_cdecl("conclave_group_join") @implementation
public func conclave_group_join(
    _ transport_url: UnsafePointer<CChar>!, _ group_name: UnsafePointer<CChar>!, _ identity: OpaquePointer!,
    _ trust: OpaquePointer!, _ options: UnsafePointer<conclave_group_options>!,
    _ group: UnsafeMutablePointer<OpaquePointer?>!, _ error: UnsafeMutablePointer<OpaquePointer?>!
) -> conclave_status {
    unsafe constructing(error) { () throws(Failure) in
        let slot = unsafe try output(group, what: "group")
        let address = unsafe try transportAddress(transport_url)
        unsafe slot.pointee = try joined(.address(address), group_name, identity, trust, options)
    }
}

/// A new membership over a transport: what both functions that join do.
@unsafe
func joined(
    _ source: TransportSource, _ groupName: UnsafePointer<CChar>?, _ identity: OpaquePointer?, _ trust: OpaquePointer?,
    _ options: UnsafePointer<conclave_group_options>?
) throws(Failure) -> OpaquePointer {
    let name = unsafe try text(groupName, limit: Int(CONCLAVE_GROUP_NAME_MAX), what: "group name")
    let identity = unsafe try object(identity, .identity, as: IdentityObject.self).identity
    var store = TrustStore()
    if unsafe trust != nil { store = unsafe try object(trust, .trust, as: TrustObject.self).store }
    let options = unsafe try driverOptions(options)
    let driver: GroupDriver
    do throws(GroupDriverError) {
        driver = try GroupDriver.join(source, group: name, identity: identity, trust: store, options: options)
    } catch {
        throw Failure(error)
    }
    return unsafe try handle(GroupObject(driver), .group)
}

@_cdecl("conclave_group_free") @implementation
public func conclave_group_free(_ group: OpaquePointer!) {
    unsafe HandleTable.remove(group, .group, as: GroupObject.self)
}

// MARK: - The event loop

@_cdecl("conclave_group_descriptor") @implementation
public func conclave_group_descriptor(
    _ group: OpaquePointer!, _ descriptor: UnsafeMutablePointer<Int32>!
) -> conclave_status {
    unsafe answering(group) { (object) throws(Failure) in
        unsafe try output(descriptor, what: "descriptor").pointee = object.driver.descriptor
    }
}

@_cdecl("conclave_group_deadline") @implementation
public func conclave_group_deadline(
    _ group: OpaquePointer!, _ milliseconds: UnsafeMutablePointer<Int64>!
) -> conclave_status {
    unsafe answering(group) { (object) throws(Failure) in
        let slot = unsafe try output(milliseconds, what: "deadline")
        let time = now()
        unsafe slot.pointee = object.driver.deadline.map { $0 > time ? Int64(clamping: $0 - time) : 0 } ?? -1
    }
}

@_cdecl("conclave_group_process") @implementation
public func conclave_group_process(_ group: OpaquePointer!) -> conclave_status {
    unsafe answering(group) { (object) throws(Failure) in object.driver.process(now: now()) }
}

@unsafe
private func eventPlace(
    _ event: UnsafeMutablePointer<conclave_event>?
) throws(Failure) -> UnsafeMutablePointer<conclave_event> {
    let place = unsafe try output(event, what: "event")
    guard unsafe place.pointee.size == MemoryLayout<conclave_event>.size else {
        throw Failure(CONCLAVE_E_BAD_STRUCT_SIZE, "the event's size is not sizeof(conclave_event)")
    }
    return unsafe place
}

@_cdecl("conclave_group_next_event") @implementation
public func conclave_group_next_event(
    _ group: OpaquePointer!, _ event: UnsafeMutablePointer<conclave_event>!
) -> conclave_status {
    unsafe answering(group) { (object) throws(Failure) in
        let place = unsafe try eventPlace(event)
        guard let next = object.driver.nextEvent() else { throw Failure(CONCLAVE_E_NO_EVENT) }
        unsafe place.pointee = object.lend(next)
    }
}

@_cdecl("conclave_group_wait_event") @implementation
public func conclave_group_wait_event(
    _ group: OpaquePointer!, _ timeout_ms: Int64, _ event: UnsafeMutablePointer<conclave_event>!
) -> conclave_status {
    unsafe answering(group) { (object) throws(Failure) in
        let place = unsafe try eventPlace(event)
        switch object.driver.wait(timeout: timeout_ms < 0 ? nil : UInt64(timeout_ms)) {
        case .event(let next): unsafe place.pointee = object.lend(next)
        case .timedOut: throw Failure(CONCLAVE_E_TIMED_OUT)
        case .woken: throw Failure(CONCLAVE_E_INTERRUPTED)
        case .over(let reason): throw Failure(callAfter: reason)
        }
    }
}

@_cdecl("conclave_group_wake") @implementation
public func conclave_group_wake(_ group: OpaquePointer!) -> conclave_status {
    // Without a Failure, whose text takes memory, and without the object's own state: any thread may be here.
    guard unsafe group != nil else { return conclave_status(CONCLAVE_E_NULL_ARGUMENT) }
    guard let object = unsafe HandleTable.find(group, .group, as: GroupObject.self) else {
        return conclave_status(CONCLAVE_E_BAD_HANDLE)
    }
    object.driver.waker.wake()
    return conclave_status(CONCLAVE_OK)
}

// MARK: - Sending and changing

@_cdecl("conclave_group_send") @implementation
public func conclave_group_send(
    _ group: OpaquePointer!, _ service: UInt32, _ data: UnsafePointer<UInt8>!, _ data_size: Int
) -> conclave_status {
    unsafe answering(group) { (object) throws(Failure) in
        guard let service = UInt8(exactly: service).flatMap({ Service(rawValue: $0) }) else {
            throw Failure(CONCLAVE_E_INVALID_ARGUMENT, "no such service: FIFO, CAUSAL, AGREED or SAFE")
        }
        let payload = unsafe try bytes(data, data_size, limit: Int(CONCLAVE_MESSAGE_MAX), what: "message")
        try driving { () throws(GroupDriverError) in
            try object.driver.send(payload, service: service, to: nil, now: now())
        }
    }
}

@_cdecl("conclave_group_send_to") @implementation
public func conclave_group_send_to(
    _ group: OpaquePointer!, _ member: UInt64, _ data: UnsafePointer<UInt8>!, _ data_size: Int
) -> conclave_status {
    unsafe answering(group) { (object) throws(Failure) in
        let payload = unsafe try bytes(data, data_size, limit: Int(CONCLAVE_MESSAGE_MAX), what: "message")
        try driving { () throws(GroupDriverError) in
            try object.driver.send(payload, service: .fifo, to: member, now: now())
        }
    }
}

@_cdecl("conclave_group_flush") @implementation
public func conclave_group_flush(_ group: OpaquePointer!) -> conclave_status {
    unsafe answering(group) { (object) throws(Failure) in
        try driving { () throws(GroupDriverError) in try object.driver.acknowledgeFlush(now: now()) }
    }
}

@_cdecl("conclave_group_refresh") @implementation
public func conclave_group_refresh(_ group: OpaquePointer!) -> conclave_status {
    unsafe answering(group) { (object) throws(Failure) in
        try driving { () throws(GroupDriverError) in try object.driver.refresh(now: now()) }
    }
}

@_cdecl("conclave_group_set_trust") @implementation
public func conclave_group_set_trust(_ group: OpaquePointer!, _ trust: OpaquePointer!) -> conclave_status {
    unsafe answering(group) { (object) throws(Failure) in
        let store = unsafe try ConclaveABI.object(trust, .trust, as: TrustObject.self).store
        try driving { () throws(GroupDriverError) in try object.driver.setTrust(store, now: now()) }
    }
}

@_cdecl("conclave_group_leave") @implementation
public func conclave_group_leave(_ group: OpaquePointer!) -> conclave_status {
    unsafe answering(group) { (object) throws(Failure) in
        try driving { () throws(GroupDriverError) in try object.driver.leave() }
    }
}

// MARK: - Views, members, keys

private func fetchedView(_ object: GroupObject) throws(Failure) -> FetchedView {
    guard let view = object.fetchedView else {
        throw Failure(CONCLAVE_E_WRONG_STATE, "no view was fetched yet: wait for the first VIEW event")
    }
    return view
}

@_cdecl("conclave_group_view") @implementation
public func conclave_group_view(
    _ group: OpaquePointer!, _ view: UnsafeMutablePointer<conclave_view>!
) -> conclave_status {
    unsafe answering(group) { (object) throws(Failure) in
        let place = unsafe try output(view, what: "view")
        guard unsafe place.pointee.size == MemoryLayout<conclave_view>.size else {
            throw Failure(CONCLAVE_E_BAD_STRUCT_SIZE, "the view's size is not sizeof(conclave_view)")
        }
        unsafe place.pointee = try fetchedView(object).description
    }
}

@unsafe
private func memberPlace(
    _ member: UnsafeMutablePointer<conclave_member>?
) throws(Failure) -> UnsafeMutablePointer<conclave_member> {
    let place = unsafe try output(member, what: "member")
    guard unsafe place.pointee.size == MemoryLayout<conclave_member>.size else {
        throw Failure(CONCLAVE_E_BAD_STRUCT_SIZE, "the member's size is not sizeof(conclave_member)")
    }
    return unsafe place
}

@_cdecl("conclave_group_member") @implementation
public func conclave_group_member(
    _ group: OpaquePointer!, _ index: Int, _ member: UnsafeMutablePointer<conclave_member>!
) -> conclave_status {
    unsafe answering(group) { (object) throws(Failure) in
        let place = unsafe try memberPlace(member)
        guard let found = unsafe try fetchedView(object).member(at: index) else { throw Failure(CONCLAVE_E_NOT_FOUND) }
        unsafe place.pointee = found
    }
}

@_cdecl("conclave_group_left_member") @implementation
public func conclave_group_left_member(
    _ group: OpaquePointer!, _ index: Int, _ member: UnsafeMutablePointer<conclave_member>!
) -> conclave_status {
    unsafe answering(group) { (object) throws(Failure) in
        let place = unsafe try memberPlace(member)
        guard let found = unsafe try fetchedView(object).leftMember(at: index) else {
            throw Failure(CONCLAVE_E_NOT_FOUND)
        }
        unsafe place.pointee = found
    }
}

@_cdecl("conclave_group_waiting_for") @implementation
public func conclave_group_waiting_for(
    _ group: OpaquePointer!, _ index: Int, _ member: UnsafeMutablePointer<conclave_member>!
) -> conclave_status {
    unsafe answering(group) { (object) throws(Failure) in
        let place = unsafe try memberPlace(member)
        let awaited = object.driver.waitingFor
        guard awaited.indices.contains(index) else { throw Failure(CONCLAVE_E_NOT_FOUND) }
        unsafe place.pointee = object.lendAwaited(awaited[index])
    }
}

@_cdecl("conclave_group_export") @implementation
public func conclave_group_export(
    _ group: OpaquePointer!, _ label: UnsafePointer<CChar>!, _ context: UnsafePointer<UInt8>!,
    _ context_size: Int, _ output: UnsafeMutablePointer<UInt8>!, _ output_size: Int
) -> conclave_status {
    unsafe answering(group) { (object) throws(Failure) in
        let label = unsafe Array(try text(label, limit: 255, what: "label").utf8)
        let context = unsafe try bytes(context, context_size, limit: 65_536, what: "context")
        let target = unsafe try ConclaveABI.output(output, what: "key")
        guard (0...255 * 32).contains(output_size) else {
            throw Failure(CONCLAVE_E_TOO_LARGE, "a derived key has at most 8,160 bytes")
        }
        guard output_size > 0 else { throw Failure(CONCLAVE_E_INVALID_ARGUMENT, "a derived key has 1 byte at least") }
        let key: SecretBytes
        let view = try fetchedView(object)
        do throws(PrimitivesError) {
            key = try view.installed.export(label: label, context: context, count: output_size)
        } catch {
            throw Failure(error)
        }
        unsafe key.withBytes { (bytes) in
            for index in 0..<bytes.count { unsafe target[index] = bytes[index] }
        }
    }
}

@_cdecl("conclave_group_counters") @implementation
public func conclave_group_counters(
    _ group: OpaquePointer!, _ counters: UnsafeMutablePointer<conclave_counters>!
) -> conclave_status {
    unsafe answering(group) { (object) throws(Failure) in
        let place = unsafe try output(counters, what: "counters")
        let size = MemoryLayout<conclave_counters>.size
        guard unsafe place.pointee.size == size else { throw Failure(CONCLAVE_E_BAD_STRUCT_SIZE) }
        let total = object.driver.counters.secure.agreement
        unsafe place.pointee = conclave_counters(
            size: size, exponentiations: total.exponentiations, signatures: total.signatures,
            verifications: total.verifications, unicasts: total.unicasts, multicasts: total.multicasts,
            membership_checks: total.membershipChecks, inversions: total.inversions)
    }
}

@_cdecl("conclave_group_message") @implementation
public func conclave_group_message(_ group: OpaquePointer!) -> UnsafePointer<CChar>! {
    guard let object = unsafe HandleTable.find(group, .group, as: GroupObject.self) else {
        return unsafe staticText("")
    }
    return unsafe object.lentFailureMessage
}
