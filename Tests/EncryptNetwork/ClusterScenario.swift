@testable import Encrypt
import Primitives

/// What happens to a cluster in one run, and what must hold of it. All of it follows from the seed: members come, leave
/// and crash, components part and merge, packets are lost, doubled and overtaken, and a rogue who hears everything
/// sends it again, changed or not.
public final class ClusterScenario {
    /// A message that was sealed: who was to read it, as its sender knew then.
    private struct Sent {
        let sender: Int
        let readers: Set<MemberDigest>
    }

    /// How many of the cluster's keys its members have by now.
    private final class KeysInUse {
        var count = 1
    }

    private static let strangerIdentity = 1_000
    private static let memberLimit = 16

    public let seed: UInt64
    /// What happened, a line each.
    public private(set) var log: [String] = []
    /// What does not hold.
    public private(set) var violations: [String] = []
    public let network: ClusterNetwork
    private var dice: Dice
    private let isSymmetric: Bool
    private var strangers: [Int] = []
    /// By the number that is the message.
    private var sent: [Sent] = []
    private var delivered: [Set<Int>] = []
    /// The members of each epoch, by its identifier.
    private var epochs: [[UInt8]: [MemberDigest]] = [:]
    private var counters: [UInt64] = []
    private let keys: KeysInUse

    public init(seed: UInt64) throws {
        self.seed = seed
        var dice = Dice(seed ^ 0x00c0_ffee)
        isSymmetric = dice.happens(200)
        let signs = dice.happens(300)
        let keys = KeysInUse()
        let isSymmetric = isSymmetric
        self.keys = keys
        let policy = try Attack.policy(Array(0..<2 * Self.memberLimit))
        let conditions = NetworkConditions(
            loss: dice.pick([0, 20, 100, 200]) ?? 0, duplication: dice.pick([0, 50, 200]) ?? 0,
            delay: 1...(dice.pick([1, 5, 30, 80]) ?? 1))
        let partSize = dice.happens(300) ? 1_000 : 60_000
        let lifetime: UInt64 = dice.happens(500) ? 2_000 : 60_000
        network = ClusterNetwork(
            seed: seed, conditions: conditions,
            configuration: { _ in
                var configuration = EncryptConfiguration(
                    cluster: Array("simulated".utf8), keySource: isSymmetric ? .keyStore : .coordinator(.all),
                    policy: policy, parameters: EpochParameters(authenticity: signs ? .signatures : .senderKeys))
                configuration.partSize = partSize
                configuration.epochLifetime = lifetime
                return configuration
            },
            keyRing: { _ in isSymmetric ? try Self.keyRing(keys.count) : nil })
        self.dice = dice
        log.append(
            "\(isSymmetric ? "symmetric" : "asymmetric"), \(signs ? "signatures" : "sender keys"), \(conditions)")
    }

    /// A ring with the first few of the cluster's keys, the last of which is active.
    private static func keyRing(_ count: Int) throws -> KeyRing {
        var ring = KeyRing()
        for number in 1...count {
            let name = Array("key \(number)".utf8)
            try ring.add(name, SecretBytes(copying: [UInt8](repeating: UInt8(number), count: 32).span))
            try ring.activate(name)
        }
        return ring
    }

    /// Carries it out; what does not hold.
    public func run() -> [String] {
        network.watcher = { [unowned self] node in watch(node) }
        network.deliveryWatcher = { [unowned self] (node, delivery) in check(delivery, at: node) }
        do {
            note("join")
            try network.join(1 + dice.below(6))
            for _ in 0..<4 + dice.below(12) {
                try happen()
                putStrangersLast()
                try network.run(UInt64(dice.below(dice.pick([10, 60, 400]) ?? 10)))
                try chat()
            }
            try end()
        } catch {
            violations.append("the run ends with \(error)")
        }
        return violations
    }

    private func note(_ text: String) { log.append("\(network.now) \(text)") }

    // MARK: - What happens

    private func happen() throws {
        let members = network.connected.map { $0.index }.filter { !strangers.contains($0) }
        switch dice.below(20) {
        case 0...4: try join()
        case 5...8: try leave(members)
        case 9...11: crash(members)
        case 12, 13: split(members)
        case 14: merge()
        case 15: try rotate()
        case 16: try restart(members)
        default: rogue()
        }
    }

    private func join() throws {
        guard network.nodes.count < Self.memberLimit else { return }
        let component = dice.below(max(network.components.count, 1))
        if dice.happens(100) {
            let stranger = try network.add(identity: Self.strangerIdentity + network.nodes.count)
            strangers.append(stranger.index)
            note("stranger \(stranger.index) joins")
            try network.connect([stranger.index], component: component)
        } else {
            let count = 1 + dice.below(3)
            note("\(count) join")
            try network.join(count, component: component)
        }
    }

