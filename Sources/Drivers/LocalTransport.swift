internal import CPlatform
internal import LocalHub
internal import Primitives

/// One member's connection to a local hub.
///
/// The surface is what every kind of transport offers (`Transport`): a descriptor with the events of interest,
/// `process`, `nextEvent`, two ways to send and a pause. Nothing blocks. The owner's loop:
///
/// 1. wait for `wantedEvents` on `descriptor`; when they are 0, do not watch it (a hang-up is reported even unwanted);
/// 2. call `process`, which reads and writes what is possible;
/// 3. take events until `nextEvent` gives nil. What has been read and not taken stays here, at most about half a MiB,
///    and then nothing more is read: an owner that is busy just stops taking, or sets `isReadingPaused`.
///
/// The hub holds back a group whose member does not read, and after some seconds disconnects that member; so a pause is
/// for moments, not for ever.
public final class LocalTransport {
    private enum State {
        /// Attach is queued or sent.
        case attaching
        case member(payloadLimit: Int)
        /// Detach is queued or sent; the hub ends the connection after everything before it.
        case detaching
        /// `lost` was given out.
        case ended
    }

    private static let receiveSize = 64 * 1024
    private static let inputLimit = 256 * 1024

    private let socket: Descriptor
    private let queueLimit: Int
    private var state = State.attaching
    private var output = OutputQueue()
    private var isOutputLost = false
    private var input = HubFrameBuffer()
    private var buffer = [UInt8](repeating: 0, count: LocalTransport.receiveSize)
    /// Set when the stream has ended; `lost` follows after the last frame.
    private var end: TransportError? = nil
    /// While set, nothing is read: the hub keeps it, and holds the group's senders back when that becomes too much.
    public var isReadingPaused = false

    private init(_ socket: consuming Descriptor, queueLimit: Int) {
        self.socket = socket
        self.queueLimit = queueLimit
    }

    /// Connects to the hub at `path` and asks to become a member of `group` (1 to 128 bytes of UTF-8); the answer comes
    /// as an event. At most `queueLimit` bytes wait to be sent, or one message if it is larger.
    /// Errors: badAddress, badGroupName, unreachable, system.
    public static func open(
        path: [UInt8], group: [UInt8], queueLimit: Int = 4 * 1024 * 1024
    ) throws(TransportError) -> LocalTransport {
        guard TransportAddress.isUsable(localPath: path), var address = localAddress(path) else {
            throw .badAddress
        }
        guard let attach = try? HubAttach(group: group) else { throw .badGroupName }
        guard let socket = Descriptor(taking: conclave_local_socket()) else {
            throw .system(errno: conclave_errno())
        }
        while unsafe conclave_connect_local(socket.number, &address) != 0 {
            let error = conclave_errno()
            guard error == EINTR else { throw .unreachable(errno: error) }
        }
        let transport = LocalTransport(socket, queueLimit: queueLimit)
        transport.output.append(attach.write())
        return transport
    }

    /// The descriptor to watch. It belongs to the transport.
    public var descriptor: Int32 { socket.number }

    /// What to watch for, in the bits of poll and epoll (1 readable, 4 writable); 0: do not watch at all.
    public var wantedEvents: UInt32 {
        var events: UInt32 = 0
        if canRead { events |= Readiness.readable }
        if !isOutputLost, output.byteCount > 0 { events |= Readiness.writable }
        return events
    }

    /// Bytes that wait to be sent.
    public var queuedBytes: Int { output.byteCount }

    /// Bytes of the largest message; 0 while not a member.
    public var payloadLimit: Int {
        switch state {
        case .member(let limit): return limit
        case .attaching, .detaching, .ended: return 0
        }
    }

    /// Whether a message of `byteCount` bytes would be taken now.
    public func canSend(byteCount: Int) -> Bool { admission(byteCount) == .queued }

    /// Reads and writes what is possible now, without blocking. What comes of it is told by `nextEvent`.
    public func process() {
        writeQueued()
        while canRead {
            switch receive(from: socket.number, into: &buffer) {
            case .bytes(let count): input.append(buffer[0..<count])
            case .nothing: return
            case .ended(let error): end = endReason(errno: error)
            }
        }
    }

