public import CConclave
internal import CPlatform
internal import Drivers
internal import Primitives

/// Members of one configuration at most, as at the hub.
private let memberLimit = 16_382

@_cdecl("conclave_transport_init") @implementation
public func conclave_transport_init(
    _ transport: UnsafeMutablePointer<conclave_transport>!, _ size: Int
) -> conclave_status {
    answering { () throws(Failure) in
        guard unsafe size == MemoryLayout<conclave_transport>.size else { throw Failure(CONCLAVE_E_BAD_STRUCT_SIZE) }
        var standard = unsafe conclave_transport()
        unsafe standard.size = size
        unsafe try initialize(transport, size: size, from: standard)
    }
}

/// The caller's URL, understood.
@unsafe
func transportAddress(_ url: UnsafePointer<CChar>?) throws(Failure) -> TransportAddress {
    let url = unsafe try text(url, limit: 4_095, what: "transport URL")
    do throws(TransportError) { return try TransportAddress.parse([UInt8](url.utf8)) } catch { throw Failure(error) }
}

/// The program's table as the drivers see it.
@unsafe
func ownEngine(_ pointer: UnsafePointer<conclave_transport>?) throws(Failure) -> OwnEngine {
    guard let pointer = unsafe pointer else { throw Failure(CONCLAVE_E_NULL_ARGUMENT, "the transport is NULL") }
    guard unsafe pointer.pointee.size == MemoryLayout<conclave_transport>.size else {
        throw Failure(CONCLAVE_E_BAD_STRUCT_SIZE, "the transport's size is not sizeof(conclave_transport)")
    }
    let table = unsafe pointer.pointee
    guard let functions = unsafe EngineFunctions(table) else {
        throw Failure(CONCLAVE_E_NULL_ARGUMENT, "a function of the transport is NULL; only unicast may be")
    }
    // A limit beyond what fits into Int arrives as a negative number.
    let limit = unsafe table.payload_limit < 0 ? Int.max : table.payload_limit
    return OwnEngine(payloadLimit: limit) { (group) in functions.join(group, limit) }
}

/// The functions of a table, none of which is missing.
@safe
private struct EngineFunctions {
    private let userData: UnsafeMutableRawPointer?
    private let joins: conclave_transport_join_fn
    private let multicasts: conclave_transport_multicast_fn
    private let unicasts: conclave_transport_unicast_fn?
    private let tells: conclave_transport_event_fn
    private let describes: conclave_transport_descriptor_fn
    private let leaves: conclave_transport_leave_fn
    private let releases: conclave_transport_release_fn

    init?(_ table: conclave_transport) {
        guard let join = unsafe table.join, let multicast = unsafe table.multicast,
            let event = unsafe table.next_event, let descriptor = unsafe table.descriptor,
            let leave = unsafe table.leave, let release = unsafe table.release
        else { return nil }
        unsafe userData = table.user_data
        unsafe joins = join
        unsafe multicasts = multicast
        unsafe unicasts = table.unicast
        unsafe tells = event
        unsafe describes = descriptor
        unsafe leaves = leave
        unsafe releases = release
    }

    func join(_ group: [UInt8], _ limit: Int) -> Result<OwnEngineMember, TransportError> {
        var member: UnsafeMutableRawPointer? = nil
        var name = group.map { CChar(bitPattern: $0) }
        name.append(0)
        let status = unsafe joins(userData, name, &member)
        guard status == CONCLAVE_OK else { return .failure(.engine(status: status)) }
        let token = unsafe EngineToken(member)
        var descriptor: Int32 = -1
        let described = unsafe describes(token.pointer, &descriptor)
        guard described == CONCLAVE_OK, descriptor >= 0 else {
            unsafe releases(token.pointer)
            return .failure(
                described == CONCLAVE_OK ? .unfit("its descriptor is negative") : .engine(status: described))
        }
        return .success(
            OwnEngineMember(
                descriptor: descriptor, multicast: { (bytes) in send(bytes, token) }, unicast: unicast(token),
                nextEvent: { () in nextEvent(token, limit) },
                leave: { () in
                    let status = unsafe leaves(token.pointer)
                    return status == CONCLAVE_OK ? nil : .engine(status: status)
                },
                release: { () in unsafe releases(token.pointer) }))
    }

    private func send(_ bytes: [UInt8], _ member: EngineToken) -> OwnEngineSend {
        outcome(unsafe multicasts(member.pointer, bytes, bytes.count))
    }

