internal import Primitives

/// The local hub without its sockets: puts what the members of each group send into one total order.
///
/// Events go in as method calls, actions come out as values, time is an argument (milliseconds of a clock that never
/// goes back). One connection is one member of one group. Each connection goes this way:
///
///                          Attach                           Detach, gone, refused
///     connected ──▶ AWAITING_ATTACH ──────────▶ MEMBER ──────────────────────────▶ forgotten
///                          │                                                          ▲
///                          └──────────── gone, refused, attachTimeout ────────────────┘
///
/// What it guarantees (extended virtual synchrony on a network that never partitions): all members of a group get the
/// same messages and configurations in the same order, each its own messages too; a unicast has its place in that order
/// and reaches its destination alone; who leaves, dies or is refused gives the others a configuration without it; and
/// nobody gets anything after its own departure.
///
/// Back-pressure: while more than `queueHighWater` bytes wait for a member, no further frame of its group is sequenced,
/// and whoever sends one is paused; its bytes stay where they are. So a queue holds at most the high-water mark, one
/// message and the configurations of members that leave meanwhile.
public struct HubSequencer: ~Copyable {
    private struct AwaitingAttach {
        let deadline: UInt64
    }

    private struct Member {
        let group: Group
        let id: UInt64
    }

    private enum State {
        case awaitingAttach(AwaitingAttach)
        case member(Member)
    }

    /// A member's queue is above the high-water mark and has not yet come down to the low one.
    private struct Congestion {
        let since: UInt64
        var lastProgress: UInt64
    }

    private final class Client {
        let connection: HubConnection
        var state: State
        var input = HubFrameBuffer()
        var queued = 0
        var congestion: Congestion? = nil
        /// The group whose congestion keeps the first frame of the input from being sequenced.
        var blockedOn: Group? = nil
        var isPaused = false
        var isOutputLost = false

        init(_ connection: HubConnection, deadline: UInt64) {
            self.connection = connection
            state = .awaitingAttach(AwaitingAttach(deadline: deadline))
        }
    }

    private final class Group {
        let name: [UInt8]
        /// In order of attachment; slots rather than clients, so that no cycle of references arises.
        var memberSlots: [Int] = []
        var memberIDs: [UInt64] = []
        var congestedMembers = 0
        /// Who waits for the congestion to end, first come first served, so that nobody is passed over.
        var blockedSlots: [Int] = []

        init(name: [UInt8]) { self.name = name }
    }

    private let limits: HubLimits
    private let idBase: UInt64
    private var idCounter: UInt64 = 0
    private var configurationCounter: UInt64 = 0
    private var clients: [Client?] = []
    private var groups: [Group] = [] {
        didSet { counters.groups = UInt64(groups.count) }
    }
    /// Groups whose congestion ended during the current event.
    private var released: [Group] = []
    /// No timer ends before this; it may be too early, never too late.
    private var earliestTimer: UInt64? = nil

    /// - Parameter seed: random for each start of a hub: 31 of its bits are the high half of the connection ids, so
    ///   that a restarted hub does not repeat them. (The top bit stays clear: ids always ascend and never wrap.)
    public init(limits: HubLimits, seed: UInt32) {
        self.limits = limits
        idBase = UInt64(seed & 0x7fff_ffff) << 32
    }

    /// When `timePassed` must be called at the latest, or nil while nothing is timed.
    public var deadline: UInt64? { earliestTimer }

    /// What the hub has seen so far.
    public private(set) var counters = HubCounters()

    // MARK: - Events

    /// A client has connected. One over the limit is refused at once.
    public mutating func connected(_ connection: HubConnection, now: UInt64) -> [HubAction] {
        guard client(connection) == nil else { return [.ignored(connection, reason: .alreadyConnected)] }
        guard counters.clients < UInt64(limits.clients), (0...limits.clients).contains(connection.slot) else {
            counters.droppedClients &+= 1
            return [
                .send(connection, bytes: HubRefused(reason: .tooManyClients).write()),
                .close(connection, reason: .refused(.tooManyClients)),
            ]
        }
        while clients.count <= connection.slot { clients.append(nil) }
        let deadline = later(now, limits.attachTimeout)
        clients[connection.slot] = Client(connection, deadline: deadline)
        counters.clients += 1
        startTimer(deadline)
        return []
    }

