internal import CPlatform
internal import LocalHub
internal import Primitives
internal import ProcessGroups

/// One member's connection to a group of the Corosync cluster that this machine belongs to.
///
/// CPG knows one membership of a process in a group; all members that this process has in one group share it
/// (`CorosyncChannel`), each perhaps in a thread of its own. What CPG promises and how it becomes the contract of
/// docs/transports.md is told in docs/corosync.md.
public final class CorosyncTransport {
    private let channel: CorosyncChannel
    private let endpoint: CorosyncEndpoint
    /// While set, nothing is taken from the daemon for any member of this process in the group; who pauses for more
    /// than some seconds is cut off.
    public var isReadingPaused = false {
        didSet { channel.withLock { endpoint.isPaused = isReadingPaused } }
    }

    private init(_ channel: CorosyncChannel, _ endpoint: CorosyncEndpoint) {
        self.channel = channel
        self.endpoint = endpoint
    }

    deinit { close() }

    /// Connects to the daemon of this machine and asks to become a member of `group` (1 to 128 bytes of UTF-8).
    /// Errors: badGroupName, libraryMissing, noDaemon, system.
    public static func open(group: [UInt8], queueLimit: Int) throws(TransportError) -> CorosyncTransport {
        guard isUsable(groupName: group) else { throw .badGroupName }
        let now = conclave_monotonic_milliseconds()
        let endpoint = try CorosyncEndpoint(queueLimit: queueLimit)
        let channel = try CorosyncRegistry.join(group, endpoint, now: now)
        return CorosyncTransport(channel, endpoint)
    }

    public var descriptor: Int32 { endpoint.descriptor }

    public var wantedEvents: UInt32 {
        channel.withLock { endpoint.isOver || endpoint.isPaused ? 0 : Readiness.readable }
    }

    public var deadline: UInt64? { channel.withLock { endpoint.isOver ? nil : channel.deadline(for: endpoint) } }

    public var queuedBytes: Int { channel.withLock { channel.queuedBytes } }

    public var payloadLimit: Int {
        channel.withLock { endpoint.canSend ? ProcessGroupWire.payloadLimit : 0 }
    }

    public func canSend(byteCount: Int) -> Bool {
        channel.withLock { channel.admission(endpoint, byteCount) == .queued }
    }

    public func process(now: UInt64) {
        channel.withLock {
            endpoint.lower()
            if !endpoint.isOver { channel.work(now: now) }
        }
    }

    public func writeQueued() { channel.withLock { channel.sendOrGather() } }

    public func nextEvent() -> TransportEvent? { channel.withLock { endpoint.nextEvent() } }

    public func multicast(_ payload: ArraySlice<UInt8>) -> TransportSend {
        channel.withLock { channel.send(payload, from: endpoint, to: ProcessGroupWire.everybody) }
    }

    public func unicast(_ payload: ArraySlice<UInt8>, to connection: UInt64) -> TransportSend {
        guard connection != ProcessGroupWire.everybody else { return .noDestination }
        return channel.withLock { channel.send(payload, from: endpoint, to: connection) }
    }

    public func detach() { channel.withLock { channel.detach(endpoint) } }

    public func close() { CorosyncRegistry.leave(channel, endpoint) }
}

/// One member's side of a channel: what it was told and has not taken. All of it is touched under the channel's lock.
final class CorosyncEndpoint {
    enum Phase: Equatable {
        case attaching
        case member
        case leaving
        /// Its end was queued.
        case ended
    }

    /// Bytes that may wait for a member before the channel takes no more from the daemon.
    static let inboxLimit = 512 * 1024

    let connection: UInt64
    let queueLimit: Int
    var phase = Phase.attaching
    var isPaused = false
    /// Whether the end was taken too, or the owner has closed.
    private(set) var isOver = false
    /// Since when the inbox has been too full without anything being taken from it.
    var fullSince: UInt64? = nil
    private var inbox = EventQueue<TransportEvent>()
    private let epoll: Descriptor
    private let bell: Waker
    private var watched: Int32? = nil

    init(queueLimit: Int) throws(TransportError) {
        guard let bell = Waker(), let epoll = Descriptor(taking: epoll_create1(Int32(EPOLL_CLOEXEC))),
            conclave_epoll_set(epoll.number, Int32(EPOLL_CTL_ADD), bell.descriptor, Readiness.readable, 0) == 0
        else { throw .system(errno: conclave_errno()) }
        do throws(PrimitivesError) { connection = try Entropy.system().nonzeroUInt64() } catch {
            throw .system(errno: EIO)
        }
        self.bell = bell
        self.epoll = epoll
        self.queueLimit = queueLimit
    }

    /// Readable when something waits, here or with the daemon.
    var descriptor: Int32 { epoll.number }
    var canSend: Bool { phase == .member && !isOver }
    var isFull: Bool { inbox.byteCount > Self.inboxLimit }

    func lower() { _ = bell.takeBack() }

    func tell(_ event: TransportEvent, bytes: Int) {
        guard !isOver, phase != .ended else { return }
        if case .lost = event { phase = .ended }
        if inbox.isEmpty { bell.wake() }
        inbox.append(event, bytes: bytes + 64)
    }

    func nextEvent() -> TransportEvent? {
        let wasFull = isFull
        guard !isOver, let event = inbox.removeFirst() else { return nil }
        if case .lost = event { isOver = true }
        fullSince = nil
        // The daemon was left alone while too much waited here, and nobody wakes for it: it is to be looked at again.
        if wasFull, !isFull { bell.wake() }
        return event
    }

    /// Ends a member that takes nothing: what waits for it is forgotten.
    func cutOff() {
        inbox = EventQueue()
        watch(nil)
        tell(.lost(.refused(.stuck)), bytes: 0)
    }

    func finish() {
        isOver = true
        inbox = EventQueue()
        watch(nil)
    }

    /// Keeps watching the daemon's descriptor, or stops.
    func watch(_ descriptor: Int32?) {
        guard watched != descriptor else { return }
        if let watched { _ = conclave_epoll_set(epoll.number, Int32(EPOLL_CTL_DEL), watched, 0, 0) }
        watched = nil
        guard let descriptor else { return }
        if conclave_epoll_set(epoll.number, Int32(EPOLL_CTL_ADD), descriptor, Readiness.readable, 1) == 0 {
            watched = descriptor
        }
    }
}