    private func unicast(_ member: EngineToken) -> ((_ bytes: [UInt8], _ connection: UInt64) -> OwnEngineSend)? {
        guard let unicasts = unsafe unicasts else { return nil }
        return { (bytes, connection) in
            outcome(unsafe unicasts(member.pointer, connection, bytes, bytes.count))
        }
    }

    private func outcome(_ status: conclave_status) -> OwnEngineSend {
        switch Int(status) {
        case CONCLAVE_OK: return .taken
        case CONCLAVE_E_QUEUE_FULL: return .full
        case CONCLAVE_E_TOO_LARGE: return .tooLarge
        default: return .failed(.engine(status: status))
        }
    }

    private func nextEvent(_ member: EngineToken, _ limit: Int) -> TransportEvent? {
        var event = unsafe conclave_transport_event()
        unsafe event.size = MemoryLayout<conclave_transport_event>.size
        let status = unsafe tells(member.pointer, &event)
        guard status != CONCLAVE_E_NO_EVENT else { return nil }
        guard status == CONCLAVE_OK else { return .lost(.engine(status: status)) }
        switch unsafe Int(event.kind) {
        case Int(CONCLAVE_TRANSPORT_ATTACHED): return unsafe .attached(connection: event.connection)
        case Int(CONCLAVE_TRANSPORT_CONFIGURATION): return unsafe configuration(event)
        case Int(CONCLAVE_TRANSPORT_MESSAGE):
            guard unsafe (0...limit).contains(event.data_size) else {
                return .lost(.unfit("a message is larger than its payload limit"))
            }
            let data = unsafe UnsafeBufferPointer(start: event.data, count: event.data == nil ? 0 : event.data_size)
            guard unsafe data.count == event.data_size else { return .lost(.unfit("a message's bytes are NULL")) }
            // No member sends so much, but a stranger may: its message is nothing, and is not copied first.
            guard data.count <= TransportLimits.largestPayload + CallbackTransport.headerSize else {
                return unsafe .message(sender: event.connection, bytes: [])
            }
            guard Memory.hasRoom(for: 2 * data.count) else { return .lost(.system(errno: ENOMEM)) }
            return unsafe .message(sender: event.connection, bytes: [UInt8](copying: UnsafeRawBufferPointer(data))[...])
        case Int(CONCLAVE_TRANSPORT_ENDED):
            let reason = unsafe event.status
            return .lost(reason == CONCLAVE_E_LEFT ? .detached : .engine(status: reason))
        default: return .lost(.unfit("it tells an event of an unknown kind"))
        }
    }

    @unsafe
    private func configuration(_ event: conclave_transport_event) -> TransportEvent {
        let counts = 1...memberLimit
        guard let members = unsafe event.members, let transitional = unsafe event.transitional,
            unsafe counts.contains(event.member_count), unsafe counts.contains(event.transitional_count)
        else { return .lost(.unfit("the members of a configuration are none, NULL or too many")) }
        return unsafe .configuration(
            id: event.configuration,
            members: [UInt64](UnsafeBufferPointer(start: members, count: event.member_count)),
            transitional: [UInt64](UnsafeBufferPointer(start: transitional, count: event.transitional_count)))
    }
}

/// What an engine gave for a member: its own business.
@safe
private struct EngineToken {
    let pointer: UnsafeMutableRawPointer?

    init(_ pointer: UnsafeMutableRawPointer?) { unsafe self.pointer = unsafe pointer }
}

@_cdecl("conclave_group_join_over") @implementation
public func conclave_group_join_over(
    _ transport: UnsafePointer<conclave_transport>!, _ group_name: UnsafePointer<CChar>!, _ identity: OpaquePointer!,
    _ trust: OpaquePointer!, _ options: UnsafePointer<conclave_group_options>!,
    _ group: UnsafeMutablePointer<OpaquePointer?>!, _ error: UnsafeMutablePointer<OpaquePointer?>!
) -> conclave_status {
    unsafe constructing(error) { () throws(Failure) in
        let slot = unsafe try output(group, what: "group")
        let engine = unsafe try ownEngine(transport)
        unsafe slot.pointee = try joined(.engine(engine), group_name, identity, trust, options)
    }
}

// MARK: - Trying a transport out