    /// A client has sent bytes.
    public mutating func received(
        _ connection: HubConnection, _ bytes: ArraySlice<UInt8>, now: UInt64
    ) -> [HubAction] {
        guard let client = client(connection) else { return [.ignored(connection, reason: .unknownConnection)] }
        var actions: [HubAction] = []
        client.input.append(bytes)
        if client.blockedOn == nil { sequence(client, now, &actions) }
        settle(now, &actions)
        return actions
    }

    /// The system has taken `byteCount` bytes of what was sent to a client.
    public mutating func drained(_ connection: HubConnection, byteCount: Int, now: UInt64) -> [HubAction] {
        guard let client = client(connection) else { return [.ignored(connection, reason: .unknownConnection)] }
        guard byteCount > 0 else { return [] }
        var actions: [HubAction] = []
        client.queued = max(client.queued - byteCount, 0)
        client.congestion?.lastProgress = now
        if client.queued <= limits.queueLowWater { endCongestion(client) }
        settle(now, &actions)
        return actions
    }

    /// Nothing can be written to a client any more, while what it sent before may still be read. What waits for it no
    /// longer counts, and nothing more is sent to it.
    public mutating func outputLost(_ connection: HubConnection, now: UInt64) -> [HubAction] {
        guard let client = client(connection) else { return [.ignored(connection, reason: .unknownConnection)] }
        var actions: [HubAction] = []
        client.isOutputLost = true
        client.queued = 0
        endCongestion(client)
        settle(now, &actions)
        return actions
    }

    /// A client's stream has ended: it departs, and the connection is free again.
    public mutating func gone(_ connection: HubConnection, now: UInt64) -> [HubAction] {
        guard let client = client(connection) else { return [.ignored(connection, reason: .unknownConnection)] }
        var actions: [HubAction] = []
        forget(client, now, &actions)
        settle(now, &actions)
        return actions
    }

    /// Time has passed: who did not attach, or does not read, is refused.
    public mutating func timePassed(now: UInt64) -> [HubAction] {
        guard let earliest = earliestTimer, now >= earliest else { return [] }
        var actions: [HubAction] = []
        for slot in clients.indices {
            guard let client = clients[slot], let timer = timer(of: client), now >= timer else { continue }
            switch client.state {
            case .awaitingAttach: refuse(client, .attachTimeout, now, &actions)
            case .member: refuse(client, .stuck, now, &actions)
            }
        }
        earliestTimer = nil
        for slot in clients.indices {
            if let client = clients[slot], let timer = timer(of: client) { startTimer(timer) }
        }
        settle(now, &actions)
        return actions
    }

    // MARK: - Sequencing

    /// Takes frames from a client's input until it is empty, the group is congested or the client has departed.
    private mutating func sequence(_ client: Client, _ now: UInt64, _ actions: inout [HubAction]) {
        while isKnown(client) {
            let frame: ArraySlice<UInt8>
            do throws(HubStreamError) {
                guard let next = try client.input.peek(limit: limits.frameBytes) else { return }
                frame = next
            } catch {
                switch error {
                case .frameTooLarge: refuse(client, .frameTooLarge, now, &actions)
                case .frameEmpty: refuse(client, .malformedFrame, now, &actions)
                }
                return
            }
            switch client.state {
            case .awaitingAttach: attach(client, frame, now, &actions)
            case .member(let member): accept(client, member, frame, now, &actions)
            }
            if client.blockedOn != nil { return }
            client.input.consume(frame.count)
        }
    }

