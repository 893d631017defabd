public import CConclave
internal import CPlatform
internal import Drivers
internal import LocalHub
internal import Primitives

private func server(_ hub: OpaquePointer?) throws(Failure) -> HubServer {
    unsafe try object(hub, .hub, as: HubServer.self)
}

/// The caller's bounds; those of the C API that the caller cannot set are fixed fractions and defaults.
private func limits(_ options: UnsafePointer<conclave_hub_options>?) throws(Failure) -> HubLimits {
    var chosen = standardOptions
    if let options = unsafe options {
        guard unsafe options.pointee.size == MemoryLayout<conclave_hub_options>.size else {
            throw Failure(CONCLAVE_E_BAD_STRUCT_SIZE)
        }
        chosen = unsafe options.pointee
    }
    do throws(HubLimitsError) {
        return try HubLimits(
            clients: Int(chosen.client_limit), groups: Int(chosen.group_limit), queueHighWater: chosen.queue_bytes,
            queueLowWater: chosen.queue_bytes / 4, stuckTimeout: UInt64(chosen.stuck_timeout_ms))
    } catch {
        throw Failure(
            CONCLAVE_E_INVALID_ARGUMENT,
            "clients and groups are 1 to \(HubWire.memberLimit), queue_bytes 1 to 1 GiB, stuck_timeout_ms 1 to one day")
    }
}

extension Failure {
    fileprivate init(_ error: HubServerError) {
        switch error {
        case .badPath: self.init(CONCLAVE_E_BAD_TEXT, "the path of a socket is 1 to 107 bytes")
        case .addressInUse: self.init(CONCLAVE_E_ADDRESS_IN_USE)
        case .fileExists: self.init(CONCLAVE_E_FILE_EXISTS, "there is a file at the path, and it is no socket")
        case .notListening:
            self.init(CONCLAVE_E_INVALID_ARGUMENT, "the descriptor is no Unix stream socket that listens")
        case .entropy: self.init(CONCLAVE_E_ENTROPY)
        case .system(EACCES), .system(EPERM), .system(EROFS):
            self.init(CONCLAVE_E_PERMISSION, "the system does not let this user make a socket at the path")
        case .system(ENOSPC), .system(EDQUOT): self.init(CONCLAVE_E_NO_SPACE)
        case .system(ENOENT), .system(ENOTDIR):
            self.init(CONCLAVE_E_IO, "the directory of the socket does not exist: make it first")
        case .system(let number): self.init(CONCLAVE_E_IO, "the system refused the socket: errno \(number)")
        }
    }
}

@_cdecl("conclave_hub_options_init") @implementation
public func conclave_hub_options_init(
    _ options: UnsafeMutablePointer<conclave_hub_options>!, _ size: Int
) -> conclave_status {
    answering { () throws(Failure) in
        guard size == MemoryLayout<conclave_hub_options>.size else { throw Failure(CONCLAVE_E_BAD_STRUCT_SIZE) }
        unsafe try initialize(options, size: size, from: standardOptions)
    }
}

private var standardOptions: conclave_hub_options {
    conclave_hub_options(
        size: MemoryLayout<conclave_hub_options>.size, client_limit: 1000, group_limit: 1000,
        queue_bytes: 8 * 1024 * 1024, stuck_timeout_ms: 5000)
}

@_cdecl("conclave_hub_new") @implementation
public func conclave_hub_new(
    _ path: UnsafePointer<CChar>!, _ options: UnsafePointer<conclave_hub_options>!,
    _ hub: UnsafeMutablePointer<OpaquePointer?>!, _ error: UnsafeMutablePointer<OpaquePointer?>!
) -> conclave_status {
    unsafe constructing(error) { () throws(Failure) in
        guard let hub = unsafe hub else { throw noPlaceForHub }
        let path = unsafe Array(try text(path, limit: TransportAddress.localPathLimit, what: "path").utf8)
        unsafe try open(.path(path), options, hub)
    }
}

@_cdecl("conclave_hub_adopt") @implementation
public func conclave_hub_adopt(
    _ descriptor: Int32, _ options: UnsafePointer<conclave_hub_options>!,
    _ hub: UnsafeMutablePointer<OpaquePointer?>!, _ error: UnsafeMutablePointer<OpaquePointer?>!
) -> conclave_status {
    unsafe constructing(error) { () throws(Failure) in
        guard let hub = unsafe hub else { throw noPlaceForHub }
        unsafe try open(.descriptor(descriptor), options, hub)
    }
}

