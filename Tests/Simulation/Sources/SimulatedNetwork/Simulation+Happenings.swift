import Flush
import Primitives
import SecureGroup
import Traces

// The events of a scenario.
extension Simulation {
    func happen(_ happening: Happening) throws {
        switch happening {
        case .partition: partition()
        case .merge: mergeSome()
        case .heal: merge(live)
        case .crash: if let node = target() { crash(node) }
        case .recover, .join: if let person = absent() { plan(connecting: person, at: now) }
        case .leave: if let node = target() { leave(node) }
        case .duplicate: if let node = target() { plan(connecting: node.person, at: now) }
        case .stranger: stranger()
        case .distrust: try changeTrust(to: false)
        case .trustAgain: try changeTrust(to: true)
        case .slow: target()?.answers = .after(milliseconds: dice.roll(Int(settings.flushLimits.flushTimeout) - 500))
        case .never: target()?.answers = .never
        case .hang: if let node = target() { hang(node) }
        case .swallow: tamper(swallows: true)
        case .flip: tamper(swallows: false, relabels: dice.chance(50))
        case .refresh: if let node = target() { refresh(node) }
        case .burst: for _ in 0..<dice.roll(2...8) { if let node = target() { sendText(node) } }
        }
    }

    /// Somebody who runs: often the one that entered a phase last.
    private func target() -> Node? {
        let running = nodes.filter { $0.isRunning && !$0.isStranger && !$0.isHung }
        if dice.chance(40), let mover = running.first(where: { $0.index == lastMover }) { return mover }
        return dice.pick(running)
    }

    /// A member with no membership and no plan for one.
    private func absent() -> Int? {
        dice.pick(
            (0..<scenario.members).filter { person in
                !persons[person].isConnecting && !nodes.contains { $0.person == person && $0.isRunning }
            })
    }

    // MARK: - The network

    private func partition() {
        let splittable = live.filter { components[$0].members.count > 1 }
        guard let component = dice.pick(splittable) else { return }
        let members = components[component].members
        let limit = scenario.flavour == .merges ? members.count : min(3, members.count)
        var sides = [[Int]](repeating: [], count: dice.roll(2...max(limit, 2)))
        for member in members { sides[dice.roll(sides.count)].append(member) }
        sides.removeAll { $0.isEmpty }
        if sides.count == 1 { sides = [[members[0]], [Int](members.dropFirst())] }
        reconfigure([component], into: sides)
    }

    private func mergeSome() {
        guard live.count > 1 else { return }
        var some = live
        dice.shuffle(&some)
        merge([Int](some.prefix(dice.roll(2...live.count))))
    }

    private func tamper(swallows: Bool, relabels: Bool = false) {
        let prey = Tampering.Prey.allCases[dice.roll(3)]
        tampering = Tampering(
            swallows: swallows, prey: prey, relabels: relabels, victim: dice.chance(70) ? target()?.index : nil,
            share: [100, 50, 20][dice.roll(3)], left: dice.roll(1...(relabels ? 8 : 4)))
    }

    // MARK: - Members

    private func leave(_ node: Node) {
        record(.left, node.index)
        depart(node)
    }

    private func hang(_ node: Node) {
        node.isHung = true
        record(.hangs(true), node.index)
        let timeout = Int(settings.flushLimits.flushTimeout) * 1_000
        let pause = dice.chance(40) ? dice.roll(timeout * 2) : dice.roll(200_000)
        heap.push(.resume(node: node.index), at: now + UInt64(pause))
    }

    private func refresh(_ node: Node) {
        carryOut(node.engine.refresh(now: now / 1_000), at: node)
        carryOut(node.engine.settle(now: now / 1_000), at: node)
        scheduleTick(node)
    }

    private func stranger() {
        let absent = (scenario.members..<persons.count).filter { person in
            !nodes.contains { $0.person == person && $0.isRunning }
        }
        if let person = dice.pick(absent) {
            plan(connecting: person, at: now)
        } else if let node = nodes.first(where: { $0.isStranger && $0.isRunning }) {
            leave(node)
        }
    }

    /// Somebody accepts somebody no longer, or again; in half of the cases it is mutual.
    private func changeTrust(to value: Bool) throws {
        let pairs = (0..<scenario.members).flatMap { one in
            (0..<scenario.members).compactMap { other in
                one != other && persons[one].accepts[other] != value ? (one, other) : nil
            }
        }
        guard let (one, other) = dice.pick(pairs) else { return }
        let isMutual = dice.chance(50)
        try accept(one, other, value)
        if isMutual { try accept(other, one, value) }
    }

    private func accept(_ one: Int, _ other: Int, _ value: Bool) throws {
        guard persons[one].accepts[other] != value else { return }
        persons[one].accepts[other] = value
        if value {
            try persons[one].trust.add(persons[other].identity.publicKey, label: persons[other].identity.name)
        } else {
            persons[one].trust.remove(persons[other].identity.publicKey)
        }
        for node in nodes where node.person == one && node.isRunning && !node.isHung {
            carryOut(node.engine.setTrust(persons[one].trust, now: now / 1_000), at: node)
            scheduleTick(node)
        }
    }
}