    private mutating func attach(
        _ client: Client, _ frame: ArraySlice<UInt8>, _ now: UInt64, _ actions: inout [HubAction]
    ) {
        guard let attach = try? HubAttach.read(frame) else {
            return refuse(client, .malformedFrame, now, &actions)
        }
        guard attach.version == HubWire.version else {
            return refuse(client, .unsupportedVersion, now, &actions)
        }
        let group: Group
        if let existing = groups.first(where: { $0.name == attach.group }) {
            group = existing
        } else if groups.count < limits.groups {
            group = Group(name: attach.group)
            groups.append(group)
        } else {
            return refuse(client, .tooManyGroups, now, &actions)
        }
        guard group.congestedMembers == 0 else { return block(client, on: group, &actions) }
        join(client, group, now, &actions)
    }

    private mutating func join(_ client: Client, _ group: Group, _ now: UInt64, _ actions: inout [HubAction]) {
        idCounter &+= 1
        let id = idBase &+ idCounter
        client.state = .member(Member(group: group, id: id))
        guard let attached = try? HubAttached(connection: id, frameLimit: limits.frameBytes) else {
            return refuse(client, .tooManyClients, now, &actions)
        }
        enqueue(attached.write(), to: client, now, &actions)
        let continuing = group.memberIDs
        let continuingSlots = group.memberSlots
        group.memberIDs.append(id)
        group.memberSlots.append(client.connection.slot)
        configurationCounter &+= 1
        configure(group, continuingSlots, transitional: continuing, now, &actions)
        configure(group, [client.connection.slot], transitional: [id], now, &actions)
    }

    private mutating func accept(
        _ client: Client, _ member: Member, _ frame: ArraySlice<UInt8>, _ now: UInt64, _ actions: inout [HubAction]
    ) {
        guard member.group.congestedMembers == 0 else { return block(client, on: member.group, &actions) }
        do throws(CodecError) {
            switch try HubClientFrame.read(frame) {
            case .attach:
                refuse(client, .malformedFrame, now, &actions)
            case .multicast(let multicast):
                let message = try HubMessage(
                    sender: member.id, destination: HubWire.everybody, payload: multicast.payload)
                deliver(message, to: member.group.memberSlots, now, &actions)
            case .unicast(let unicast):
                guard let index = member.group.memberIDs.firstIndex(of: unicast.destination) else {
                    let reason = HubIgnoreReason.destinationGone(unicast.destination)
                    return actions.append(.ignored(client.connection, reason: reason))
                }
                let message = try HubMessage(
                    sender: member.id, destination: unicast.destination, payload: unicast.payload)
                deliver(message, to: [member.group.memberSlots[index]], now, &actions)
            case .detach:
                actions.append(.close(client.connection, reason: .detached))
                forget(client, now, &actions)
            }
        } catch {
            refuse(client, .malformedFrame, now, &actions)
        }
    }

    // MARK: - Delivery

    private mutating func deliver(
        _ message: HubMessage, to slots: [Int], _ now: UInt64, _ actions: inout [HubAction]
    ) {
        counters.messages &+= 1
        counters.messageBytes &+= UInt64(message.payload.count)
        let bytes = message.write()
        for slot in slots {
            if let receiver = clients[slot] { enqueue(bytes, to: receiver, now, &actions) }
        }
    }

    private mutating func configure(
        _ group: Group, _ slots: [Int], transitional: [UInt64], _ now: UInt64, _ actions: inout [HubAction]
    ) {
        guard !slots.isEmpty else { return }
        do throws(CodecError) {
            let configuration = try HubConfiguration(
                id: configurationCounter, members: group.memberIDs, transitional: transitional)
            let bytes = configuration.write()
            for slot in slots {
                if let receiver = clients[slot] { enqueue(bytes, to: receiver, now, &actions) }
            }
        } catch {
            // The limit of clients is below that of members, and ids are handed out ascending.
            preconditionFailure("a group's own list of members makes no configuration")
        }
    }

