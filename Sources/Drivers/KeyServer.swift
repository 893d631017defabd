internal import CPlatform
public import Encrypt
public import Primitives

/// How many connections a key server has, and for how long.
public struct KeyServerLimits: Equatable, Sendable {
    /// Connections at a time; 1 to 4,096. One more takes the place of the oldest that has not proved itself.
    public var connections = 64
    /// How long a connection may last, in milliseconds.
    public var connectionTime: UInt64 = 5_000

    public init() {}
}

/// Why a key server, or a connection to one, cannot be made.
public enum KeyServerError: Error, Equatable, Sendable {
    /// The address is no number of the internet protocols (names are resolved by the caller), or a limit is zero.
    case badAddress
    /// The system refused.
    case system(errno: Int32)
}

/// A request that waits for its answer: on which connection, and what it says.
public struct KeyServerRequest: Equatable, Sendable {
    /// Names the connection in `answer` and `refuse`.
    public let connection: UInt64
    /// The request.
    public let request: KeyFetchRequest
}

/// A coordinator's listener for members that fetch a key over TLS: moves bytes, keeps bounds, decides nothing.
///
/// For any event loop: wait until `descriptor` is readable or `deadline` has come, call `process`, and answer what
/// `nextRequest` gives. No connection holds up another: all are served as their bytes come, and none lasts longer than
/// the limits say.
public final class KeyServer {
    private final class Client {
        let socket: Descriptor
        let session: KeyFetchSession
        let number: UInt64
        let until: UInt64
        var output = OutputQueue()
        var interest = Readiness.readable
        /// Whether all is said, and the connection ends when it is written.
        var isEnding = false

        init(_ socket: consuming Descriptor, _ session: KeyFetchSession, number: UInt64, until: UInt64) {
            self.socket = socket
            self.session = session
            self.number = number
            self.until = until
        }
    }

    private static let listenerTag = UInt64.max
    private static let receiveSize = 16 * 1024
    private static let roundLimit = 16
    private static let acceptLimit = 64
    private static let backlog: Int32 = 128
    /// How long nothing is accepted after the system ran out of descriptors, in milliseconds.
    private static let acceptPause: UInt64 = 100

    private let listener: Descriptor
    private let epoll: Descriptor
    private let limits: KeyServerLimits
    private let coordinator: Introduction
    private var credential: Credential
    private var rules: CertificateRules
    /// The connections in the order in which they came.
    private var clients: [Client] = []
    private var requests: [KeyServerRequest] = []
    private var nextNumber: UInt64 = 1
    private var buffer = [UInt8](repeating: 0, count: KeyServer.receiveSize)
    private var acceptAgainAt: UInt64? = nil
    /// The port that it listens at.
    public let port: UInt16
    /// Connections that were accepted so far.
    public private(set) var accepted: UInt64 = 0
    /// Keys that were handed out so far.
    public private(set) var answered: UInt64 = 0
    /// Connections that ended otherwise.
    public private(set) var failed: UInt64 = 0

    private init(
        _ listener: consuming Descriptor, _ epoll: consuming Descriptor, _ limits: KeyServerLimits,
        _ coordinator: Introduction, _ credential: Credential, _ rules: CertificateRules
    ) {
        port = conclave_internet_port(listener.number)
        self.listener = listener
        self.epoll = epoll
        self.limits = limits
        self.coordinator = coordinator
        self.credential = credential
        self.rules = rules
    }

