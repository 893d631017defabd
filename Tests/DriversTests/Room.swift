import CPlatform
import Drivers
import LocalHub
import Primitives
import Testing

/// A member: its transport and everything that it was told.
final class Member {
    var transport: LocalTransport
    var events: [TransportEvent] = []
    /// While set, the member neither reads nor writes.
    var isStuck = false

    init(_ path: String, _ group: String = "g", queueLimit: Int = 4 * 1024 * 1024) throws {
        transport = try LocalTransport.open(path: Array(path.utf8), group: Array(group.utf8), queueLimit: queueLimit)
    }

    func process() {
        guard !isStuck else { return }
        transport.process()
        while let event = transport.nextEvent() { events.append(event) }
    }

    // Detours, because #expect cannot look into a noncopyable value.
    func multicast(_ payload: [UInt8]) -> TransportSend { transport.multicast(payload[...]) }
    func unicast(_ payload: [UInt8], to connection: UInt64) -> TransportSend {
        transport.unicast(payload[...], to: connection)
    }
    func canSend(_ byteCount: Int) -> Bool { transport.canSend(byteCount: byteCount) }
    var wantedEvents: UInt32 { transport.wantedEvents }
    var queuedBytes: Int { transport.queuedBytes }
    var payloadLimit: Int { transport.payloadLimit }

    var connection: UInt64? {
        for case .attached(let connection) in events { return connection }
        return nil
    }

    var lastMembers: [UInt64] {
        for case .configuration(_, let members, _) in events.reversed() { return members }
        return []
    }

    var messages: [[UInt8]] {
        events.compactMap { event in
            if case .message(_, let bytes) = event { return [UInt8](bytes) }
            return nil
        }
    }

    var loss: TransportError? {
        if case .lost(let error) = events.last { return error }
        return nil
    }
}

/// A directory of its own with a hub in it, and members, all driven by poll on one thread.
final class Room {
    let directory: String
    let path: String
    private(set) var server: HubServer?
    var members: [Member] = []

    init(limits: HubLimits? = nil) throws {
        var template = Array("/tmp/conclave-hub-XXXXXX".utf8CString)
        let made = template.withUnsafeMutableBufferPointer { mkdtemp($0.baseAddress!) != nil }
        try #require(made)
        directory = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        path = directory + "/hub"
        try start(limits: limits)
    }

    deinit {
        members = []
        stop()
        unlink(path)
        rmdir(directory)
    }

    func start(limits: HubLimits? = nil) throws {
        server = try HubServer.open(
            .path(Array(path.utf8)), limits: try limits ?? HubLimits(), entropy: Entropy.system())
    }

    func stop() { server = nil }

    func processServer(now: UInt64 = conclave_monotonic_milliseconds()) { server?.process(now: now) }

    var counters: HubCounters? { server?.counters }

    /// Drives hub and members until the condition holds; false when ten seconds were not enough.
    func drive(seconds: UInt64 = 10, until condition: () -> Bool) -> Bool {
        let end = conclave_monotonic_milliseconds() + seconds * 1000
        while !condition() {
            if conclave_monotonic_milliseconds() > end { return false }
            wait(milliseconds: 10)
            processServer()
            for member in members { member.process() }
        }
        return true
    }

    private func wait(milliseconds: Int32) {
        var waits: [pollfd] = []
        if let descriptor = server?.descriptor { waits.append(pollfd(fd: descriptor, events: 1, revents: 0)) }
        for member in members where !member.isStuck && member.transport.wantedEvents != 0 {
            let events = Int16(member.transport.wantedEvents)
            waits.append(pollfd(fd: member.transport.descriptor, events: events, revents: 0))
        }
        _ = poll(&waits, UInt(waits.count), milliseconds)
    }

    /// Adds members and drives until each knows all of them.
    @discardableResult
    func join(_ count: Int, _ group: String = "g") throws -> [Member] {
        var added: [Member] = []
        for _ in 0..<count {
            let member = try Member(path, group)
            members.append(member)
            added.append(member)
            #expect(drive { member.connection.map { member.lastMembers.contains($0) } ?? false })
        }
        return added
    }
}