private var noPlaceForHub: Failure { Failure(CONCLAVE_E_NULL_ARGUMENT, "the place for the hub is NULL") }

@unsafe
private func open(
    _ place: HubServer.Place, _ options: UnsafePointer<conclave_hub_options>?,
    _ hub: UnsafeMutablePointer<OpaquePointer?>
) throws(Failure) {
    let limits = unsafe try limits(options)
    let object: HubServer
    do throws(HubServerError) {
        object = try HubServer.open(place, limits: limits, entropy: .system())
    } catch {
        throw Failure(error)
    }
    unsafe hub.pointee = try handle(object, .hub)
}

@_cdecl("conclave_hub_descriptor") @implementation
public func conclave_hub_descriptor(
    _ hub: OpaquePointer!, _ descriptor: UnsafeMutablePointer<Int32>!
) -> conclave_status {
    answering { () throws(Failure) in
        let server = unsafe try server(hub)
        guard let descriptor = unsafe descriptor else { throw Failure(CONCLAVE_E_NULL_ARGUMENT) }
        unsafe descriptor.pointee = server.descriptor
    }
}

@_cdecl("conclave_hub_deadline") @implementation
public func conclave_hub_deadline(
    _ hub: OpaquePointer!, _ milliseconds: UnsafeMutablePointer<Int64>!
) -> conclave_status {
    answering { () throws(Failure) in
        let server = unsafe try server(hub)
        guard let milliseconds = unsafe milliseconds else { throw Failure(CONCLAVE_E_NULL_ARGUMENT) }
        let now = conclave_monotonic_milliseconds()
        unsafe milliseconds.pointee = server.deadline.map { $0 > now ? Int64(clamping: $0 - now) : 0 } ?? -1
    }
}

@_cdecl("conclave_hub_process") @implementation
public func conclave_hub_process(_ hub: OpaquePointer!) -> conclave_status {
    answering { () throws(Failure) in
        unsafe try server(hub).process(now: conclave_monotonic_milliseconds())
    }
}

@_cdecl("conclave_hub_run") @implementation
public func conclave_hub_run(_ hub: OpaquePointer!) -> conclave_status {
    answering { () throws(Failure) in
        unsafe try server(hub).run()
        throw Failure(CONCLAVE_E_INTERRUPTED)
    }
}

@_cdecl("conclave_hub_wake") @implementation
public func conclave_hub_wake(_ hub: OpaquePointer!) -> conclave_status {
    // Without a Failure, whose text takes memory: this one may run in a signal handler.
    guard unsafe hub != nil else { return conclave_status(CONCLAVE_E_NULL_ARGUMENT) }
    guard let object = unsafe HandleTable.find(hub, .hub, as: HubServer.self) else {
        return conclave_status(CONCLAVE_E_BAD_HANDLE)
    }
    object.waker.wake()
    return conclave_status(CONCLAVE_OK)
}

@_cdecl("conclave_hub_counters_read") @implementation
public func conclave_hub_counters_read(
    _ hub: OpaquePointer!, _ counters: UnsafeMutablePointer<conclave_hub_counters>!
) -> conclave_status {
    answering { () throws(Failure) in
        let server = unsafe try server(hub)
        guard let counters = unsafe counters else { throw Failure(CONCLAVE_E_NULL_ARGUMENT) }
        let size = MemoryLayout<conclave_hub_counters>.size
        guard unsafe counters.pointee.size == size else { throw Failure(CONCLAVE_E_BAD_STRUCT_SIZE) }
        let seen = server.counters
        unsafe counters.pointee = conclave_hub_counters(
            size: size, clients: seen.clients, groups: seen.groups, messages: seen.messages,
            message_bytes: seen.messageBytes, dropped_clients: seen.droppedClients)
    }
}

@_cdecl("conclave_hub_free") @implementation
public func conclave_hub_free(_ hub: OpaquePointer!) {
    unsafe HandleTable.remove(hub, .hub, as: HubServer.self)
}
