internal import CPlatform
internal import Primitives
internal import ProcessGroups
internal import Synchronization

/// This process's membership in one closed process group, shared by all its members of that group.
///
/// Whichever of them is processed first takes what the daemon has and hands everybody theirs; a lock keeps their
/// threads apart. What cannot be sent now (CS_ERR_TRY_AGAIN: the daemon is changing its ring, or full) waits here, in
/// order.
@safe
final class CorosyncChannel {
    /// What libcpg told.
    enum Told {
        case membership([ProcessAddress], left: [ProcessAddress])
        case ring(node: UInt32, sequence: UInt64)
        case frame([UInt8], from: ProcessAddress)
    }

    private enum State {
        case disconnected
        case connected(UInt64)
        case joined(UInt64)
        case over
    }

    /// Milliseconds until what the daemon did not take is tried again.
    private static let sendPause: UInt64 = 2
    private static let joinPause: UInt64 = 20
    /// Milliseconds after which a member that takes nothing from a full inbox is cut off, as at the hub.
    private static let stuckTimeout: UInt64 = 5_000
    /// Bytes that are gathered while others are under way: the daemon wakes for every message that finds it asleep.
    private static let gatherLimit = 8 * 1024
    /// Things taken from the daemon in one go, so that one group does not keep a loop from its other work.
    private static let dispatchLimit = 256

    let name: [UInt8]
    let process: Int32
    private let mutex: UnsafeMutableRawPointer
    private let library: ProcessGroupLibrary
    private var state = State.disconnected
    private var machine: ProcessGroupMachine? = nil
    private var endpoints: [CorosyncEndpoint] = []
    private var output = OutgoingMessages()
    private var told: [Told] = []
    private var retryAt: UInt64? = nil
    private var window = SendWindow()
    private var now: UInt64 = 0

    init(name: [UInt8], library: ProcessGroupLibrary) throws(TransportError) {
        guard let mutex = unsafe conclave_mutex_new() else { throw .system(errno: ENOMEM) }
        unsafe self.mutex = unsafe mutex
        self.name = name
        self.library = library
        process = getpid()
    }

    deinit { unsafe conclave_mutex_free(mutex) }

    func withLock<R>(_ body: () -> R) -> R {
        unsafe conclave_mutex_lock(mutex)
        defer { unsafe conclave_mutex_unlock(mutex) }
        return body()
    }

    // MARK: - Members

    var isEmpty: Bool { endpoints.isEmpty }
    /// Whether nothing can come of this channel any more.
    var isOver: Bool {
        if case .over = state { return true }
        return false
    }
    var queuedBytes: Int { output.byteCount }

    /// A new member. The first one connects to the daemon.
    func add(_ endpoint: CorosyncEndpoint, now: UInt64) throws(TransportError) {
        self.now = now
        if case .disconnected = state { try connect() }
        endpoints.append(endpoint)
        watchDaemon()
        carryOut(machine?.attach(endpoint.connection) ?? [])
        work(now: now)
    }

    /// A member's owner has closed it.
    func remove(_ endpoint: CorosyncEndpoint) {
        endpoint.finish()
        guard let index = endpoints.firstIndex(where: { $0 === endpoint }) else { return }
        endpoints.remove(at: index)
        guard !endpoints.isEmpty else { return }
        carryOut(machine?.detach(endpoint.connection) ?? [])
        sendQueued()
        // Others may have waited for this one to take what was its own.
        for other in endpoints { other.watch(nil) }
        watchDaemon()
    }

    func detach(_ endpoint: CorosyncEndpoint) {
        guard endpoint.phase == .attaching || endpoint.phase == .member else { return }
        endpoint.phase = .leaving
        carryOut(machine?.detach(endpoint.connection) ?? [])
        sendQueued()
    }

    func admission(_ endpoint: CorosyncEndpoint, _ byteCount: Int) -> TransportSend {
        guard endpoint.canSend else { return .notAttached }
        guard byteCount <= ProcessGroupWire.payloadLimit else { return .tooLarge }
        let needed = byteCount + ProcessGroupWire.messageOverhead
        return output.isEmpty || needed <= endpoint.queueLimit - output.byteCount ? .queued : .queueFull
    }

    func send(_ payload: ArraySlice<UInt8>, from endpoint: CorosyncEndpoint, to destination: UInt64) -> TransportSend {
        let admission = admission(endpoint, payload.count)
        guard admission == .queued else { return admission }
        guard let head = machine?.messageHead(from: endpoint.connection, to: destination, payload) else {
            return .notAttached
        }
        output.append(payload, after: head, to: nil)
        return .queued
    }

    // MARK: - Working