    /// Listens at an address in numbers ("127.0.0.1", "::") and a port, 0 for any that is free, for members of the
    /// cluster of the coordinator's introduction.
    public static func open(
        address: [UInt8], port: UInt16, coordinator: Introduction, credential: Credential, rules: CertificateRules,
        limits: KeyServerLimits = KeyServerLimits()
    ) throws(KeyServerError) -> KeyServer {
        guard var place = internetAddress(address, port), (1...4_096).contains(limits.connections),
            limits.connectionTime > 0, credential.certificate != nil
        else { throw .badAddress }
        guard let epoll = Descriptor(taking: epoll_create1(Int32(EPOLL_CLOEXEC))),
            let listener = unsafe Descriptor(taking: conclave_internet_socket(&place)),
            unsafe conclave_listen_internet(listener.number, &place, backlog) == 0,
            conclave_epoll_set(epoll.number, EPOLL_CTL_ADD, listener.number, Readiness.readable, listenerTag) == 0
        else { throw .system(errno: conclave_errno()) }
        return KeyServer(listener, epoll, limits, coordinator, credential, rules)
    }

    /// Renewed certificates: connections that come from now on see them.
    public func renew(credential: Credential, rules: CertificateRules) {
        guard credential.certificate != nil else { return }
        self.credential = credential
        self.rules = rules
    }

    /// Readable whenever `process` has something to do. It belongs to the server.
    public var descriptor: Int32 { epoll.number }

    /// When `process` must be called even if the descriptor is quiet; nil: no such time.
    public var deadline: UInt64? {
        switch (clients.first?.until, acceptAgainAt) {
        case (let first?, let second?): min(first, second)
        case (let only?, nil), (nil, let only?): only
        case (nil, nil): nil
        }
    }

    /// Connections that there are now.
    public var connectionCount: Int { clients.count }

    /// Does what is to be done, without blocking. `now` is in milliseconds of a clock that never goes back, `date` in
    /// seconds since 1970, by which certificates are judged.
    public func process(now: UInt64, date: Int64) {
        resumeAccepting(now)
        var tags = [UInt64](repeating: 0, count: 64)
        var masks = [UInt32](repeating: 0, count: 64)
        for _ in 0..<Self.roundLimit {
            let count = Int(unsafe conclave_epoll_take(epoll.number, &tags, &masks))
            guard count > 0 else { break }
            for index in 0..<count {
                if tags[index] == Self.listenerTag {
                    accept(now, date)
                } else if let client = client(tags[index]) {
                    serve(client, masks[index])
                }
            }
        }
        // They came in the order in which their time is over.
        while let first = clients.first, now >= first.until { drop(first) }
    }

    /// The next request that waits for an answer; each is given once.
    public func nextRequest() -> KeyServerRequest? { requests.isEmpty ? nil : requests.removeFirst() }

    /// Hands the key of a view to a member: see `KeyFetchSession.answer`. Nothing happens when the connection is gone.
    public func answer(
        _ connection: UInt64, to member: Introduction, counter: UInt64, key: borrowing SecretBytes, date: Int64
    ) throws(KeyFetchFailure) {
        guard let client = client(connection) else { return }
        do throws(KeyFetchFailure) {
            let isHanded = try client.session.answer(to: member, counter: counter, key: key, date: date)
            if isHanded { answered &+= 1 } else { failed &+= 1 }
            end(client)
        } catch {
            if error == .badArgument { throw error }
            failed &+= 1
            end(client)
            throw error
        }
    }

    /// Refuses a request.
    public func refuse(_ connection: UInt64, _ cause: KeyFetchRefusal) throws(KeyFetchFailure) {
        guard let client = client(connection) else { return }
        try client.session.refuse(cause)
        failed &+= 1
        end(client)
    }

    // MARK: - Accepting

    private func accept(_ now: UInt64, _ date: Int64) {
        for _ in 0..<Self.acceptLimit {
            guard let socket = Descriptor(taking: conclave_accept_local(listener.number)) else {
                switch conclave_errno() {
                case EAGAIN: return
                case EINTR, ECONNABORTED: continue
                default: return pauseAccepting(now)
                }
            }
            accepted &+= 1
            guard makeRoom() else { continue }
            let session: KeyFetchSession
            do throws(KeyFetchFailure) {
                session = try KeyFetchSession(
                    coordinator: coordinator, credential: credential, rules: rules, date: date)
            } catch {
                failed &+= 1
                continue
            }
            let number = nextNumber
            nextNumber &+= 1
            guard
                conclave_epoll_set(epoll.number, EPOLL_CTL_ADD, socket.number, Readiness.readable, number) == 0
            else { continue }
            let (until, isOver) = now.addingReportingOverflow(limits.connectionTime)
            clients.append(Client(socket, session, number: number, until: isOver ? .max : until))
        }
    }