private var standardCheckOptions: conclave_transport_check_options {
    conclave_transport_check_options(
        size: MemoryLayout<conclave_transport_check_options>.size, member_count: 4, message_count: 200,
        step_timeout_ms: 10_000)
}

@_cdecl("conclave_transport_check_options_init") @implementation
public func conclave_transport_check_options_init(
    _ options: UnsafeMutablePointer<conclave_transport_check_options>!, _ size: Int
) -> conclave_status {
    answering { () throws(Failure) in
        guard size == MemoryLayout<conclave_transport_check_options>.size else {
            throw Failure(CONCLAVE_E_BAD_STRUCT_SIZE)
        }
        unsafe try initialize(options, size: size, from: standardCheckOptions)
    }
}

/// Messages that all members of a check together may be told where order is checked: each has a record.
private let mostMessagesTold: UInt64 = 2_000_000

@unsafe
private func checkOptions(
    _ pointer: UnsafePointer<conclave_transport_check_options>?
) throws(Failure) -> TransportCheckOptions {
    var chosen = standardCheckOptions
    if let pointer = unsafe pointer {
        guard unsafe pointer.pointee.size == chosen.size else { throw Failure(CONCLAVE_E_BAD_STRUCT_SIZE) }
        chosen = unsafe pointer.pointee
    }
    guard (2...64).contains(chosen.member_count), (1...100_000).contains(chosen.message_count),
        (1...86_400_000).contains(chosen.step_timeout_ms)
    else {
        throw Failure(
            CONCLAVE_E_INVALID_ARGUMENT, "members are 2 to 64, messages 1 to 100,000, a step 1 ms to one day")
    }
    let told = UInt64(chosen.member_count) * UInt64(chosen.member_count) * UInt64(chosen.message_count)
    guard told <= mostMessagesTold else {
        throw Failure(
            CONCLAVE_E_INVALID_ARGUMENT,
            "so many members would be told \(told) messages; a check keeps a record of \(mostMessagesTold) at most")
    }
    var options = TransportCheckOptions()
    options.memberCount = Int(chosen.member_count)
    options.messageCount = Int(chosen.message_count)
    options.stepTimeout = UInt64(chosen.step_timeout_ms)
    return options
}

@_cdecl("conclave_transport_check") @implementation
public func conclave_transport_check(
    _ transport_url: UnsafePointer<CChar>!, _ transport: UnsafePointer<conclave_transport>!,
    _ options: UnsafePointer<conclave_transport_check_options>!, _ report: conclave_transport_report_fn?,
    _ user_data: UnsafeMutableRawPointer!, _ error: UnsafeMutablePointer<OpaquePointer?>!
) -> conclave_status {
    unsafe constructing(error) { () throws(Failure) in
        let options = unsafe try checkOptions(options)
        let source: TransportSource
        if unsafe transport_url == nil {
            source = unsafe .engine(try ownEngine(transport))
        } else {
            guard unsafe transport == nil else {
                throw Failure(CONCLAVE_E_INVALID_ARGUMENT, "give a URL or an engine, not both")
            }
            source = unsafe .address(try transportAddress(transport_url))
        }
        let reporter = unsafe Reporter(report, user_data)
        let failed = try runCheck(source, options, reporter)
        guard failed == 0 else {
            throw Failure(CONCLAVE_E_TRANSPORT_UNFIT, "\(failed) checks did not hold")
        }
    }
}

private func runCheck(
    _ source: TransportSource, _ options: TransportCheckOptions, _ reporter: Reporter
) throws(Failure) -> Int {
    let check: TransportCheck
    do throws(PrimitivesError) {
        check = try TransportCheck(source, options: options, entropy: .system()) { (name, held, detail) in
            reporter.tell(name, held, detail)
        }
    } catch {
        throw Failure(error)
    }
    do throws(TransportError) { return try check.run() } catch { throw Failure(error) }
}

/// Whom the program wants to be told.
@safe
private struct Reporter {
    private let function: conclave_transport_report_fn?
    private let userData: UnsafeMutableRawPointer?

    init(_ function: conclave_transport_report_fn?, _ userData: UnsafeMutableRawPointer?) {
        unsafe self.function = unsafe function
        unsafe self.userData = unsafe userData
    }

    func tell(_ name: StaticString, _ held: Bool, _ detail: String) {
        guard let function = unsafe function else { return }
        let text = LentText(detail)
        withExtendedLifetime(text) { unsafe function(userData, staticText(name), held, text.pointer) }
    }
}
