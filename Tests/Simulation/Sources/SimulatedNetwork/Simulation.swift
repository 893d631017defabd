import Arithmetic
import Flush
import KeyAgreement
import KeyOracle
import Observation
import Primitives
import SecureGroup
import Traces

/// One run: members over an engine with extended virtual synchrony, in virtual time, from one seed. Nothing in it
/// depends on anything but the scenario and the settings.
public final class Simulation {
    public let scenario: Scenario
    public let settings: Settings
    public internal(set) var trace: Trace
    public internal(set) var statistics = Statistics()
    public internal(set) var coverage = Coverage()
    /// Virtual time in microseconds.
    public internal(set) var now: UInt64 = 0

    var dice: Dice
    var heap = EventHeap()
    let entropy: Entropy
    let keys: KeyOracle
    var persons: [Person] = []
    var nodes: [Node] = []

    // MARK: The transport

    var components: [Component] = []
    /// Indices of the components that have members.
    var live: [Int] = []
    var messages: [Message] = []
    /// How many of them have no place in the order yet.
    var messagesToOrder = 0
    /// Counts the places in all orders.
    var places = 0
    var configurations: UInt64 = 0
    var tampering: Tampering? = nil

    // MARK: The scenario

    /// How many events of the scenario have happened.
    var happened = 0
    /// The trigger that the next event waits for, when it waits for a phase.
    var awaited: (phase: Phase, times: Int, deliveries: Int)? = nil
    /// The member that was the last to enter a phase: events like to hit it.
    var lastMover = -1
    /// How many more messages applications send before the next event.
    var trafficLeft = 0
    var isTrafficScheduled = false
    var textsSent: UInt64 = 0
    /// When the last event happened; nil before.
    var endBegan: UInt64? = nil

    /// - Parameter replay: the command that makes this run again.
    public init(_ scenario: Scenario, _ settings: Settings, replay: String = "") throws {
        self.scenario = scenario
        self.settings = settings
        trace = Trace(
            title: "seed \(scenario.seed), \(scenario.flavour.rawValue), \(settings.algorithmName)", replay: replay,
            algorithm: settings.algorithmName)
        dice = Dice(seed: scenario.seed)
        entropy = Entropy.seeded(scenario.seed)
        keys = KeyOracle(suite: settings.suite, seed: scenario.seed)
        try makePersons()
    }

    private func makePersons() throws {
        let count = scenario.members + scenario.strangers
        var identities: [Identity] = []
        for number in 0..<count {
            let name = number < scenario.members ? "m\(number)" : "stranger\(number - scenario.members)"
            identities.append(
                settings.suite.group == .simulation64
                    ? try .simulated(name: name, seed: scenario.seed &* 1_000 &+ UInt64(number))
                    : try Identity(name: name, seed: try SecretBytes(random: 32, from: entropy)))
        }
        let accepts = (0..<count).map { $0 < scenario.members }
        var trust = TrustStore()
        for identity in identities.prefix(scenario.members) { try trust.add(identity.publicKey, label: identity.name) }
        for (number, identity) in identities.enumerated() {
            var own = accepts
            own[number] = true
            persons.append(
                Person(identity: identity, isStranger: number >= scenario.members, accepts: own, trust: trust))
        }
    }

    // MARK: - The run

    /// Runs the scenario, and then until every component has one secure view or the time for that is over.
    public func run() throws {
        try begin()
        var settledSince: UInt64? = nil
        var nextLook: UInt64 = 0
        while let entry = heap.pop() {
            now = entry.time
            try handle(entry.kind)
            if statistics.deliveries > deliveryLimit { break }
            guard let end = endBegan, now >= nextLook else { continue }
            nextLook = now + Self.look
            if now > end + settings.bound { break }
            guard isSettled else {
                settledSince = nil
                continue
            }
            if let since = settledSince, now >= since + Self.calm {
                if isSilent { break }
                // Somebody has just said something, which all have yet to hear.
                nextLook = now
            }
            if settledSince == nil { settledSince = now }
        }
        finish(settledSince: settledSince)
    }

    /// How often it is looked whether all is well, and for how long it must be, in microseconds.
    private static let look: UInt64 = 10_000
    private static let calm: UInt64 = 120_000

