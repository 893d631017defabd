import Primitives
import ProcessGroups

/// A generator of its own, so that a seed always means the same.
struct Dice {
    private var state: UInt64

    init(seed: UInt64) { state = seed &* 0x9e37_79b9_7f4a_7c15 &+ 1 }

    mutating func roll(_ sides: Int) -> Int {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return Int(state % UInt64(max(sides, 1)))
    }
}

/// What a member was told, with the process that told it.
final class Record {
    let connection: UInt64
    var events: [ProcessGroupEvent] = []
    var isLeaving = false
    var isKilled = false
    /// Of each message that it sent: in which configuration, and what it had been told there by then.
    var causes: [UInt64: (configuration: UInt64, told: Int)] = [:]

    init(_ connection: UInt64) { self.connection = connection }

    var end: ProcessGroupEnd? {
        if case .ended(let reason) = events.last { return reason }
        return nil
    }

    var isGone: Bool { isKilled || end != nil }

    func isSending(_ message: UInt64) {
        let told = events.reversed().prefix { event in
            if case .configuration = event { return false }
            return true
        }
        guard case .configuration(let id, _, _)? = events.dropLast(told.count).last else { return }
        causes[message] = (id, told.count)
    }

    /// Its last configuration, if it is still a member.
    var members: [UInt64] {
        for event in events.reversed() {
            if case .ended = event { return [] }
            if case .configuration(_, let members, _) = event { return members }
        }
        return []
    }
}

/// One process on one node.
final class Process {
    let address: ProcessAddress
    var machine: ProcessGroupMachine
    /// What the stream has for it and it has not taken.
    var inbox: [Told] = []
    /// What it has sent and the stream has not taken.
    var outbox: [[UInt8]] = []
    var records: [Record] = []
    var isStopped = false

    enum Told {
        case membership([ProcessAddress], left: [ProcessAddress])
        case ring(UInt64)
        case frame([UInt8], ProcessAddress)
    }

    init(node: UInt32, process: UInt32, seed: UInt64) {
        address = ProcessAddress(node: node, process: process)
        machine = ProcessGroupMachine(own: address, entropy: .seeded(seed), roundTimeout: 3_000)
    }

    func carryOut(_ actions: [ProcessGroupAction]) {
        for action in actions {
            switch action {
            case .send(let frame): outbox.append(frame)
            case .tell(let member, let event):
                records.first { $0.connection == member }?.events.append(event)
            }
        }
    }

    /// Takes one thing of the stream.
    func takeOne() {
        guard !isStopped, !inbox.isEmpty else { return }
        switch inbox.removeFirst() {
        case .membership(let processes, let left): machine.membershipChanged(processes, left: left)
        case .ring(let sequence): machine.ringChanged(node: 1, sequence: sequence)
        case .frame(let bytes, let address): carryOut(machine.received(bytes, from: address))
        }
    }

    func settle(_ now: UInt64) {
        guard !isStopped else { return }
        carryOut(machine.settle(now: now))
    }
}

/// Corosync as docs/corosync.md describes it: rings of nodes, a stream for each, membership changes in it. It can
/// forget to tell that somebody was elsewhere in between, and lose a frame, as the real one can.
final class World {
    var dice: Dice
    var now: UInt64 = 1
    var processes: [Process] = []
    /// Which component each node is in.
    private var component: [UInt32: Int] = [:]
    /// What each node was last told about who is in the group.
    private var toldMembers: [UInt32: [ProcessAddress]] = [:]
    private var rings: UInt64 = 0
    /// The ring of each node.
    private var ringOf: [UInt32: UInt64] = [:]
    private var made: UInt64 = 0
    var all: [Record] = []

    init(seed: UInt64) { dice = Dice(seed: seed) }

    private func present(_ ring: Int) -> [Process] { processes.filter { component[$0.address.node] == ring } }

