internal import CPlatform
public import Encrypt
internal import Primitives

/// Carries a member's fetch of a key over TCP: connects, moves bytes and closes as the fetch says, and never blocks.
///
/// For any event loop: `start`, then wait until `descriptor` is readable or `deadline` has come and call `process`,
/// until `outcome` says how it ended. The descriptor stays the same over all attempts.
public final class KeyConnector {
    /// How a fetch ended.
    public enum Outcome: Equatable, Sendable {
        /// The key of a view with this counter is there: `KeyFetch.takeKey`.
        case fetched(counter: UInt64)
        case failed(KeyFetchFailure)
    }

    private final class Connection {
        let socket: Descriptor
        var output = OutputQueue()
        var isConnected = false
        var interest = Readiness.writable

        init(_ socket: consuming Descriptor) { self.socket = socket }
    }

    private static let receiveSize = 16 * 1024
    private static let roundLimit = 16

    /// What is carried.
    public let fetch: KeyFetch
    /// How it ended; nil while it goes on.
    public private(set) var outcome: Outcome? = nil
    private let epoll: Descriptor
    private let address: conclave_internet_address
    private var connection: Connection? = nil
    private var buffer = [UInt8](repeating: 0, count: KeyConnector.receiveSize)

    private init(_ fetch: KeyFetch, _ epoll: consuming Descriptor, _ address: conclave_internet_address) {
        self.fetch = fetch
        self.epoll = epoll
        self.address = address
    }

    /// A connector to a coordinator's key server, at an address in numbers and a port.
    public static func open(
        address: [UInt8], port: UInt16, fetch: KeyFetch
    ) throws(KeyServerError) -> KeyConnector {
        guard port != 0, let place = internetAddress(address, port) else { throw .badAddress }
        guard let epoll = Descriptor(taking: epoll_create1(Int32(EPOLL_CLOEXEC))) else {
            throw .system(errno: conclave_errno())
        }
        return KeyConnector(fetch, epoll, place)
    }

    /// Readable whenever `process` has something to do. It belongs to the connector.
    public var descriptor: Int32 { epoll.number }

    /// When `process` must be called even if the descriptor is quiet; nil: no such time.
    public var deadline: UInt64? { outcome == nil ? fetch.deadline : nil }

    /// Begins. Nothing is done twice.
    public func start(now: UInt64) { apply(fetch.start(now: now), now) }

    /// Does what is to be done, without blocking: see `KeyServer.process`.
    public func process(now: UInt64, date: Int64) {
        for _ in 0..<Self.roundLimit {
            var tags = [UInt64](repeating: 0, count: 64)
            var masks = [UInt32](repeating: 0, count: 64)
            guard unsafe conclave_epoll_take(epoll.number, &tags, &masks) > 0, let connection else { break }
            serve(connection, masks[0], now, date)
        }
        apply(fetch.tick(now: now), now)
    }

    /// Ends it without an outcome.
    public func cancel() {
        _ = fetch.cancel()
        connection = nil
    }

    private func serve(_ connection: Connection, _ mask: UInt32, _ now: UInt64, _ date: Int64) {
        if !connection.isConnected {
            guard conclave_socket_error(connection.socket.number) == 0, mask & Readiness.failed == 0 else {
                return lose(now)
            }
            connection.isConnected = true
            apply(fetch.connected(date: date), now)
        } else if mask & ~Readiness.writable != 0 {
            switch receive(from: connection.socket.number, into: &buffer) {
            case .nothing: break
            case .ended: return lose(now)
            case .bytes(let count):
                apply(fetch.received([UInt8](copying: buffer[0..<count]), now: now, date: date), now)
            }
        }
        if self.connection === connection { write(connection, now) }
    }

    private func write(_ connection: Connection, _ now: UInt64) {
        let (_, outcome) = connection.output.write(to: connection.socket.number)
        if case .failed = outcome {
            // What the other side said before it closed may be there still.
            connection.output.removeAll()
        }
        let interest = outcome == .blocked ? Readiness.readable | Readiness.writable : Readiness.readable
        guard interest != connection.interest else { return }
        connection.interest = interest
        _ = conclave_epoll_set(epoll.number, EPOLL_CTL_MOD, connection.socket.number, interest, 0)
    }

    private func lose(_ now: UInt64) {
        connection = nil
        apply(fetch.disconnected(now: now), now)
    }

    private func apply(_ actions: [KeyFetchAction], _ now: UInt64) {
        for action in actions {
            switch action {
            case .connect: connect(now)
            case .send(let bytes): connection?.output.append(bytes)
            case .disconnect:
                // An alert may be under way.
                if let connection, connection.isConnected {
                    _ = connection.output.write(to: connection.socket.number)
                }
                connection = nil
            case .fetched(let counter): outcome = .fetched(counter: counter)
            case .failed(let failure): outcome = .failed(failure)
            }
        }
    }

    private func connect(_ now: UInt64) {
        var address = address
        guard let socket = unsafe Descriptor(taking: conclave_internet_socket(&address)),
            unsafe conclave_connect_internet(socket.number, &address) == 0,
            conclave_epoll_set(epoll.number, EPOLL_CTL_ADD, socket.number, Readiness.writable, 0) == 0
        else { return apply(fetch.disconnected(now: now), now) }
        connection = Connection(socket)
    }
}