    /// When this has to be processed again, whatever the descriptors say.
    func deadline(for endpoint: CorosyncEndpoint) -> UInt64? {
        var times: [UInt64] = []
        if let retryAt { times.append(retryAt) }
        if let time = machine?.deadline { times.append(time) }
        for other in endpoints { if let since = other.fullSince { times.append(since &+ Self.stuckTimeout) } }
        return times.min()
    }

    func work(now: UInt64) {
        self.now = now
        if case .connected = state { join() }
        if case .joined(let handle) = state { dispatch(handle) }
        guard !isOver else { return }
        carryOut(machine?.settle(now: now) ?? [])
        sendQueued()
        cutOffStuck()
        watchDaemon()
    }

    /// Hands the daemon what waits, or leaves a little of it until what is under way has come back: for that this is
    /// processed again in any case.
    func sendOrGather() {
        guard output.byteCount < Self.gatherLimit, !window.isEmpty, !output.isEmpty else { return sendQueued() }
        retryAt = retryAt ?? now &+ Self.sendPause
    }

    /// Hands the daemon what waits, in order, as far as it takes it.
    func sendQueued() {
        guard case .joined(let handle) = state else { return }
        retryAt = nil
        while let message = output.first {
            guard window.isOpen(now: now, isRead: { library.isRead(handle) }) else {
                retryAt = now &+ Self.sendPause
                return
            }
            switch library.multicast(handle, message.head, message.bytes) {
            case .done:
                window.note(sent: message.count, now: now)
                output.removeFirst()
            case .tryAgain:
                retryAt = now &+ Self.sendPause
                return
            case .denied, .failed: return lose(.lost(errno: 0))
            }
        }
    }

    func record(_ event: Told) { told.append(event) }

    private func connect() throws(TransportError) {
        let (answer, handle) = library.connect()
        switch answer {
        case .done: break
        // It is starting, or changing its ring.
        case .tryAgain: throw .noDaemon(code: 6)
        case .denied: throw .noDaemonAccess
        case .failed(let code): throw .noDaemon(code: code)
        }
        guard let node = library.node(handle) else {
            library.disconnect(handle)
            throw .noDaemon(code: 0)
        }
        let own = ProcessAddress(node: node, process: UInt32(bitPattern: process))
        machine = ProcessGroupMachine(own: own, entropy: .system())
        state = .connected(handle)
    }

    private func join() {
        guard case .connected(let handle) = state else { return }
        switch library.join(handle, group: name) {
        case .done:
            retryAt = nil
            state = .joined(handle)
        // The daemon is changing its ring, or has not forgotten this process's last membership.
        case .tryAgain: retryAt = now &+ Self.joinPause
        case .denied, .failed: lose(.lost(errno: 0))
        }
    }

    private var isCongested: Bool { endpoints.contains { $0.isFull } }

    private func dispatch(_ handle: UInt64) {
        for _ in 0..<Self.dispatchLimit {
            guard !isCongested else { break }
            switch library.dispatchOne(handle, to: self) {
            case .done: takeTold()
            case .tryAgain: return
            case .denied, .failed: return lose(.lost(errno: 0))
            }
            if isOver { return }
        }
    }

    private func takeTold() {
        defer { told.removeAll(keepingCapacity: true) }
        for event in told {
            switch event {
            case .membership(let processes, let left):
                guard processes.contains(where: { isOwn($0) }) else { return lose(.lost(errno: 0)) }
                machine?.membershipChanged(processes, left: left)
            case .ring(let node, let sequence): machine?.ringChanged(node: node, sequence: sequence)
            case .frame(let bytes, let address):
                if isOwn(address) { window.noteReturn(now: now) }
                carryOut(machine?.received(bytes, from: address) ?? [])
            }
        }
    }

    private func isOwn(_ address: ProcessAddress) -> Bool { machine?.own == address }

    private func carryOut(_ actions: [ProcessGroupAction]) {
        for action in actions {
            switch action {
            case .send(let frame): output.append(frame[...], to: nil)
            case .tell(let member, let event):
                guard let endpoint = endpoints.first(where: { $0.connection == member }) else { continue }
                tell(endpoint, event)
            }
        }
    }

    private func tell(_ endpoint: CorosyncEndpoint, _ event: ProcessGroupEvent) {
        switch event {
        case .attached:
            if endpoint.phase == .attaching { endpoint.phase = .member }
            endpoint.tell(.attached(connection: endpoint.connection), bytes: 0)
        case .configuration(let id, let members, let transitional):
            endpoint.tell(
                .configuration(id: id, members: members, transitional: transitional), bytes: 16 * members.count)
        case .message(let sender, let payload):
            endpoint.tell(.message(sender: sender, bytes: payload), bytes: payload.count)
        case .ended(.left): endpoint.tell(.lost(.detached), bytes: 0)
        case .ended(.lost): endpoint.tell(.lost(.lost(errno: EIO)), bytes: 0)
        case .ended(.silent): endpoint.tell(.lost(.lost(errno: ETIMEDOUT)), bytes: 0)
        }
    }