    /// Writes what is possible now, and reads nothing: for a caller that has just sent and is not ready for events.
    public func writeQueued() {
        guard !isOutputLost, output.byteCount > 0 else { return }
        if case .failed = output.write(to: socket.number).outcome {
            // The hub has closed; its last words may still be there to be read.
            isOutputLost = true
            output.removeAll()
        }
    }

    /// Ends the connection at once. Nothing comes and nothing goes any more; the descriptor stays open, and closed for
    /// the hub, until the transport is freed.
    public func close() {
        state = .ended
        isOutputLost = true
        output.removeAll()
        _ = shutdown(socket.number, Int32(SHUT_RDWR))
    }

    /// The next event, or nil when there is none for now. After `lost` there is never another one.
    public func nextEvent() -> TransportEvent? {
        if case .ended = state { return nil }
        do throws(HubStreamError) {
            guard let frame = try input.peek(limit: HubWire.frameLimit) else {
                return end.map { lose($0) } ?? nil
            }
            let event = self.event(of: frame)
            input.consume(frame.count)
            return event
        } catch {
            return lose(.protocolViolation)
        }
    }

    /// Sends to every member of the group, this one included. The bytes go out with the next `process`.
    public func multicast(_ payload: ArraySlice<UInt8>) -> TransportSend {
        let admission = admission(payload.count)
        guard admission == .queued else { return admission }
        guard let frame = try? HubMulticast(payload: payload) else { return .tooLarge }
        output.append(frame.write())
        return .queued
    }

    /// Sends to one member (itself is possible), at a place in the order of the whole group. To one that has left,
    /// nothing is delivered; the configuration that says so comes by itself.
    public func unicast(_ payload: ArraySlice<UInt8>, to connection: UInt64) -> TransportSend {
        guard connection != HubWire.everybody else { return .noDestination }
        let admission = admission(payload.count)
        guard admission == .queued else { return admission }
        guard let frame = try? HubUnicast(destination: connection, payload: payload) else { return .tooLarge }
        output.append(frame.write())
        return .queued
    }

    /// Leaves the group after everything sent so far. Go on processing until `lost(.detached)`: then all of it was
    /// ordered.
    public func detach() {
        switch state {
        case .attaching, .member:
            state = .detaching
            output.append(HubDetach().write())
        case .detaching, .ended:
            break
        }
    }

    // MARK: - Inside

    private var canRead: Bool { !isReadingPaused && end == nil && input.byteCount < Self.inputLimit }

    private func admission(_ byteCount: Int) -> TransportSend {
        guard case .member(let limit) = state, end == nil, !isOutputLost else { return .notAttached }
        guard byteCount <= limit else { return .tooLarge }
        let needed = byteCount + HubWire.messageOverhead
        return output.byteCount == 0 || needed <= queueLimit - output.byteCount ? .queued : .queueFull
    }

    private func endReason(errno error: Int32) -> TransportError {
        if case .detaching = state { return .detached }
        return .lost(errno: error)
    }

    private func event(of frame: ArraySlice<UInt8>) -> TransportEvent {
        guard let read = try? HubServerFrame.read(frame) else { return lose(.protocolViolation) }
        switch read {
        case .attached(let attached):
            switch state {
            case .attaching:
                state = .member(payloadLimit: attached.frameLimit - HubWire.messageOverhead)
            case .detaching:
                break
            case .member, .ended:
                return lose(.protocolViolation)
            }
            return .attached(connection: attached.connection)
        case .configuration(let configuration):
            if case .attaching = state { return lose(.protocolViolation) }
            return .configuration(
                id: configuration.id, members: configuration.members, transitional: configuration.transitional)
        case .message(let message):
            if case .attaching = state { return lose(.protocolViolation) }
            return .message(sender: message.sender, bytes: [UInt8](copying: message.payload)[...])
        case .refused(let refused):
            return lose(.refused(refused.reason))
        }
    }

    private func lose(_ error: TransportError) -> TransportEvent {
        state = .ended
        end = error
        output.removeAll()
        isOutputLost = true
        return .lost(error)
    }
}