    /// Whether there is room for one more. Who is slow to prove itself has to go: nobody keeps others out by connecting
    /// and saying nothing.
    private func makeRoom() -> Bool {
        guard clients.count >= limits.connections else { return true }
        failed &+= 1
        guard let silent = clients.first(where: { !$0.session.isEstablished }) else { return false }
        remove(silent)
        return true
    }

    private func pauseAccepting(_ now: UInt64) {
        _ = conclave_epoll_set(epoll.number, EPOLL_CTL_MOD, listener.number, 0, Self.listenerTag)
        acceptAgainAt = now.addingReportingOverflow(Self.acceptPause).partialValue
    }

    private func resumeAccepting(_ now: UInt64) {
        guard let time = acceptAgainAt, now >= time else { return }
        acceptAgainAt = nil
        _ = conclave_epoll_set(epoll.number, EPOLL_CTL_MOD, listener.number, Readiness.readable, Self.listenerTag)
    }

    // MARK: - Connections

    private func client(_ number: UInt64) -> Client? { clients.first { $0.number == number } }

    private func serve(_ client: Client, _ mask: UInt32) {
        if mask & ~Readiness.writable != 0, !client.isEnding {
            guard read(client) else { return }
        } else if mask & (Readiness.failed | Readiness.hungUp) != 0 {
            return remove(client)
        }
        write(client)
    }

    /// Whether the connection is still there.
    private func read(_ client: Client) -> Bool {
        switch receive(from: client.socket.number, into: &buffer) {
        case .nothing: return true
        case .ended:
            drop(client)
            return false
        case .bytes(let count):
            do throws(KeyFetchFailure) {
                if let request = try client.session.received([UInt8](copying: buffer[0..<count])) {
                    requests.append(KeyServerRequest(connection: client.number, request: request))
                }
                client.isEnding = client.session.isAnswered
            } catch {
                // Its reason may be on the way to the other side, as an alert.
                failed &+= 1
                client.isEnding = true
            }
            return true
        }
    }

    private func end(_ client: Client) {
        client.isEnding = true
        write(client)
    }

    private func write(_ client: Client) {
        client.output.append(client.session.takeOutput())
        let (_, outcome) = client.output.write(to: client.socket.number)
        switch outcome {
        case .emptied: if client.isEnding { remove(client) } else { watch(client, Readiness.readable) }
        case .blocked: watch(client, client.isEnding ? Readiness.writable : Readiness.readable | Readiness.writable)
        case .failed: remove(client)
        }
    }

    private func watch(_ client: Client, _ interest: UInt32) {
        guard client.interest != interest else { return }
        client.interest = interest
        _ = conclave_epoll_set(epoll.number, EPOLL_CTL_MOD, client.socket.number, interest, client.number)
    }

    /// Ends a connection that has come to nothing.
    private func drop(_ client: Client) {
        if !client.isEnding { failed &+= 1 }
        remove(client)
    }

    private func remove(_ client: Client) {
        clients.removeAll { $0 === client }
        requests.removeAll { $0.connection == client.number }
    }
}

/// Fills an address from its text and a port; nil for what is no address.
func internetAddress(_ text: [UInt8], _ port: UInt16) -> conclave_internet_address? {
    guard !text.contains(0), text.count < 64 else { return nil }
    var address = conclave_internet_address()
    let status = unsafe withCPath(text) { text in unsafe conclave_make_internet_address(&address, text, port) }
    return status == 0 ? address : nil
}