    private func cutOffStuck() {
        for endpoint in endpoints {
            guard endpoint.isFull else {
                endpoint.fullSince = nil
                continue
            }
            let since = endpoint.fullSince ?? now
            endpoint.fullSince = since
            guard now &- since >= Self.stuckTimeout else { continue }
            endpoint.cutOff()
            endpoints.removeAll { $0 === endpoint }
            carryOut(machine?.detach(endpoint.connection) ?? [])
        }
    }

    /// The end of the membership of this process.
    private func lose(_ error: TransportError) {
        disconnect()
        for endpoint in endpoints {
            endpoint.watch(nil)
            endpoint.tell(.lost(error), bytes: 0)
        }
    }

    func disconnect() {
        switch state {
        case .connected(let handle), .joined(let handle):
            for endpoint in endpoints { endpoint.watch(nil) }
            library.disconnect(handle)
        case .disconnected, .over: break
        }
        state = .over
        machine = nil
        output = OutgoingMessages()
        retryAt = nil
    }

    /// While somebody's inbox is full, nothing is taken from the daemon, and nobody wakes for it.
    private func watchDaemon() {
        guard case .joined(let handle) = state else { return }
        let descriptor = isCongested ? nil : library.descriptor(handle)
        for endpoint in endpoints { endpoint.watch(descriptor) }
    }
}

/// The channels of this process. A child of `fork` finds those of its parent and leaves them alone: the handles of the
/// parent's groups are refused there, and its own connections are another process's to the daemon.
enum CorosyncRegistry {
    /// Joins with a new member; errors are those of connecting.
    static func join(
        _ group: [UInt8], _ endpoint: CorosyncEndpoint, now: UInt64
    ) throws(TransportError) -> CorosyncChannel {
        let name = try groupName(group)
        lock()
        defer { unlock() }
        let list = existing() ?? ChannelList()
        if let known = list.channels.first(where: { $0.name == name && $0.process == getpid() && !$0.isOver }) {
            var failure: TransportError? = nil
            known.withLock {
                do throws(TransportError) { try known.add(endpoint, now: now) } catch { failure = error }
            }
            if let failure { throw failure }
            return known
        }
        guard let library = ProcessGroupLibrary() else { throw .libraryMissing }
        let channel = try CorosyncChannel(name: name, library: library)
        try channel.add(endpoint, now: now)
        list.channels.removeAll { $0.isOver }
        list.channels.append(channel)
        keep(list)
        return channel
    }

    /// A member goes; the last one disconnects.
    static func leave(_ channel: CorosyncChannel, _ endpoint: CorosyncEndpoint) {
        lock()
        defer { unlock() }
        channel.withLock {
            channel.remove(endpoint)
            if channel.isEmpty { channel.disconnect() }
        }
        if let list = existing() { list.channels.removeAll { $0.isOver } }
    }

    /// The name of the process group: readable in `corosync-cpgtool` where it fits. It stays below CPG's limit of 128
    /// bytes, at which Corosync 3.1 writes behind its buffer.
    private static func groupName(_ group: [UInt8]) throws(TransportError) -> [UInt8] {
        let readable = Array("conclave/".utf8) + group
        guard readable.count >= 128 else { return readable }
        do throws(PrimitivesError) {
            return Array("conclave#".utf8) + hexadecimal(try Digest.sha256(group)).utf8
        } catch {
            throw .system(errno: EIO)
        }
    }

    private final class ChannelList {
        var channels: [CorosyncChannel] = []
    }

    /// A lock that a thread of the parent held during `fork` is nobody's in the child: it holds the process's id.
    private static func lock() {
        let own = UInt(UInt32(bitPattern: getpid()))
        while true {
            let seen = registryLock.compareExchange(expected: 0, desired: own, ordering: .acquiringAndReleasing)
            if seen.exchanged { return }
            if seen.original != own {
                let taken = registryLock.compareExchange(
                    expected: seen.original, desired: own, ordering: .acquiringAndReleasing)
                if taken.exchanged { return }
            }
            conclave_yield()
        }
    }

    private static func unlock() { registryLock.store(0, ordering: .releasing) }

    private static func existing() -> ChannelList? {
        guard let pointer = unsafe UnsafeRawPointer(bitPattern: registry.load(ordering: .acquiring)) else { return nil }
        return unsafe Unmanaged<ChannelList>.fromOpaque(pointer).takeUnretainedValue()
    }

    private static func keep(_ list: ChannelList) {
        guard existing() == nil else { return }
        registry.store(UInt(bitPattern: unsafe Unmanaged.passRetained(list).toOpaque()), ordering: .releasing)
    }
}

private let registryLock = Atomic<UInt>(0)
/// The list of channels once there was one; never freed.
private let registry = Atomic<UInt>(0)