    /// A run that delivers so many messages does not come to rest: nothing is gained by waiting for the end of time.
    var deliveryLimit: Int { 40_000 + 4_000 * scenario.events.count }

    private func begin() throws {
        let isTogether = dice.chance(60)
        for person in 0..<scenario.initial {
            let time = isTogether ? UInt64(dice.roll(3_000)) : UInt64(person * dice.roll(1...80_000))
            plan(connecting: person, at: time)
        }
        refillTraffic()
        armNext()
    }

    func handle(_ kind: EventHeap.Kind) throws {
        switch kind {
        case .order(let message): order(message)
        case .deliver(let node): deliver(to: nodes[node])
        case .tick(let node): tick(nodes[node])
        case .answer(let node): answer(nodes[node])
        case .traffic: traffic()
        case .scenario(let number): if number == happened { try happen() }
        case .connect(let person, let attempt): try connect(person, attempt: attempt)
        case .vanish(let node): vanish(nodes[node])
        case .resume(let node): resume(nodes[node])
        }
    }

    private func finish(settledSince: UInt64?) {
        statistics.runs = 1
        statistics.events = happened
        statistics.virtualTime = now
        if let end = endBegan, let settledSince { statistics.slowestEnd = settledSince - min(end, settledSince) }
        for node in nodes {
            statistics.restarts += Int(node.engine.counters.secure.restarts)
            statistics.exponentiations += Int(node.engine.counters.secure.agreement.exponentiations)
        }
        trace.isComplete = true
    }

    // MARK: - Triggers

    /// How long an event waits for a phase that nobody enters, in microseconds.
    private static let patience: UInt64 = 800_000

    func armNext() {
        guard happened < scenario.events.count else { return end() }
        switch scenario.events[happened].trigger {
        case .after(let pause): heap.push(.scenario(number: happened), at: now + pause)
        case .phase(let phase, let times, let deliveries):
            awaited = (phase, times, deliveries)
            heap.push(.scenario(number: happened), at: now + Self.patience)
        }
    }

    func entered(_ phase: Phase, _ node: Int) {
        lastMover = node
        guard var awaited, awaited.times > 0 else { return }
        // A scenario is drawn without regard to the agreement.
        guard awaited.phase == phase || phase == .A && [.PT, .FT, .FO].contains(awaited.phase) else { return }
        awaited.times -= 1
        self.awaited = awaited
        if awaited.times == 0, awaited.deliveries == 0 { fireAwaited() }
    }

    func countDelivery() {
        statistics.deliveries += 1
        guard let awaited, awaited.times == 0 else { return }
        self.awaited?.deliveries -= 1
        if awaited.deliveries <= 1 { fireAwaited() }
    }

    private func fireAwaited() {
        awaited = nil
        heap.push(.scenario(number: happened), at: now)
    }

    private func happen() throws {
        awaited = nil
        let event = scenario.events[happened]
        happened += 1
        try happen(event.happening)
        refillTraffic()
        armNext()
    }

    /// The last event has happened: what the scenario broke on purpose is mended.
    private func end() {
        endBegan = now
        tampering = nil
        for node in nodes where node.isRunning {
            node.answers = .promptly
            if node.isHung { resume(node) }
            heap.push(.answer(node: node.index), at: now)
        }
        if scenario.healsPartitions { merge(live) }
        // So that somebody looks at the clock even when nothing at all happens.
        heap.push(.traffic, at: now + settings.bound + 1)
    }

    // MARK: - The trace

    func record(_ kind: EventKind, _ member: Int) {
        if settings.recording == .nothing { return }
        trace.events.append(Event(time: now, member: member, kind))
    }

    /// What happens inside an engine.
    func observe(_ kind: EventKind, _ member: Int) {
        record(kind, member)
        switch kind {
        case .robust(let event, let before, let after, let outcome, _):
            coverage.count(before, event, outcome)
            guard before != after else { return }
            nodes[member].phase = after
            entered(after, member)
        case .vsView:
            if nodes[member].isWithoutKey { statistics.cascades += 1 }
            nodes[member].isWithoutKey = true
        case .view:
            statistics.secureViews += 1
            nodes[member].isWithoutKey = false
        default: break
        }
    }
}
