public import Primitives

/// What a member is told.
public enum ProcessGroupEvent: Equatable, Sendable {
    case attached
    case configuration(id: UInt64, members: [UInt64], transitional: [UInt64])
    case message(sender: UInt64, payload: ArraySlice<UInt8>)
    case ended(ProcessGroupEnd)
}

/// Why a member is told nothing more.
public enum ProcessGroupEnd: Equatable, Sendable {
    /// It has left; all that it sent was ordered.
    case left
    /// Something that this process sent was lost on its way.
    case lost
    /// This process was silent for so long that the others went on without it.
    case silent
}

/// What the machine asks for.
public enum ProcessGroupAction: Equatable, Sendable {
    /// Multicast this frame in the process group, in the order of the actions.
    case send([UInt8])
    case tell(member: UInt64, ProcessGroupEvent)
}

/// What one process knows of a closed process group, and how it makes of it what docs/transports.md promises: members
/// of its own, with numbers of their own, in configurations with transitional sets.
///
/// The group below gives all its processes one stream: membership changes, changes of the ring, and messages in agreed
/// order. Every decision here is a function of that stream, so that all processes take it at the same place of it.
///
/// ```
///                membership, ring, restart: a round begins
///   settled ──────────────────────────────────────────────► agreeing ◄─┐ membership, ring
///      ▲                                                       │       │
///      │                                                       └───────┘
///      └──── the last state (or exclusion) that was missing: a configuration is installed
/// ```
///
/// In a **round** every process says its state: which configuration it is in, what it had heard there as the round
/// began, and its members. Who was in the same configuration and heard the same goes on together; that is the
/// transitional set. So it does not matter what the membership below tells or forgets about who parted in between.
/// Messages that come during a round are delivered in the configuration before, to those who are in it and go on
/// together with their sender, as far as it has said its state.
public struct ProcessGroupMachine {
    private struct Peer {
        let address: ProcessAddress
        /// The number that its next frame must have; nil until its state was taken in a round.
        var expected: UInt64? = nil
        /// A frame of it is missing: what follows is ignored until its next state.
        var isBroken = false
        /// It said that it comes from another configuration, or had heard other things in this one. Until the next
        /// configuration its messages are for those that it comes with: here they would stand behind a gap.
        var isApart = false
    }

    private struct Member: Equatable {
        let connection: UInt64
        let process: ProcessAddress
    }

    private struct Heard {
        let process: ProcessAddress
        /// Stands for every frame of it in this configuration: a frame that was missed cannot be made good by a later
        /// one.
        var frames = Fingerprint()
    }

    private struct Installed {
        var id: UInt64
        /// Ascending by connection.
        var members: [Member]
        /// Of each process, those that have left included.
        var heard: [Heard]
    }

    private struct Said {
        let process: ProcessAddress
        let state: ProcessState
        /// Its members: those of its state, and what it said of them after that.
        var connections: [UInt64]
    }

    private struct Round {
        let id: UInt64
        /// What this process had heard as the round began.
        let heard: UInt64
        var said: [Said] = []
        var struck: [ProcessAddress] = []
        var deadline: UInt64? = nil
    }

    /// Where a process comes from, as it says in a round: whoever says the same goes on together.
    private struct Origin: Equatable {
        let configuration: UInt64
        let heard: UInt64

        init(configuration: UInt64, heard: UInt64) {
            self.configuration = configuration
            self.heard = heard
        }

        init(_ state: ProcessState) { self.init(configuration: state.configuration, heard: state.heard) }
    }

    private struct Local {
        let connection: UInt64
        /// The number of the frame that says that it leaves.
        var farewell: UInt64? = nil
        /// It was told so, which happens once.
        var isAttached = false
        var isLeaving: Bool { farewell != nil }
    }

    /// This process.
    public let own: ProcessAddress
    private let entropy: Entropy
    private let roundTimeout: UInt64
    private var ring: (node: UInt32, sequence: UInt64) = (0, 0)
    /// The processes of the group, ascending; without this one until the group below has taken it.
    private var peers: [Peer] = []
    private var installed: Installed? = nil
    private var round: Round? = nil
    private var needsState = false
    /// What this process has said of its state and not heard yet, in order.
    private var underWay: [(round: UInt64, origin: Origin, sequence: UInt64)] = []
    private var locals: [Local] = []
    private var nextSequence: UInt64 = 0
    /// Since when something of this process has been under way, without anything of it having come.
    private var underWaySince: UInt64? = nil
    /// Frames that no process of ours writes.
    public private(set) var malformedCount: UInt64 = 0

