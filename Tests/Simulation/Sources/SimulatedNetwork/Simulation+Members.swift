import Flush
import Observation
import Primitives
import SecureGroup
import Traces

// Members: how they come and go, and what their applications do.
extension Simulation {
    // MARK: - Coming

    func plan(connecting person: Int, at time: UInt64) {
        persons[person].attempt += 1
        persons[person].isConnecting = true
        heap.push(.connect(person: person, attempt: persons[person].attempt), at: time)
    }

    func connect(_ person: Int, attempt: Int) throws {
        guard persons[person].attempt == attempt else { return }
        persons[person].isConnecting = false
        let home = live.isEmpty || (live.count > 1 && dice.chance(10)) ? nil : dice.pick(live)
        let node = try makeNode(person)
        record(.connected, node.index)
        node.engine.attached(connection: node.connection, now: now / 1_000)
        if let home {
            reconfigure([home], into: [components[home].members + [node.index]])
        } else {
            reconfigure([], into: [[node.index]])
        }
        scheduleTick(node)
    }

    private func makeNode(_ number: Int) throws -> Node {
        let person = persons[number]
        let index = nodes.count
        let own = Entropy.seeded(scenario.seed &* 0x1_0000_0001 &+ UInt64(index + 1) &* 0x9e37_79b9_7f4a_7c15)
        let id = try own.nonzeroUInt64()
        let recorder = EngineRecorder(id: id) { [unowned self] in observe($0, index) }
        let engine = GroupEngine(
            group: "simulated", suite: settings.suite, algorithm: settings.algorithm, identity: person.identity, id: id,
            trust: person.trust,
            answersFlushRequests: false, flushLimits: settings.flushLimits, secureLimits: settings.secureLimits,
            entropy: own)
        let node = Node(
            index: index, person: number, connection: Self.firstConnection + UInt64(index),
            isStranger: person.isStranger, engine: engine, recorder: recorder)
        nodes.append(node)
        if settings.recording != .nothing { witness(node) }
        trace.members.append(Membership(id: id, name: person.identity.name, isStranger: person.isStranger))
        return node
    }

    // MARK: - Going

    /// What it handed in is still ordered; then the transport tells the others.
    func depart(_ node: Node) {
        node.life = .leaving
        node.clear()
        heap.push(.vanish(node: node.index), at: max(node.lastOrdered, now))
    }

    func crash(_ node: Node) {
        record(.crashed, node.index)
        node.life = .vanished
        node.clear()
        heap.push(.vanish(node: node.index), at: now + UInt64(dice.roll(dice.chance(70) ? 2_000 : 30_000)))
    }

    func vanish(_ node: Node) {
        switch node.life {
        case .vanished, .leaving: break
        case .running, .gone: return
        }
        node.life = .gone
        let component = node.component
        reconfigure([component], into: [components[component].members.filter { $0 != node.index }])
    }

    /// Ends this membership and begins another after a pause, as the driver of groups does.
    private func rejoin(_ node: Node, because problem: GroupProblem) {
        record(.rejoining("\(problem)"), node.index)
        statistics.rejoins += 1
        if problem == .excluded { statistics.exclusions += 1 }
        depart(node)
        let pause = persons[node.person].pause
        persons[node.person].pause = min(pause * 2, Person.longestPause)
        plan(connecting: node.person, at: now + pause * 1_000)
    }

    // MARK: - Carrying out

    func carryOut(_ actions: [GroupAction], at node: Node) {
        for action in actions where node.isRunning {
            switch action {
            case .multicast(let bytes): transmit(bytes, to: nil, from: node)
            case .unicast(let connection, let bytes): transmit(bytes, to: connection, from: node)
            case .event(.flushRequest): planAnswer(node)
            case .event(.view): persons[node.person].pause = Person.firstPause
            case .event(.message), .event(.transitionalSignal), .event(.problem): break
            case .rejoin(let problem): rejoin(node, because: problem)
            case .replaced:
                record(.replaced, node.index)
                depart(node)
            }
        }
    }

    // MARK: - Time

    func scheduleTick(_ node: Node) {
        guard node.isRunning, !node.isHung, let deadline = node.engine.deadline else { return }
        let time = max(deadline &* 1_000, now)
        if let planned = node.tickTime, planned <= time { return }
        node.tickTime = time
        heap.push(.tick(node: node.index), at: time)
    }

    func tick(_ node: Node) {
        guard node.tickTime == now else { return }
        node.tickTime = nil
        guard node.isRunning, !node.isHung else { return }
        if let deadline = node.engine.deadline, now / 1_000 >= deadline {
            carryOut(node.engine.tick(now: now / 1_000), at: node)
        }
        scheduleTick(node)
    }

    /// A process that hung goes on with what has come meanwhile.
    func resume(_ node: Node) {
        guard node.isHung, node.isRunning else { return }
        node.isHung = false
        record(.hangs(false), node.index)
        scheduleDelivery(to: node)
        node.tickTime = nil
        scheduleTick(node)
    }

    // MARK: - Applications

    private func planAnswer(_ node: Node) {
        switch node.answers {
        case .promptly:
            let pause = dice.chance(60) ? 0 : UInt64(dice.roll(4_000))
            heap.push(.answer(node: node.index), at: now + pause)
        case .after(let milliseconds): heap.push(.answer(node: node.index), at: now + UInt64(milliseconds) * 1_000)
        case .never: break
        }
    }

    func answer(_ node: Node) {
        guard node.isRunning else { return }
        if node.isHung {
            // It answers when it goes on.
            heap.push(.answer(node: node.index), at: now + 50_000)
            return
        }
        do {
            carryOut(try node.engine.acknowledgeFlush(now: now / 1_000), at: node)
        } catch {
            node.recorder.refused(error)
        }
        scheduleTick(node)
    }

    /// How many messages are sent between two events of a scenario, at most.
    static let trafficBudget = 14

    func refillTraffic() {
        guard scenario.trafficPause > 0 else { return }
        trafficLeft = dice.roll(Self.trafficBudget + 1)
        scheduleTraffic()
    }

    private func scheduleTraffic() {
        guard !isTrafficScheduled, trafficLeft > 0 else { return }
        isTrafficScheduled = true
        heap.push(.traffic, at: now + UInt64(dice.roll(2 * scenario.trafficPause)))
    }

    func traffic() {
        isTrafficScheduled = false
        guard trafficLeft > 0 else { return }
        trafficLeft -= 1
        let running = nodes.filter { $0.isRunning && !$0.isHung && !$0.isStranger }
        // Mostly those who can; now and then somebody who cannot, to hear that.
        let ready = dice.chance(92) ? running.filter { $0.phase == .S } : running
        if let node = dice.pick(ready) { sendText(node) }
        scheduleTraffic()
    }

    func sendText(_ node: Node) {
        var destination: UInt64? = nil
        if dice.chance(15), let members = node.engine.view?.members { destination = dice.pick(members)?.id }
        let service = [Service.fifo, .causal, .agreed, .safe][dice.roll(4)]
        textsSent += 1
        // Its number first, so that no two are alike.
        var payload = (0..<8).map { UInt8(truncatingIfNeeded: textsSent >> (8 * $0)) }
        let size = dice.chance(2) ? dice.roll(61_440...190_000) : dice.roll(120)
        payload += [UInt8](repeating: UInt8(truncatingIfNeeded: textsSent), count: size)
        do {
            carryOut(
                try node.engine.send(payload, service: service, to: destination, now: now / 1_000), at: node)
            statistics.sent += 1
        } catch {
            node.recorder.refused(error)
        }
        scheduleTick(node)
    }
}
