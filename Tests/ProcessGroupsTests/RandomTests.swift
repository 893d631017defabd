import Primitives
import ProcessGroups
import Testing

/// Random worlds of processes that come, go, part, meet, fall silent and lose frames; then all is well again for a
/// while. What members were told is held against docs/transports.md, and at the end all who are there see each other.
@Suite struct RandomTests {
    private func flaw(_ records: [Record]) -> String? {
        for record in records {
            if let flaw = flawOfOne(record) { return "\(record.connection): \(flaw)" }
        }
        for (index, one) in records.enumerated() {
            for other in records[(index + 1)...] {
                if let flaw = flawOfTwo(one, other) { return "\(one.connection), \(other.connection): \(flaw)" }
            }
        }
        return nil
    }

    private func flawOfOne(_ record: Record) -> String? {
        var members: [UInt64]? = nil
        var isAttached = false
        var seen: [UInt64] = []
        var numbers: [UInt64] = []
        for (index, event) in record.events.enumerated() {
            switch event {
            case .attached:
                if isAttached || index != 0 { return "attached late or twice" }
                isAttached = true
            case .configuration(let id, let now, let transitional):
                if !isAttached { return "a configuration before the attachment" }
                if seen.contains(id) || id == 0 { return "a number of a configuration twice" }
                seen.append(id)
                if now != Array(Set(now)).sorted() || transitional != Array(Set(transitional)).sorted() {
                    return "not ascending"
                }
                if !now.contains(record.connection) || !transitional.contains(record.connection) { return "not in it" }
                let before = members ?? [record.connection]
                if !transitional.allSatisfy({ now.contains($0) && before.contains($0) }) {
                    return "a transitional member from elsewhere"
                }
                members = now
            case .message(let sender, let payload):
                guard let members, members.contains(sender) else { return "a message of a stranger" }
                var reader = ByteReader(Array(payload))
                guard let number = try? reader.readUInt64() else { return "a message cut short" }
                if numbers.contains(number) { return "a message twice" }
                numbers.append(number)
            case .ended: if index != record.events.count - 1 { return "something after the end" }
            }
        }
        return nil
    }

    private enum Item: Equatable {
        case configuration(UInt64)
        case message(UInt64)
    }

    private struct Stay {
        let id: UInt64
        var messages: [UInt64] = []
        var next: UInt64 = 0
        var transitional: [UInt64] = []
    }

    private func items(_ record: Record) -> [Item] {
        record.events.compactMap { event in
            switch event {
            case .configuration(let id, _, _): return .configuration(id)
            case .message(_, let payload):
                var reader = ByteReader(Array(payload))
                return .message((try? reader.readUInt64()) ?? 0)
            case .attached, .ended: return nil
            }
        }
    }

    /// Each configuration of a member; the last one has no next.
    private func stays(_ record: Record) -> [Stay] {
        var stays: [Stay] = []
        var current: Stay? = nil
        for event in record.events {
            switch event {
            case .configuration(let id, _, let transitional):
                if var stay = current {
                    stay.next = id
                    stay.transitional = transitional
                    stays.append(stay)
                }
                current = Stay(id: id)
            case .message(_, let payload):
                var reader = ByteReader(Array(payload))
                current?.messages.append((try? reader.readUInt64()) ?? 0)
            case .attached, .ended: break
            }
        }
        if let current { stays.append(current) }
        return stays
    }

    private func flawOfTwo(_ one: Record, _ other: Record) -> String? {
        let first = items(one)
        let second = items(other)
        if first.filter({ second.contains($0) }) != second.filter({ first.contains($0) }) { return "different orders" }
        for event in one.events {
            guard case .configuration(let id, let members, _) = event else { continue }
            for match in other.events {
                if case .configuration(id, let others, _) = match, others != members { return "different members" }
            }
        }
        if let flaw = flawOfSender(one, at: other) ?? flawOfSender(other, at: one) { return flaw }
        for stay in stays(one) where stay.transitional.contains(other.connection) {
            for match in stays(other) where match.next == stay.next {
                if match.id != stay.id { return "came along from another configuration" }
                if !match.transitional.contains(one.connection) { return "do not name each other" }
                if match.messages != stay.messages { return "went on together and were told different messages" }
            }
        }
        return nil
    }