    /// - Parameters:
    ///   - own: this process, as the group below calls it.
    ///   - roundTimeout: milliseconds after which a round goes on without who is silent.
    public init(own: ProcessAddress, entropy: Entropy, roundTimeout: UInt64 = 3_000) {
        self.own = own
        self.entropy = entropy
        self.roundTimeout = roundTimeout
    }

    /// When `settle` must be called at the latest; nil: not before something happens.
    public var deadline: UInt64? {
        let lost = underWaySince.map { $0 &+ roundTimeout }
        guard let round = round?.deadline else { return lost }
        return min(round, lost ?? round)
    }

    /// Whether a member may send: it was told a configuration.
    public func isMember(_ connection: UInt64) -> Bool {
        installed?.members.contains(Member(connection: connection, process: own)) ?? false
    }

    // MARK: - Events of the group below

    /// Who is in the process group from here on. `left` are those who went, by themselves or with their node, also if
    /// they are back; whoever is new or back has yet to say its state.
    public mutating func membershipChanged(_ processes: [ProcessAddress], left: [ProcessAddress]) {
        var next: [Peer] = []
        for address in processes.sorted() {
            let known = left.contains(address) ? nil : peers.first { $0.address == address }
            next.append(known ?? Peer(address: address))
        }
        peers = next
        beginRound(nonce: 0)
    }

    /// The ring below has changed; the membership perhaps not.
    public mutating func ringChanged(node: UInt32, sequence: UInt64) {
        ring = (node, sequence)
        beginRound(nonce: 0)
    }

    /// A frame of a process, at its place in the order.
    public mutating func received(_ bytes: [UInt8], from address: ProcessAddress) -> [ProcessGroupAction] {
        guard let index = peers.firstIndex(where: { $0.address == address }) else { return [] }
        guard let (sequence, frame) = try? ProcessGroupFrame.read(bytes) else {
            malformedCount &+= 1
            return []
        }
        if address == own {
            underWaySince = nil
            underWay.removeAll { $0.sequence <= sequence }
        }
        var actions: [ProcessGroupAction] = []
        if case .state(let state) = frame, awaits(state, of: address) {
            // Whatever is missing before a state shows in what the process says it has heard, unless it is our own.
            let isGap = peers[index].expected.map { $0 != sequence } ?? false
            if isGap, address == own { end(.lost, &actions) }
            peers[index].expected = sequence &+ 1
            peers[index].isBroken = false
            peers[index].isApart = address != own && Origin(state) != ownOrigin
            note(address, sequence)
            round?.said.append(Said(process: address, state: state, connections: state.connections))
            if address == own { endWhoLeft(before: sequence, &actions) }
            completeRound(&actions)
            return actions
        }
        if case .restart(let restart) = frame, peers[index].expected == nil {
            // Who was struck comes back with this.
            restartRound(restart)
            return []
        }
        guard let expected = peers[index].expected, !peers[index].isBroken else { return [] }
        guard sequence == expected else {
            peers[index].isBroken = true
            if address == own { end(.lost, &actions) }
            askForRound(&actions)
            return actions
        }
        peers[index].expected = sequence &+ 1
        note(address, sequence)
        if peers[index].isApart, case .message = frame {
            // Who takes it, and who does not, do not go on together.
            note(address, ~sequence)
            return actions
        }
        take(frame, from: address, &actions)
        return actions
    }

    private mutating func take(
        _ frame: ProcessGroupFrame, from address: ProcessAddress, _ actions: inout [ProcessGroupAction]
    ) {
        switch frame {
        case .state: break  // Late: said for a round that is over.
        case .attach(let attach): attached(attach.connection, of: address, &actions)
        case .detach(let detach): detached(detach.connection, of: address, &actions)
        case .message(let message): deliver(message, from: address, &actions)
        case .restart(let restart): restartRound(restart)
        case .exclusion(let exclusion): strike(exclusion, &actions)
        }
    }

    // MARK: - Events of this process

    /// A new member of this process; it is told `attached` and its first configuration when all know it.
    public mutating func attach(_ connection: UInt64) -> [ProcessGroupAction] {
        locals.append(Local(connection: connection))
        guard let peer = peers.first(where: { $0.address == own }), !needsState else { return [] }
        if round == nil, peer.expected == nil || peer.isBroken {
            var actions: [ProcessGroupAction] = []
            askForRound(&actions)
            return actions
        }
        return [send(.attach(MemberAttach(connection: connection)))]
    }

