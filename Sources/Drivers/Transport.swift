/// One member's connection to whatever carries its group: the one place that knows which kinds there are. What each
/// kind promises is written down once, in docs/transports.md; `TransportCheck` tries it out.
///
/// Nothing blocks. The owner's loop:
///
/// 1. wait for `wantedEvents` on `descriptor`, until `deadline` at most; when they are 0, do not watch it;
/// 2. call `process`;
/// 3. take events until `nextEvent` gives nil, or stop taking and set `isReadingPaused`.
public enum Transport {
    case local(LocalTransport)
    case corosync(CorosyncTransport)
    case callbacks(CallbackTransport)

    /// Connects and asks to become a member of `group`; the answer comes as an event. At most `queueLimit` bytes wait
    /// to be sent, or one message if it is larger.
    public static func open(
        _ source: TransportSource, group: [UInt8], queueLimit: Int
    ) throws(TransportError) -> Transport {
        switch source {
        case .address(.local(let path)):
            return .local(try LocalTransport.open(path: path, group: group, queueLimit: queueLimit))
        case .address(.corosync): return .corosync(try CorosyncTransport.open(group: group, queueLimit: queueLimit))
        case .engine(let engine): return .callbacks(try CallbackTransport.open(engine, group: group))
        }
    }

    /// The descriptor to watch. It belongs to the transport.
    public var descriptor: Int32 {
        switch self {
        case .local(let transport): return transport.descriptor
        case .corosync(let transport): return transport.descriptor
        case .callbacks(let transport): return transport.descriptor
        }
    }

    /// What to watch for, in the bits of poll and epoll (1 readable, 4 writable); 0: do not watch at all.
    public var wantedEvents: UInt32 {
        switch self {
        case .local(let transport): return transport.wantedEvents
        case .corosync(let transport): return transport.wantedEvents
        case .callbacks(let transport): return transport.wantedEvents
        }
    }

    /// When `process` must be called at the latest, whatever the descriptor says; nil: no such time.
    public var deadline: UInt64? {
        switch self {
        case .local: return nil
        case .corosync(let transport): return transport.deadline
        case .callbacks(let transport): return transport.deadline
        }
    }

    /// Bytes that wait to be sent.
    public var queuedBytes: Int {
        switch self {
        case .local(let transport): return transport.queuedBytes
        case .corosync(let transport): return transport.queuedBytes
        case .callbacks: return 0
        }
    }

    /// Bytes of the largest message; 0 while not a member.
    public var payloadLimit: Int {
        switch self {
        case .local(let transport): return transport.payloadLimit
        case .corosync(let transport): return transport.payloadLimit
        case .callbacks(let transport): return transport.payloadLimit
        }
    }

    /// While set, nothing is read: the transport keeps it, and holds the group's senders back when that becomes too
    /// much.
    public var isReadingPaused: Bool {
        get {
            switch self {
            case .local(let transport): return transport.isReadingPaused
            case .corosync(let transport): return transport.isReadingPaused
            case .callbacks(let transport): return transport.isReadingPaused
            }
        }
        nonmutating set {
            switch self {
            case .local(let transport): transport.isReadingPaused = newValue
            case .corosync(let transport): transport.isReadingPaused = newValue
            case .callbacks(let transport): transport.isReadingPaused = newValue
            }
        }
    }

    /// Whether a message of `byteCount` bytes would be taken now.
    public func canSend(byteCount: Int) -> Bool {
        switch self {
        case .local(let transport): return transport.canSend(byteCount: byteCount)
        case .corosync(let transport): return transport.canSend(byteCount: byteCount)
        case .callbacks(let transport): return transport.canSend(byteCount: byteCount)
        }
    }

    /// Reads and writes what is possible now. What comes of it is told by `nextEvent`.
    public func process(now: UInt64) {
        switch self {
        case .local(let transport): transport.process()
        case .corosync(let transport): transport.process(now: now)
        case .callbacks(let transport): transport.process(now: now)
        }
    }

    /// Whether the connection comes back by itself when what carries it is there again, so that joining again is worth
    /// waiting for: a cluster's daemon is restarted by its machine.
    public var isRestored: Bool {
        switch self {
        case .local, .callbacks: return false
        case .corosync: return true
        }
    }

    /// Writes what is possible now, and reads nothing: for a caller that has just sent and is not ready for events.
    public func writeQueued() {
        switch self {
        case .local(let transport): transport.writeQueued()
        case .corosync(let transport): transport.writeQueued()
        case .callbacks: break
        }
    }

    /// The next event, or nil when there is none for now. After `lost` there is never another one.
    public func nextEvent() -> TransportEvent? {
        switch self {
        case .local(let transport): return transport.nextEvent()
        case .corosync(let transport): return transport.nextEvent()
        case .callbacks(let transport): return transport.nextEvent()
        }
    }

    /// Sends to every member of the group, this one included.
    public func multicast(_ payload: ArraySlice<UInt8>) -> TransportSend {
        switch self {
        case .local(let transport): return transport.multicast(payload)
        case .corosync(let transport): return transport.multicast(payload)
        case .callbacks(let transport): return transport.multicast(payload)
        }
    }

    /// Sends to one member (itself is possible), at a place in the order of the whole group. To one that has left,
    /// nothing is delivered.
    public func unicast(_ payload: ArraySlice<UInt8>, to connection: UInt64) -> TransportSend {
        switch self {
        case .local(let transport): return transport.unicast(payload, to: connection)
        case .corosync(let transport): return transport.unicast(payload, to: connection)
        case .callbacks(let transport): return transport.unicast(payload, to: connection)
        }
    }

    /// Leaves the group after everything sent so far. Go on processing until `lost(.detached)`: then all of it was
    /// ordered.
    public func detach() {
        switch self {
        case .local(let transport): transport.detach()
        case .corosync(let transport): transport.detach()
        case .callbacks(let transport): transport.detach()
        }
    }

    /// Ends the connection at once. Nothing comes and nothing goes any more.
    public func close() {
        switch self {
        case .local(let transport): transport.close()
        case .corosync(let transport): transport.close()
        case .callbacks(let transport): transport.close()
        }
    }
}

/// Where a transport comes from.
public enum TransportSource {
    case address(TransportAddress)
    /// An engine that the program brings.
    case engine(OwnEngine)
}