    private func leave(_ members: [Int]) throws {
        guard members.count > 1 else { return }
        for leaver in dice.shuffled(members).prefix(1 + dice.below(members.count - 1)) {
            let eavesdrops = dice.happens(500)
            note("\(leaver) leaves\(eavesdrops ? " and hears on" : "")")
            try network.leave(leaver, eavesdropping: eavesdrops)
        }
    }

    private func crash(_ members: [Int]) {
        guard members.count > 1 else { return }
        // The coordinator half of the time.
        let coordinators = network.components.compactMap { $0.first }.filter { members.contains($0) }
        guard let index = dice.pick(dice.happens(500) ? coordinators : members) else { return }
        let eavesdrops = dice.happens(300)
        note("\(index) crashes\(eavesdrops ? " and hears on" : "")")
        network.crash(index, eavesdropping: eavesdrops)
    }

    private func split(_ members: [Int]) {
        guard members.count > 1 else { return }
        var parts = [[Int]](repeating: [], count: 2 + dice.below(4))
        let all =
            dice.happens(500) ? network.components.flatMap { $0 } : dice.shuffled(network.components.flatMap { $0 })
        for index in all { parts[dice.below(parts.count)].append(index) }
        note("split \(parts.filter { !$0.isEmpty })")
        network.split(parts.filter { !$0.isEmpty })
        putStrangersLast()
    }

    private func merge() {
        note("merge")
        network.merge(order: dice.shuffled(Array(network.components.indices)))
    }

    private func rotate() throws {
        if isSymmetric {
            keys.count = min(keys.count + 1, 8)
            let ring = try Self.keyRing(keys.count)
            for node in network.connected {
                try network.act(node.index) { (machine, now) in
                    try machine.setKeyRing(ring, now: now)
                    return []
                }
            }
        }
        for component in network.components {
            guard let first = component.first, network.nodes[first].isCoordinator, network.nodes[first].view != nil
            else { continue }
            note("\(first) rotates")
            try network.act(first) { (machine, now) in try machine.rotate(now: now) }
        }
    }

    /// A member is started again at its old address, before the messaging system has noticed anything.
    private func restart(_ members: [Int]) throws {
        guard let index = dice.pick(members), network.nodes.count < Self.memberLimit else { return }
        let again = try network.add(identity: network.nodes[index].identityIndex, address: network.nodes[index].address)
        note("\(index) starts again as \(again.index)")
        try network.replace(index, by: again.index)
    }

    /// Whoever hears everything sends some of it again.
    private func rogue() {
        note("the rogue speaks")
        for _ in 0..<1 + dice.below(20) {
            guard let packet = dice.pick(network.tape), let victim = dice.pick(network.connected) else { return }
            var bytes = packet.bytes
            switch dice.below(6) {
            case 0: bytes[dice.below(bytes.count)] ^= 1 << UInt8(dice.below(8))
            case 1: bytes = Array(bytes.prefix(dice.below(bytes.count)))
            case 2: bytes[1] = UInt8(1 + dice.below(9))
            case 3: bytes.append(UInt8(dice.below(256)))
            default: break
            }
            let receiver = dice.happens(500) ? packet.receiver : victim.index
            network.inject(bytes, to: receiver, after: UInt64(1 + dice.below(100)))
        }
    }

    /// The messaging system decides who coordinates: one that names a stranger gets nobody on with anybody.
    private func putStrangersLast() {
        let ordered = network.components.map { component in
            component.filter { !strangers.contains($0) } + component.filter { strangers.contains($0) }
        }
        if ordered != network.components { network.split(ordered) }
    }

    // MARK: - What is said

    private func chat() throws {
        for node in network.connected where dice.happens(300) { try say(node) }
    }

    /// Sends a number; false when nothing can be sealed now.
    @discardableResult
    private func say(_ node: ClusterNode) throws -> Bool {
        guard node.canSeal, let view = node.view else { return false }
        let addresses = Set(node.toldHostView)
        let readers = view.members.filter { addresses.contains($0.address) || isSymmetric }.map { $0.digest }
        let number = sent.count
        sent.append(Sent(sender: node.index, readers: Set(readers)))
        try network.send(Self.bytes(number), from: node.index)
        return true
    }