    /// A member of this process leaves; it is told its end when all that it sent has been ordered.
    public mutating func detach(_ connection: UInt64) -> [ProcessGroupAction] {
        guard let index = locals.firstIndex(where: { $0.connection == connection }), !locals[index].isLeaving else {
            return []
        }
        let isKnown = isMember(connection)
        guard isKnown || (!needsState && peers.contains { $0.address == own }) else {
            // Nobody was told of it yet.
            locals.remove(at: index)
            return [.tell(member: connection, .ended(.left))]
        }
        locals[index].farewell = nextSequence
        return [send(.detach(MemberDetach(connection: connection)))]
    }

    /// The frame of a message of a member of this process, as far as the payload, which follows; nil when it is no
    /// member, or the payload too large.
    public mutating func messageHead(
        from connection: UInt64, to destination: UInt64, _ payload: ArraySlice<UInt8>
    ) -> [UInt8]? {
        guard isMember(connection) else { return nil }
        guard let message = try? MemberMessage(sender: connection, destination: destination, payload: payload) else {
            return nil
        }
        defer { nextSequence &+= 1 }
        return message.head(nextSequence)
    }

    /// Says what is to be said when no more events are at hand, and what the time asks for.
    public mutating func settle(now: UInt64) -> [ProcessGroupAction] {
        var actions: [ProcessGroupAction] = []
        guard let standing = peers.first(where: { $0.address == own }) else { return [] }
        if round != nil { settleRound(now, &actions) }
        noticeLoss(standing, now, &actions)
        return actions
    }

    private mutating func settleRound(_ now: UInt64, _ actions: inout [ProcessGroupAction]) {
        guard let current = round else { return }
        let isLate = current.deadline.map { now >= $0 } ?? false
        if current.deadline == nil || isLate { round?.deadline = now &+ roundTimeout }
        if isLate {
            let silent = missing(current)
            // Our own state may have been lost; it is said again, and the others go on if that does not come either.
            if silent.contains(own) { needsState = true }
            if let exclusion = try? ProcessExclusion(round: current.id, processes: silent.filter { $0 != own }) {
                actions.append(send(.exclusion(exclusion)))
            }
        }
        guard needsState else { return }
        needsState = false
        let connections = locals.filter { !$0.isLeaving }.map { $0.connection }.sorted()
        let origin = Origin(configuration: installed?.id ?? 0, heard: current.heard)
        let state = try? ProcessState(
            round: current.id, nonce: nonce(), configuration: origin.configuration, heard: origin.heard,
            connections: connections)
        if state != nil { underWay.append((current.id, origin, nextSequence)) }
        if let state { actions.append(send(.state(state))) }
    }

    /// When something that was sent does not come for long, perhaps it was the last thing and is lost: a frame behind
    /// it shows that.
    private mutating func noticeLoss(_ standing: Peer, _ now: UInt64, _ actions: inout [ProcessGroupAction]) {
        guard let expected = standing.expected, expected != nextSequence else { return underWaySince = nil }
        guard let since = underWaySince else { return underWaySince = now }
        guard now &- since >= roundTimeout else { return }
        underWaySince = now
        actions.append(send(.restart(RoundRestart(configuration: 0, nonce: 0))))
    }
}

// MARK: - Rounds

extension ProcessGroupMachine {
    private mutating func beginRound(nonce: UInt64) {
        guard peers.contains(where: { $0.address == own }) else { return }
        var fingerprint = Fingerprint()
        fingerprint.mix(UInt64(ring.node))
        fingerprint.mix(ring.sequence)
        fingerprint.mix(nonce)
        for peer in peers { fingerprint.mix(peer.address) }
        round = Round(id: fingerprint.number, heard: heardSoFar)
        needsState = true
    }

    /// Stands for all that was heard in the present configuration, and for whose next message would be taken: who hears
    /// the same from here on as well goes on together.
    private var heardSoFar: UInt64 {
        guard let installed else { return 0 }
        var fingerprint = Fingerprint()
        for heard in installed.heard {
            let peer = peers.first { $0.address == heard.process }
            let isTaken = peer.map { $0.expected != nil && !$0.isBroken && !$0.isApart } ?? false
            fingerprint.mix(heard.process)
            fingerprint.mix(heard.frames.value)
            fingerprint.mix(isTaken ? 1 : 0)
        }
        return fingerprint.number
    }

    /// Remembers a frame of a process that was heard.
    private mutating func note(_ process: ProcessAddress, _ sequence: UInt64) {
        guard let index = installed?.heard.firstIndex(where: { $0.process == process }) else { return }
        installed?.heard[index].frames.mix(sequence)
    }

    private func awaits(_ state: ProcessState, of process: ProcessAddress) -> Bool {
        guard let round, state.round == round.id, !round.struck.contains(process) else { return false }
        return !round.said.contains { $0.process == process }
    }