    /// What a receiver was told of a sender's messages, against what the sender was told: in the same configuration,
    /// and after all that the sender had been told in it when it sent. (A sender that is gone need not have been told
    /// its last ones.)
    private func flawOfSender(_ sender: Record, at receiver: Record) -> String? {
        func isOfSender(_ message: UInt64) -> Bool { message >> 32 == sender.connection }
        let own = stays(sender)
        for stay in stays(receiver) {
            let told = own.first { $0.id == stay.id }?.messages ?? []
            let sent = told.filter(isOfSender)
            for (place, message) in stay.messages.filter(isOfSender).enumerated() {
                if place >= sent.count || sent[place] != message {
                    if sender.isGone, !own.contains(where: { $0.messages.contains(message) }) { break }
                    return "\(message & 0xffff_ffff) was told elsewhere than at its sender, or after a gap"
                }
                let before = stay.messages.prefix { $0 != message }
                guard let causes = sender.causes[message], causes.configuration == stay.id else { continue }
                if !told.prefix(causes.told).allSatisfy(before.contains) {
                    return "\(message & 0xffff_ffff) was told without what its sender had been told before"
                }
            }
        }
        return nil
    }

    /// One world; what is wrong with it, or nil, and how much happened.
    private func play(seed: UInt64) -> (flaw: String?, configurations: Int, messages: Int) {
        let world = World(seed: seed)
        let nodes: [UInt32] = [1, 2, 3, 4]
        var nextProcess: UInt32 = 10
        var number: UInt64 = 0
        var sent: [(record: Record, number: UInt64)] = []
        for node in nodes where world.dice.roll(3) > 0 || node < 3 {
            nextProcess += 1
            _ = world.attach(world.start(node: node, process: nextProcess))
        }
        for _ in 0..<120 {
            for _ in 0..<world.dice.roll(12) { world.step() }
            world.now += UInt64(world.dice.roll(400))
            let process = world.processes.isEmpty ? nil : world.processes[world.dice.roll(world.processes.count)]
            switch world.dice.roll(24) {
            case 0:
                nextProcess += 1
                _ = world.attach(world.start(node: nodes[world.dice.roll(4)], process: nextProcess))
            case 1: if let process, world.processes.count > 2 { world.kill(process) }
            case 2: if let process, !process.isStopped { _ = world.attach(process) }
            case 3:
                if let process, !process.isStopped, let record = process.records.last(where: { $0.end == nil }) {
                    record.isLeaving = true
                    process.carryOut(process.machine.detach(record.connection))
                }
            case 4: world.arrange([[1, 2], [3, 4]], forgetful: world.dice.roll(3) == 0)
            case 5: world.arrange([[1], [2, 3, 4]], forgetful: world.dice.roll(3) == 0)
            case 6, 7: world.arrange([[1, 2, 3, 4]], forgetful: world.dice.roll(3) == 0)
            case 8: process?.isStopped = true
            case 9, 10: for stopped in world.processes { stopped.isStopped = false }
            case 11: if world.dice.roll(4) == 0 { world.orderOne(losing: true) }
            default:
                guard let process, !process.isStopped,
                    let record = process.records.last(where: { process.machine.isMember($0.connection) })
                else { continue }
                number += 1
                let count = process.outbox.count
                let message = record.connection << 32 | number
                world.send(record, of: process, message)
                if process.outbox.count > count { sent.append((record, message)) }
            }
        }
        world.arrange([nodes])
        for process in world.processes { process.isStopped = false }
        world.run()
        return (finalFlaw(world, sent), world.all.reduce(0) { $0 + stays($1).count }, sent.count)
    }

    private func finalFlaw(_ world: World, _ sent: [(record: Record, number: UInt64)]) -> String? {
        if let flaw = flaw(world.all) { return flaw }
        var alive: [Record] = []
        for process in world.processes { alive += process.records.filter { $0.end == nil } }
        if let stuck = alive.first(where: { $0.isLeaving }) { return "\(stuck.connection) never left" }
        let expected = alive.map { $0.connection }.sorted()
        for record in alive where record.members != expected {
            return "\(record.connection) sees \(record.members) in the end, not \(expected)"
        }
        for (record, number) in sent where record.end == nil && alive.contains(where: { $0 === record }) {
            if !items(record).contains(.message(number)) {
                return "\(record.connection) never heard its own \(number & 0xffff_ffff)"
            }
        }
        return nil
    }

    @Test("whatever happens, members are told what the contract says, and in the end all see each other")
    func worlds() {
        var configurations = 0
        var messages = 0
        for seed in 1...300 as ClosedRange<UInt64> {
            let played = play(seed: seed)
            #expect(played.flaw == nil, "seed \(seed)")
            configurations += played.configurations
            messages += played.messages
        }
        #expect(configurations > 1_500)
        #expect(messages > 4_000)
    }
}
