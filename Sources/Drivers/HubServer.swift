internal import CPlatform
public import LocalHub
public import Primitives

/// A local hub on a Unix socket: runs the sequencer, moves its bytes, decides nothing.
///
/// For any event loop: wait until `descriptor` is readable or `deadline` has come, then call `process`. Or call `run`
/// and end it through `waker`. Letting go of it closes all connections and removes the socket file.
///
/// A class, because Embedded Swift cannot destroy a noncopyable value of another module inside an object.
public final class HubServer {
    private final class Client {
        let socket: Descriptor
        var output = OutputQueue()
        /// Events that epoll watches for; nil while the descriptor is not watched at all.
        var interest: UInt32? = nil
        var isPaused = false
        var isDirty = false
        var isBlocked = false
        var isOutputLost = false

        init(_ socket: consuming Descriptor) { self.socket = socket }
    }

    private static let listenerTag = UInt64.max
    private static let receiveSize = 128 * 1024
    /// Rounds of one `process`, so that it returns to its caller under any load.
    private static let roundLimit = 16
    /// Connections accepted in one round.
    private static let acceptLimit = 64
    /// How long nothing is accepted after the system ran out of descriptors, in milliseconds.
    private static let acceptPause: UInt64 = 100

    private var listener: HubListener?
    private let epoll: Descriptor
    private var sequencer: HubSequencer
    private var clients: [Client?] = []
    private var freeSlots: [Int] = []
    /// Slots with output to write at the end of the round.
    private var dirtySlots: [Int] = []
    private var buffer = [UInt8](repeating: 0, count: HubServer.receiveSize)
    private var acceptAgainAt: UInt64? = nil
    /// Ends `run`.
    public let waker: Waker

    private init(
        _ listener: consuming HubListener, _ epoll: consuming Descriptor, _ waker: Waker,
        _ sequencer: consuming HubSequencer
    ) {
        self.listener = consume listener
        self.epoll = epoll
        self.waker = waker
        self.sequencer = sequencer
    }

    /// Where a hub listens.
    public enum Place {
        /// At a path (1 to 107 bytes), with mode 0600.
        case path([UInt8])
        /// On a Unix stream socket that listens already: its descriptor and its file stay whose they are.
        case descriptor(Int32)
    }

    public static func open(
        _ place: Place, limits: HubLimits, entropy: Entropy
    ) throws(HubServerError) -> HubServer {
        guard let seed = randomSeed(entropy) else { throw .entropy }
        guard let epoll = Descriptor(taking: epoll_create1(Int32(EPOLL_CLOEXEC))), let waker = Waker() else {
            throw .system(errno: conclave_errno())
        }
        let listener: HubListener
        switch place {
        case .path(let path): listener = try HubListener.open(path: path)
        case .descriptor(let number): listener = try HubListener.share(number)
        }
        let status = conclave_epoll_set(
            epoll.number, EPOLL_CTL_ADD, listener.descriptor, Readiness.readable, listenerTag)
        guard status == 0 else { throw .system(errno: conclave_errno()) }
        return HubServer(listener, epoll, waker, HubSequencer(limits: limits, seed: seed))
    }

    private static func randomSeed(_ entropy: Entropy) -> UInt32? {
        guard let bytes = try? entropy.publicBytes(4) else { return nil }
        return bytes.reduce(0) { $0 << 8 | UInt32($1) }
    }

    /// Readable whenever `process` has something to do. It belongs to the server.
    public var descriptor: Int32 { epoll.number }

    /// What the hub has seen so far.
    public var counters: HubCounters { sequencer.counters }

    /// When `process` must be called even if the descriptor is quiet, on the clock of `process`; nil: no such time.
    public var deadline: UInt64? {
        switch (sequencer.deadline, acceptAgainAt) {
        case (let first?, let second?): return min(first, second)
        case (let only?, nil), (nil, let only?): return only
        case (nil, nil): return nil
        }
    }

    /// Closes all connections and removes the socket file. Afterwards nothing happens any more.
    public func close() {
        for slot in clients.indices { clients[slot] = nil }
        listener = nil
    }

    /// Does what is to be done, without blocking. `now` is in milliseconds of a clock that never goes back.
    public func process(now: UInt64) {
        guard isOpen else { return }
        resumeAccepting(now)
        var tags = [UInt64](repeating: 0, count: 64)
        var masks = [UInt32](repeating: 0, count: 64)
        for _ in 0..<Self.roundLimit {
            let count = Int(unsafe conclave_epoll_take(epoll.number, &tags, &masks))
            guard count > 0 else { break }
            var isListenerReady = false
            for index in 0..<count {
                if tags[index] == Self.listenerTag {
                    isListenerReady = true
                } else {
                    serve(Int(truncatingIfNeeded: tags[index]), masks[index], now)
                }
            }
            // Last, so that no slot gets a new owner while events of the old one are still in hand.
            if isListenerReady { accept(now) }
            flush(now)
        }
        // After the reading and writing: who has done its part meanwhile is not late.
        apply(sequencer.timePassed(now: now), now)
        flush(now)
    }

    /// Serves until `waker` is raised. Reads the monotonic clock.
    public func run() {
        while isOpen {
            let now = conclave_monotonic_milliseconds()
            var timeout: Int32 = -1
            if let deadline {
                timeout = deadline > now ? Int32(clamping: deadline - now) : 0
            }
            var isRaised = false
            _ = unsafe conclave_poll_two(descriptor, waker.descriptor, timeout, &isRaised)
            if isRaised, waker.takeBack() { return }
            process(now: conclave_monotonic_milliseconds())
        }
    }

    private var isOpen: Bool { listener != nil }

    // MARK: - Accepting