    /// What this process has said in this round, or will have said: what is under way for it counts.
    private var ownOrigin: Origin {
        if let said = round?.said.first(where: { $0.process == own }) { return Origin(said.state) }
        if let coming = underWay.first(where: { $0.round == round?.id }) { return coming.origin }
        return Origin(configuration: installed?.id ?? 0, heard: round?.heard ?? 0)
    }

    private func missing(_ round: Round) -> [ProcessAddress] {
        peers.map { $0.address }.filter { address in
            !round.struck.contains(address) && !round.said.contains { $0.process == address }
        }
    }

    private mutating func restartRound(_ restart: RoundRestart) {
        guard round == nil, restart.configuration == installed?.id ?? 0 else { return }
        beginRound(nonce: restart.nonce)
    }

    private mutating func askForRound(_ actions: inout [ProcessGroupAction]) {
        // While there is a round, this is done at its end.
        guard round == nil else { return }
        actions.append(send(.restart(RoundRestart(configuration: installed?.id ?? 0, nonce: nonce()))))
    }

    private mutating func strike(_ exclusion: ProcessExclusion, _ actions: inout [ProcessGroupAction]) {
        guard let current = round, exclusion.round == current.id else { return }
        for process in missing(current) where exclusion.processes.contains(process) {
            round?.struck.append(process)
            if let index = peers.firstIndex(where: { $0.address == process }) {
                peers[index].expected = nil
                peers[index].isBroken = false
            }
            if process == own { end(.silent, &actions) }
        }
        completeRound(&actions)
    }

    /// Installs the next configuration when nobody is missing.
    private mutating func completeRound(_ actions: inout [ProcessGroupAction]) {
        guard let current = round, missing(current).isEmpty else { return }
        round = nil
        needsState = false
        let said = current.said.sorted { $0.process < $1.process }
        let members = Self.members(said)
        for index in peers.indices { peers[index].isApart = false }
        let heard = peers.map { Heard(process: $0.address) }
        if let previous = installed, previous.members == members, haveAllGoneOn(said, from: previous.id) {
            installed?.heard = heard
        } else {
            var fingerprint = Fingerprint()
            fingerprint.mix(current.id)
            for one in said {
                fingerprint.mix(one.process)
                fingerprint.mix(one.state.nonce)
            }
            let previous = installed
            let next = Installed(id: fingerprint.number, members: members, heard: heard)
            installed = next
            announce(next, after: previous, said, &actions)
        }
        let standing = peers.first { $0.address == own }
        let isOutside = standing?.expected == nil && !locals.isEmpty
        // Members that were cut off after the state was said.
        let hasGhosts =
            installed?.members.contains { member in
                member.process == own && !locals.contains { $0.connection == member.connection }
            } ?? false
        if isOutside || hasGhosts || peers.contains(where: { $0.isBroken }) { askForRound(&actions) }
    }

    private func haveAllGoneOn(_ said: [Said], from id: UInt64) -> Bool {
        said.allSatisfy { $0.state.configuration == id && $0.state.heard == said[0].state.heard }
    }

    /// All members, ascending. Of two with one number, that of the earlier process stays.
    private static func members(_ said: [Said]) -> [Member] {
        var members: [Member] = []
        for one in said {
            for connection in one.connections {
                members.append(Member(connection: connection, process: one.process))
            }
        }
        members.sort { $0.connection != $1.connection ? $0.connection < $1.connection : $0.process < $1.process }
        var distinct: [Member] = []
        for member in members where distinct.last?.connection != member.connection { distinct.append(member) }
        return distinct
    }

    /// Tells this process's members the configuration that a round has led to.
    private mutating func announce(
        _ next: Installed, after previous: Installed?, _ said: [Said], _ actions: inout [ProcessGroupAction]
    ) {
        guard let ours = said.first(where: { $0.process == own })?.state else { return }
        let companions = said.filter {
            $0.state.configuration == ours.configuration && $0.state.heard == ours.heard
        }
        let before = ours.configuration == 0 ? [] : previous?.members ?? []
        let transitional = next.members.filter { member in
            before.contains(member) && companions.contains { $0.process == member.process }
        }
        tell(next, transitional, newcomers: { member in !before.contains(member) }, &actions)
        // A number that somebody else has, too.
        for local in locals where !local.isLeaving {
            let member = Member(connection: local.connection, process: own)
            let isListed = said.contains { $0.process == own && $0.connections.contains(local.connection) }
            if isListed, !next.members.contains(member) {
                locals.removeAll { $0.connection == local.connection }
                actions.append(.tell(member: local.connection, .ended(.lost)))
            }
        }
    }