    func start(node: UInt32, process: UInt32) -> Process {
        made += 1
        let started = Process(node: node, process: process, seed: made &* 7919)
        if component[node] == nil { component[node] = 0 }
        processes.append(started)
        let ring = component[node] ?? 0
        started.inbox.append(.ring(ringOf[node] ?? 0))
        tellMembership(ring, left: [])
        return started
    }

    func kill(_ process: Process) {
        let ring = component[process.address.node] ?? 0
        processes.removeAll { $0 === process }
        for record in process.records { record.isKilled = true }
        tellMembership(ring, left: [process.address])
    }

    private func tellMembership(_ ring: Int, left: [ProcessAddress]) {
        let members = present(ring).map { $0.address }.sorted()
        for process in present(ring) {
            process.inbox.append(.membership(members, left: left))
            toldMembers[process.address.node] = members
        }
    }

    /// The nodes fall into these components. With `forgetful`, nobody is told who was elsewhere, only that the ring is
    /// another one.
    func arrange(_ components: [[UInt32]], forgetful: Bool = false) {
        var next: [UInt32: Int] = [:]
        for (index, nodes) in components.enumerated() { for node in nodes { next[node] = index } }
        let before = component
        component = next
        for index in components.indices {
            rings += 1
            for node in components[index] { ringOf[node] = rings }
            let here = present(index)
            let members = here.map { $0.address }.sorted()
            for process in here {
                let node = process.address.node
                let known = toldMembers[node] ?? []
                // Gone, or come from elsewhere: with their node.
                let left = known.filter { address in
                    !members.contains(address) || before[address.node] != before[node]
                }
                if forgetful {
                    let gone = left.filter { !members.contains($0) }
                    process.inbox.append(.membership(members, left: gone))
                } else {
                    let staying = known.filter { !left.contains($0) }
                    if !left.isEmpty { process.inbox.append(.membership(staying, left: left)) }
                    process.inbox.append(.membership(members, left: []))
                }
                process.inbox.append(.ring(rings))
            }
            for process in here { toldMembers[process.address.node] = members }
        }
    }

    func attach(_ process: Process) -> Record {
        made += 1
        let record = Record(made &* 0x1_0001)
        process.records.append(record)
        all.append(record)
        process.carryOut(process.machine.attach(record.connection))
        return record
    }

    func send(_ record: Record, of process: Process, _ number: UInt64, to destination: UInt64 = 0) {
        var writer = ByteWriter()
        writer.writeUInt64(number)
        if let head = process.machine.messageHead(from: record.connection, to: destination, writer.bytes[...]) {
            let frame = head + writer.bytes
            process.outbox.append(frame)
            record.isSending(number)
        }
    }

    /// Orders one waiting frame of some process, for all in its component.
    func orderOne(losing: Bool = false) {
        let ready = processes.filter { !$0.outbox.isEmpty && !$0.isStopped }
        guard !ready.isEmpty else { return }
        let sender = ready[dice.roll(ready.count)]
        let frame = sender.outbox.removeFirst()
        guard !losing, let ring = component[sender.address.node] else { return }
        for process in present(ring) { process.inbox.append(.frame(frame, sender.address)) }
    }

    func step() {
        let busy = processes.filter { !$0.inbox.isEmpty && !$0.isStopped }
        if !busy.isEmpty, dice.roll(3) > 0 {
            let process = busy[dice.roll(busy.count)]
            process.takeOne()
            if dice.roll(2) == 0 { process.settle(now) }
        } else {
            orderOne()
        }
        for process in processes where process.inbox.isEmpty { process.settle(now) }
    }

    /// Lets everything happen that is under way, with time passing when nothing else is.
    func run() {
        var idle = 0
        while idle < 8 {
            let isBusy = processes.contains { !$0.isStopped && (!$0.inbox.isEmpty || !$0.outbox.isEmpty) }
            if isBusy {
                idle = 0
                step()
                continue
            }
            idle += 1
            now += 1_000
            for process in processes { process.settle(now) }
        }
    }
}