    private mutating func enqueue(
        _ bytes: [UInt8], to client: Client, _ now: UInt64, _ actions: inout [HubAction]
    ) {
        guard !client.isOutputLost else { return }
        client.queued += bytes.count
        actions.append(.send(client.connection, bytes: bytes))
        guard client.queued > limits.queueHighWater, client.congestion == nil else { return }
        guard case .member(let member) = client.state else { return }
        client.congestion = Congestion(since: now, lastProgress: now)
        member.group.congestedMembers += 1
        startTimer(later(now, min(limits.stuckTimeout, limits.congestionTimeout)))
    }

    // MARK: - Back-pressure

    private mutating func block(_ client: Client, on group: Group, _ actions: inout [HubAction]) {
        client.blockedOn = group
        group.blockedSlots.append(client.connection.slot)
        guard !client.isPaused else { return }
        client.isPaused = true
        actions.append(.pauseReading(client.connection))
    }

    private mutating func endCongestion(_ client: Client) {
        guard client.congestion != nil, case .member(let member) = client.state else { return }
        client.congestion = nil
        member.group.congestedMembers -= 1
        if member.group.congestedMembers == 0 { released.append(member.group) }
    }

    /// Last step of each event: goes on with the input of those whose group is no longer congested. Done here and not
    /// where the congestion ends, so that no frame is sequenced in the middle of another event.
    private mutating func settle(_ now: UInt64, _ actions: inout [HubAction]) {
        while let group = released.popLast() {
            while group.congestedMembers == 0, !group.blockedSlots.isEmpty {
                let slot = group.blockedSlots.removeFirst()
                guard let client = clients[slot] else { continue }
                client.blockedOn = nil
                sequence(client, now, &actions)
                guard isKnown(client), client.blockedOn == nil else { continue }
                client.isPaused = false
                actions.append(.resumeReading(client.connection))
            }
        }
    }

    // MARK: - Departure

    private mutating func refuse(
        _ client: Client, _ reason: HubRefusal, _ now: UInt64, _ actions: inout [HubAction]
    ) {
        counters.droppedClients &+= 1
        if !client.isOutputLost {
            actions.append(.send(client.connection, bytes: HubRefused(reason: reason).write()))
        }
        actions.append(.close(client.connection, reason: .refused(reason)))
        forget(client, now, &actions)
    }

    private mutating func forget(_ client: Client, _ now: UInt64, _ actions: inout [HubAction]) {
        let slot = client.connection.slot
        client.blockedOn?.blockedSlots.removeAll { $0 == slot }
        client.blockedOn = nil
        endCongestion(client)
        clients[slot] = nil
        counters.clients -= 1
        guard case .member(let member) = client.state else { return }
        let group = member.group
        guard let index = group.memberSlots.firstIndex(of: slot) else { return }
        group.memberSlots.remove(at: index)
        group.memberIDs.remove(at: index)
        if group.memberSlots.isEmpty {
            groups.removeAll { $0 === group }
        } else {
            configurationCounter &+= 1
            configure(group, group.memberSlots, transitional: group.memberIDs, now, &actions)
        }
    }

    // MARK: - Queries

    private func client(_ connection: HubConnection) -> Client? {
        clients.indices.contains(connection.slot) ? clients[connection.slot] : nil
    }

    private func isKnown(_ client: Client) -> Bool { clients[client.connection.slot] === client }

    /// When this client is to be refused, or nil.
    private func timer(of client: Client) -> UInt64? {
        switch client.state {
        case .awaitingAttach(let waiting):
            // Who has asked and is held back by others is not at fault.
            return client.blockedOn == nil ? waiting.deadline : nil
        case .member:
            guard let congestion = client.congestion else { return nil }
            return min(
                later(congestion.lastProgress, limits.stuckTimeout),
                later(congestion.since, limits.congestionTimeout))
        }
    }

    private mutating func startTimer(_ time: UInt64) {
        earliestTimer = min(earliestTimer ?? time, time)
    }

    private func later(_ time: UInt64, _ duration: UInt64) -> UInt64 {
        let (sum, overflow) = time.addingReportingOverflow(duration)
        return overflow ? .max : sum
    }
}
