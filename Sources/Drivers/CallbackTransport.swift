internal import Primitives

/// One member's connection through an engine that the program brings (`OwnEngine`).
///
/// Every message carries, before its payload, the connection that it is for in eight bytes, 0 for all. So a unicast is
/// the same on the wire whether the engine has one or a multicast stands in for it, and members with the one and the
/// other understand each other. What the engine tells is checked: one that breaks the contract ends with `unfit` and
/// never reaches the layers above.
public final class CallbackTransport {
    private enum State {
        case attaching
        case attached(UInt64)
        /// In a configuration.
        case member(UInt64, configuration: UInt64, members: [UInt64])
        case ended
    }

    /// Bytes before each payload.
    public static let headerSize = 8
    /// Milliseconds after which an engine that had no room is asked again, should it not tell by its descriptor.
    private static let retryPause: UInt64 = 5

    private let engine: OwnEngineMember
    private let engineLimit: Int
    private var state = State.attaching
    private var isDetaching = false
    private var isReleased = false
    /// Set when the engine failed while sending; `lost` follows when events are next asked for.
    private var end: TransportError? = nil
    /// Whether the engine had no room when it was last given something.
    private var isFull = false
    private var lastProcess: UInt64 = 0
    /// While set, the engine is not asked for events.
    public var isReadingPaused = false

    private init(_ engine: OwnEngineMember, limit: Int) {
        self.engine = engine
        engineLimit = min(limit, TransportLimits.largestPayload + Self.headerSize)
    }

    deinit { if !isReleased { engine.release() } }

    /// Asks the engine for a membership in `group` (1 to 128 bytes of UTF-8).
    public static func open(_ engine: OwnEngine, group: [UInt8]) throws(TransportError) -> CallbackTransport {
        guard isUsable(groupName: group) else { throw .badGroupName }
        guard engine.payloadLimit >= TransportLimits.leastPayload + headerSize else {
            throw .unfit("its payload limit is below what a group needs")
        }
        switch engine.join(group) {
        case .success(let member): return CallbackTransport(member, limit: engine.payloadLimit)
        case .failure(let error): throw error
        }
    }

    public var descriptor: Int32 { engine.descriptor }

    public var wantedEvents: UInt32 {
        switch state {
        case .ended: return 0
        case .attaching, .attached, .member: return isReadingPaused ? 0 : Readiness.readable
        }
    }

    public var deadline: UInt64? {
        switch state {
        case .ended: return nil
        case .attaching, .attached, .member:
            if end != nil { return 0 }
            return isFull ? lastProcess &+ Self.retryPause : nil
        }
    }

    public var payloadLimit: Int {
        switch state {
        case .attached, .member: return isDetaching ? 0 : engineLimit - Self.headerSize
        case .attaching, .ended: return 0
        }
    }

    public func canSend(byteCount: Int) -> Bool {
        !isFull && end == nil && payloadLimit > 0 && byteCount <= payloadLimit
    }

    /// Notes the time, and that an engine which had no room may have some again.
    public func process(now: UInt64) {
        lastProcess = now
        isFull = false
    }

    public func nextEvent() -> TransportEvent? {
        while true {
            if case .ended = state { return nil }
            if let end { return lose(end) }
            guard !isReadingPaused, let event = engine.nextEvent() else { return nil }
            do throws(TransportError) {
                if let event = try accept(event) { return event }
            } catch {
                return lose(error)
            }
        }
    }

    public func multicast(_ payload: ArraySlice<UInt8>) -> TransportSend { send(payload, to: nil) }

    public func unicast(_ payload: ArraySlice<UInt8>, to connection: UInt64) -> TransportSend {
        connection == 0 ? .noDestination : send(payload, to: connection)
    }

    public func detach() {
        switch state {
        case .attaching, .attached, .member:
            guard !isDetaching else { return }
            isDetaching = true
            if let error = engine.leave() { end = error }
        case .ended: break
        }
    }

    public func close() {
        state = .ended
        guard !isReleased else { return }
        isReleased = true
        engine.release()
    }

    // MARK: - Inside