    private func accept(_ now: UInt64) {
        guard let listening = listener?.descriptor else { return }
        for _ in 0..<Self.acceptLimit {
            guard let socket = Descriptor(taking: conclave_accept_local(listening)) else {
                switch conclave_errno() {
                case EAGAIN: return
                case EINTR, ECONNABORTED: continue
                // Out of descriptors or memory: the clients wait in the backlog, and the loop must not spin.
                default: return pauseAccepting(now)
                }
            }
            let slot = freeSlots.popLast() ?? clients.count
            if slot == clients.count { clients.append(nil) }
            let client = Client(socket)
            clients[slot] = client
            watch(client, slot)
            apply(sequencer.connected(HubConnection(slot: slot), now: now), now)
        }
    }

    private func pauseAccepting(_ now: UInt64) {
        watchListener(0)
        acceptAgainAt = now.addingReportingOverflow(Self.acceptPause).partialValue
    }

    private func resumeAccepting(_ now: UInt64) {
        guard let time = acceptAgainAt, now >= time else { return }
        acceptAgainAt = nil
        watchListener(Readiness.readable)
    }

    private func watchListener(_ interest: UInt32) {
        guard let listening = listener?.descriptor else { return }
        _ = conclave_epoll_set(epoll.number, EPOLL_CTL_MOD, listening, interest, Self.listenerTag)
    }

    // MARK: - Reading and writing

    private func serve(_ slot: Int, _ mask: UInt32, _ now: UInt64) {
        guard clients.indices.contains(slot), let client = clients[slot] else { return }
        if mask & (Readiness.failed | Readiness.hungUp) != 0 { loseOutput(client, slot, now) }
        if mask & Readiness.writable != 0 {
            client.isBlocked = false
            markDirty(client, slot)
        }
        if mask & ~Readiness.writable != 0, !client.isPaused, clients[slot] === client { read(client, slot, now) }
    }

    private func read(_ client: Client, _ slot: Int, _ now: UInt64) {
        let connection = HubConnection(slot: slot)
        switch receive(from: client.socket.number, into: &buffer) {
        case .bytes(let count):
            apply(sequencer.received(connection, buffer[0..<count], now: now), now)
        case .nothing:
            break
        case .ended:
            release(slot)
            apply(sequencer.gone(connection, now: now), now)
        }
    }

    /// The other side will not read any more; what it sent before may still be there to be read.
    private func loseOutput(_ client: Client, _ slot: Int, _ now: UInt64) {
        if !client.isOutputLost {
            client.isOutputLost = true
            client.output.removeAll()
            apply(sequencer.outputLost(HubConnection(slot: slot), now: now), now)
        }
        if clients[slot] === client { watch(client, slot) }
    }

    private func markDirty(_ client: Client, _ slot: Int) {
        guard !client.isDirty else { return }
        client.isDirty = true
        dirtySlots.append(slot)
    }

    /// Writes what waits, and goes on while the sequencer answers with more.
    private func flush(_ now: UInt64) {
        var position = 0
        while position < dirtySlots.count {
            let slot = dirtySlots[position]
            position += 1
            guard let client = clients[slot], client.isDirty else { continue }
            client.isDirty = false
            guard !client.isBlocked, !client.isOutputLost else { continue }
            let (byteCount, outcome) = client.output.write(to: client.socket.number)
            client.isBlocked = outcome == .blocked
            watch(client, slot)
            if byteCount > 0 {
                apply(sequencer.drained(HubConnection(slot: slot), byteCount: byteCount, now: now), now)
            }
            if case .failed = outcome, clients[slot] === client { loseOutput(client, slot, now) }
        }
        dirtySlots.removeAll(keepingCapacity: true)
    }

    // MARK: - Actions

    private func apply(_ actions: [HubAction], _ now: UInt64) {
        for action in actions {
            switch action {
            case .send(let connection, let bytes):
                guard let client = clients[connection.slot], !client.isOutputLost else { continue }
                client.output.append(bytes)
                markDirty(client, connection.slot)
            case .close(let connection, _):
                guard let client = clients[connection.slot] else { continue }
                _ = client.output.write(to: client.socket.number)
                release(connection.slot)
            case .pauseReading(let connection):
                clients[connection.slot]?.isPaused = true
                if let client = clients[connection.slot] { watch(client, connection.slot) }
            case .resumeReading(let connection):
                clients[connection.slot]?.isPaused = false
                if let client = clients[connection.slot] { watch(client, connection.slot) }
            case .ignored:
                continue
            }
        }
    }

    private func release(_ slot: Int) {
        // Its descriptor is closed with it, which also ends the watch.
        clients[slot] = nil
        freeSlots.append(slot)
    }

    /// Tells epoll what is of interest now. A hang-up is reported whether wanted or not, so that a paused connection
    /// whose other end is gone is not watched at all until it is resumed.
    private func watch(_ client: Client, _ slot: Int) {
        var wanted: UInt32? = 0
        if !client.isPaused { wanted = Readiness.readable }
        if client.isBlocked, !client.isOutputLost { wanted = (wanted ?? 0) | Readiness.writable }
        if client.isPaused, client.isOutputLost { wanted = nil }
        guard wanted != client.interest else { return }
        let operation: Int32
        switch (client.interest, wanted) {
        case (nil, _): operation = EPOLL_CTL_ADD
        case (_, nil): operation = EPOLL_CTL_DEL
        case (_, _): operation = EPOLL_CTL_MOD
        }
        let status = conclave_epoll_set(
            epoll.number, operation, client.socket.number, wanted ?? 0, UInt64(UInt(bitPattern: slot)))
        if status == 0 { client.interest = wanted }
    }
}