    private static func bytes(_ number: Int) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
    }

    // MARK: - What must hold at all times

    private func violation(_ text: String) {
        note("VIOLATION: \(text)")
        violations.append(text)
    }

    private func watch(_ node: ClusterNode) {
        if node.toldRefusals != node.countedRefusals.total {
            violation("member \(node.index) counts \(node.countedRefusals.total) refusals of \(node.toldRefusals)")
        }
        guard let view = node.view else { return }
        while counters.count <= node.index { counters.append(0) }
        if view.counter < counters[node.index] { violation("member \(node.index) goes back to an earlier view") }
        counters[node.index] = view.counter
        let members = view.members.map { $0.digest }
        if let known = epochs[view.epoch], known != members { violation("one epoch has two lists of members") }
        epochs[view.epoch] = members
        if strangers.contains(node.index) ? view.members.count > 1 : view.members.contains(where: { isStranger($0) }) {
            violation("a stranger is in a view of member \(node.index)")
        }
    }

    private func isStranger(_ member: EncryptMember) -> Bool {
        strangers.contains { network.nodes[$0].member == member }
    }

    private func check(_ delivery: EncryptDelivery, at node: ClusterNode) {
        while delivered.count <= node.index { delivered.append([]) }
        for payload in delivery.opened.messages {
            let number = payload.reversed().reduce(0) { $0 << 8 | Int($1) }
            guard payload.count == 4, sent.indices.contains(number) else {
                violation("member \(node.index) delivers what nobody has sent")
                continue
            }
            if network.nodes[sent[number].sender].member != delivery.sender {
                violation("member \(node.index) delivers message \(number) in another's name")
            }
            if !delivered[node.index].insert(number).inserted {
                violation("member \(node.index) delivers message \(number) twice")
            }
            if !sent[number].readers.contains(node.member.digest) {
                violation("member \(node.index) reads message \(number), which was not for it")
            }
        }
    }

    // MARK: - The end

    /// The components that there are come to one view each, and all talk.
    private func end() throws {
        if dice.happens(700) { merge() }
        putStrangersLast()
        note("the end begins")
        let isSettled = try network.run(atMost: 120_000) { network.isSettled(excluding: strangers) }
        guard isSettled else { return violation("no common view: \(describeViews())") }
        network.conditions = NetworkConditions()
        // What is still on its way arrives, and may lead to another view.
        try network.run(1_000)
        guard try network.run(atMost: 60_000, until: { network.isSettled(excluding: strangers) }) else {
            return violation("no common view any more: \(describeViews())")
        }
        let first = sent.count
        let members = network.connected.filter { !strangers.contains($0.index) }
        for node in members where try !say(node) { violation("member \(node.index) cannot seal at the end") }
        try network.run(100)
        for component in network.components {
            for reader in component where !strangers.contains(reader) {
                for number in first..<sent.count
                where component.contains(sent[number].sender) && sent[number].sender != reader {
                    let got = delivered.indices.contains(reader) && delivered[reader].contains(number)
                    if !got { violation("member \(reader) does not get message \(number) at the end") }
                }
            }
        }
        try tryKeysOfWhoHasLeft()
    }

    /// Whoever has left tries its last secret on what is sealed now, with the members and the number of the view, which
    /// it could guess.
    private func tryKeysOfWhoHasLeft() throws {
        guard !isSymmetric else { return }
        for component in network.components {
            guard let index = component.first, let view = network.nodes[index].view, network.nodes[index].canSeal else {
                continue
            }
            let record = try network.nodes[index].machine.seal([[1]])
            for node in network.nodes where node.part == .eavesdropping {
                guard let secret = node.machine.installed?.secret else { continue }
                let transcript = try EncryptMachine.transcript(
                    cluster: node.machine.cluster, counter: view.counter, coordinator: view.coordinator.digest,
                    view.members)
                let epoch = try Epoch(
                    secret: secret.bytes.duplicate(), cluster: node.machine.cluster.name, counter: view.counter,
                    transcript: transcript,
                    members: view.members.map {
                        EpochMember(introductionDigest: $0.introduction.digest, publicKey: $0.publicKey)
                    }, me: nil, parameters: node.machine.configuration.parameters)
                var protection = MessageProtection()
                try protection.install(epoch, now: network.now)
                if (try? protection.open(record, now: network.now)) != nil {
                    violation("member \(node.index) has left, and can open what is sealed now")
                }
            }
        }
    }

    private func describeViews() -> String {
        network.connected.map { node in
            let view = node.view.map { "\($0.counter):\($0.members.count)" } ?? "none"
            return "\(node.index) has \(view) of \(node.toldHostView.count)"
        }.joined(separator: ", ")
    }
}