    private func send(_ payload: ArraySlice<UInt8>, to connection: UInt64?) -> TransportSend {
        guard payloadLimit > 0, end == nil else { return .notAttached }
        guard payload.count <= payloadLimit else { return .tooLarge }
        var writer = ByteWriter(capacity: Self.headerSize + payload.count)
        writer.writeUInt64(connection ?? 0)
        writer.writeRaw(payload)
        let outcome: OwnEngineSend
        if let connection, let unicast = engine.unicast {
            outcome = unicast(writer.bytes, connection)
        } else {
            outcome = engine.multicast(writer.bytes)
        }
        switch outcome {
        case .taken: return .queued
        case .tooLarge:
            end = .unfit("it refuses a message within its own payload limit")
            return .notAttached
        case .full:
            isFull = true
            return .queueFull
        case .failed(let error):
            end = error
            return .notAttached
        }
    }

    /// An event as the layers above get it; nil for what is not for this member.
    private func accept(_ event: TransportEvent) throws(TransportError) -> TransportEvent? {
        switch event {
        case .attached(let connection):
            switch state {
            case .attaching: state = .attached(connection)
            case .attached, .member, .ended: throw .unfit("it attached this member twice")
            }
            guard connection != 0 else { throw .unfit("a member's connection is 0") }
            return event
        case .configuration(let id, let members, let transitional):
            return try acceptConfiguration(id, members, transitional)
        case .message(let sender, let bytes): return try acceptMessage(sender, bytes)
        case .lost(let error): return lose(error)
        }
    }

    private func acceptConfiguration(
        _ id: UInt64, _ members: [UInt64], _ transitional: [UInt64]
    ) throws(TransportError) -> TransportEvent {
        guard isAscending(members), isAscending(transitional) else {
            throw .unfit("the members of a configuration are not in ascending order")
        }
        let own: UInt64
        switch state {
        case .attaching, .ended: throw .unfit("a configuration came before the member was attached")
        case .attached(let connection):
            guard transitional == [connection] else {
                throw .unfit("a newcomer's first transitional set is not itself alone")
            }
            own = connection
        case .member(let connection, let previous, let known):
            guard id != previous else { throw .unfit("two configurations have one number") }
            guard isSubset(transitional, of: known) else {
                throw .unfit("a transitional member was not in the configuration before")
            }
            own = connection
        }
        guard members.contains(own), transitional.contains(own), isSubset(transitional, of: members) else {
            throw .unfit("a member is not in its own configuration, or a transitional member is not in it")
        }
        state = .member(own, configuration: id, members: members)
        return .configuration(id: id, members: members, transitional: transitional)
    }

    private func acceptMessage(
        _ sender: UInt64, _ bytes: ArraySlice<UInt8>
    ) throws(TransportError) -> TransportEvent? {
        var reader = ByteReader(bytes)
        // Bytes of strangers may come over any engine: they are no fault of its own.
        guard let destination = try? reader.readUInt64() else { return nil }
        switch state {
        case .attaching, .attached, .ended: throw .unfit("a message came before the first configuration")
        case .member(let own, _, let members):
            guard members.contains(sender) else {
                throw .unfit("a message came of somebody who is not in the configuration")
            }
            guard destination == 0 || destination == own else { return nil }
        }
        return .message(sender: sender, bytes: reader.readRest())
    }

    private func lose(_ error: TransportError) -> TransportEvent {
        close()
        return .lost(error)
    }

    private func isAscending(_ connections: [UInt64]) -> Bool {
        for index in connections.indices.dropFirst() where connections[index - 1] >= connections[index] {
            return false
        }
        return !connections.isEmpty
    }

    /// Both ascending, so that one walk decides.
    private func isSubset(_ some: [UInt64], of all: [UInt64]) -> Bool {
        var matched = 0
        for connection in all where matched < some.count && some[matched] == connection { matched += 1 }
        return matched == some.count
    }
}

/// What holds for every transport.
public enum TransportLimits {
    /// Bytes that the largest message of every transport has at least: a fragment of a message with all that is around
    /// it, and what a group of a hundred members says to agree on a key.
    public static let leastPayload = 65_536
    /// Bytes of which a message of a group is never larger: the key tree of a thousand members in the largest group of
    /// numbers has a little over 1 MB. Of an engine that carries more, no use is made.
    public static let largestPayload = 4 << 20
    /// Bytes of the longest group name.
    public static let groupName = 128
}

/// Whether bytes are a group's name: 1 to 128 bytes of UTF-8.
func isUsable(groupName: [UInt8]) -> Bool {
    (1...TransportLimits.groupName).contains(groupName.count) && String(validating: groupName, as: UTF8.self) != nil
}