    private mutating func tell(
        _ next: Installed, _ transitional: [Member], newcomers: (Member) -> Bool,
        _ actions: inout [ProcessGroupAction]
    ) {
        let members = next.members.map { $0.connection }
        let going = transitional.map { $0.connection }
        for member in next.members where member.process == own {
            guard let index = locals.firstIndex(where: { $0.connection == member.connection }) else { continue }
            if !locals[index].isAttached { actions.append(.tell(member: member.connection, .attached)) }
            locals[index].isAttached = true
            let isNew = newcomers(member)
            actions.append(
                .tell(
                    member: member.connection,
                    .configuration(id: next.id, members: members, transitional: isNew ? [member.connection] : going)))
        }
    }
}

// MARK: - Members and messages

extension ProcessGroupMachine {
    private mutating func attached(
        _ connection: UInt64, of process: ProcessAddress, _ actions: inout [ProcessGroupAction]
    ) {
        if let current = round {
            guard let index = current.said.firstIndex(where: { $0.process == process }) else { return }
            if !current.said[index].connections.contains(connection) {
                round?.said[index].connections.append(connection)
            }
            return
        }
        guard let current = installed else { return }
        guard !current.members.contains(where: { $0.connection == connection }) else {
            // The number is somebody's already; whose it was first keeps it.
            if process == own, !isMember(connection) {
                locals.removeAll { $0.connection == connection }
                actions.append(.tell(member: connection, .ended(.lost)))
            }
            return
        }
        let newcomer = Member(connection: connection, process: process)
        var members = current.members + [newcomer]
        members.sort { $0.connection < $1.connection }
        change(current, to: members, newcomer, mark: 1, &actions)
    }

    private mutating func detached(
        _ connection: UInt64, of process: ProcessAddress, _ actions: inout [ProcessGroupAction]
    ) {
        if process == own, locals.contains(where: { $0.connection == connection }) {
            locals.removeAll { $0.connection == connection }
            actions.append(.tell(member: connection, .ended(.left)))
        }
        if let current = round {
            guard let index = current.said.firstIndex(where: { $0.process == process }) else { return }
            round?.said[index].connections.removeAll { $0 == connection }
            return
        }
        let leaver = Member(connection: connection, process: process)
        guard let current = installed, current.members.contains(leaver) else { return }
        change(current, to: current.members.filter { $0 != leaver }, leaver, mark: 2, &actions)
    }

    /// A configuration that follows from the one before without a round.
    private mutating func change(
        _ current: Installed, to members: [Member], _ changed: Member, mark: UInt64,
        _ actions: inout [ProcessGroupAction]
    ) {
        var fingerprint = Fingerprint()
        fingerprint.mix(current.id)
        fingerprint.mix(changed.connection)
        fingerprint.mix(mark)
        let next = Installed(id: fingerprint.number, members: members, heard: current.heard)
        installed = next
        let going = members.filter { $0 != changed }
        tell(next, going, newcomers: { member in member == changed }, &actions)
    }

    private func deliver(
        _ message: MemberMessage, from process: ProcessAddress, _ actions: inout [ProcessGroupAction]
    ) {
        guard let installed,
            installed.members.contains(Member(connection: message.sender, process: process))
        else { return }
        for local in locals
        where message.destination == ProcessGroupWire.everybody || message.destination == local.connection {
            guard isMember(local.connection) else { continue }
            actions.append(
                .tell(member: local.connection, .message(sender: message.sender, payload: message.payload)))
        }
    }

    /// Members that left in frames which came before this process's state had been heard: the state is without them.
    private mutating func endWhoLeft(before sequence: UInt64, _ actions: inout [ProcessGroupAction]) {
        let over = locals.filter { local in local.farewell.map { $0 < sequence } ?? false }
        for local in over {
            locals.removeAll { $0.connection == local.connection }
            actions.append(.tell(member: local.connection, .ended(.left)))
        }
    }

    /// The end of all members of this process.
    private mutating func end(_ reason: ProcessGroupEnd, _ actions: inout [ProcessGroupAction]) {
        for local in locals { actions.append(.tell(member: local.connection, .ended(reason))) }
        locals = []
    }

    private mutating func send(_ frame: ProcessGroupFrame) -> ProcessGroupAction { .send(write(frame)) }

    private mutating func write(_ frame: ProcessGroupFrame) -> [UInt8] {
        defer { nextSequence &+= 1 }
        return frame.write(sequence: nextSequence)
    }

    private func nonce() -> UInt64 { (try? entropy.nonzeroUInt64()) ?? 1 }
}
