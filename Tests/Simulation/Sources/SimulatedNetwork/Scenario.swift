import Traces

/// What kind of trouble a run has.
public enum Flavour: String, CaseIterable, Sendable {
    /// Each event has time to be dealt with.
    case calm
    /// Each event falls inside the agreement that the one before it started.
    case cascade
    /// Events follow each other faster than messages.
    case storm
    /// Partitions into many components, and merges of many.
    case merges
    /// Messages are changed or lost by the transport.
    case hostile
    /// Processes that hang, applications that answer late or never.
    case slow
    /// Trust stores that differ and change; strangers.
    case trust
}

/// When an event of a scenario happens.
public enum Trigger: Sendable, Equatable {
    /// So many microseconds after the event before it.
    case after(UInt64)
    /// When for the k-th time since the event before it some member enters a phase, plus so many deliveries.
    case phase(Phase, times: Int, deliveries: Int)
}

/// What happens. Whom it hits is drawn when it happens.
public enum Happening: String, CaseIterable, Sendable {
    case partition, merge, heal, crash, recover, leave, join, duplicate, stranger, distrust, trustAgain
    case slow, never, hang, swallow, flip, refresh, burst
}

public struct ScenarioEvent: Sendable {
    public var trigger: Trigger
    public var happening: Happening
}

/// What a run is made of: everything else follows from the seed.
public struct Scenario: Sendable {
    public var seed: UInt64
    public var flavour: Flavour
    /// How many identities accept each other.
    public var members: Int
    /// How many of them connect at the start.
    public var initial: Int
    public var strangers: Int
    public var events: [ScenarioEvent]
    /// Whether the components are merged at the end.
    public var healsPartitions: Bool
    /// Microseconds between two messages of applications, on average; 0 for none.
    public var trafficPause: Int
    /// Microseconds until a message is in its component's order, at most.
    public var latency: Int
    /// Microseconds from there to a receiver, at most.
    public var lag: Int
    /// Receivers take what came in one such stretch of microseconds together.
    public var quantum: Int

    /// The scenario of a seed.
    public init(seed: UInt64, members: Int? = nil, events: Int? = nil, flavour: Flavour? = nil) {
        var dice = Dice(seed: seed ^ 0x5ce0_a710)
        let all: [Flavour] = [.calm, .cascade, .cascade, .cascade, .storm, .storm, .merges, .hostile, .slow, .trust]
        let drawn = all[dice.roll(all.count)]
        self.seed = seed
        self.flavour = flavour ?? drawn
        let count = dice.roll(3...12)
        self.members = max(members ?? count, 1)
        initial = dice.chance(70) ? self.members : 1 + dice.roll(self.members)
        strangers = self.flavour == .trust ? dice.roll(1...2) : dice.chance(15) ? 1 : 0
        healsPartitions = dice.chance(60)
        trafficPause = [600, 2_000, 6_000][dice.roll(3)]
        latency = [300, 1_500, 6_000][dice.roll(3)]
        lag = [0, 500, 3_000, 12_000][dice.roll(4)]
        quantum = [1, 1, 1_000, 5_000][dice.roll(4)]
        let length = dice.roll(1...20)
        self.events = []
        for _ in 0..<(events ?? length) { self.events.append(Self.event(self.flavour, &dice)) }
    }

    private static func event(_ flavour: Flavour, _ dice: inout Dice) -> ScenarioEvent {
        ScenarioEvent(trigger: trigger(flavour, &dice), happening: happening(flavour, &dice))
    }

    private static func trigger(_ flavour: Flavour, _ dice: inout Dice) -> Trigger {
        let inside = Trigger.phase(
            [.PT, .FT, .FO, .KL, .KL, .M, .CM, .S, .SJ][dice.roll(9)], times: 1 + dice.roll(3),
            deliveries: dice.roll(8))
        switch flavour {
        case .calm: return .after(UInt64(dice.roll(30_000...200_000)))
        case .cascade: return dice.chance(90) ? inside : .after(UInt64(dice.roll(60_000)))
        case .storm: return .after(UInt64(dice.roll(6_000)))
        case .merges: return dice.chance(50) ? inside : .after(UInt64(dice.roll(100_000)))
        case .hostile, .trust: return dice.chance(50) ? inside : .after(UInt64(dice.roll(80_000)))
        case .slow:
            let pause = dice.chance(25) ? 6_000_000 : 150_000
            return dice.chance(40) ? inside : .after(UInt64(dice.roll(pause)))
        }
    }

    private static func happening(_ flavour: Flavour, _ dice: inout Dice) -> Happening {
        let basic: [Happening] = [
            .partition, .partition, .partition, .merge, .merge, .heal, .crash, .crash, .recover, .recover, .leave,
            .join,
            .join, .refresh, .burst, .duplicate,
        ]
        let special: [Happening]
        switch flavour {
        case .calm, .cascade, .storm: special = []
        case .merges: special = [.partition, .partition, .merge, .heal]
        case .hostile: special = [.swallow, .flip]
        case .slow: special = [.slow, .never, .hang]
        case .trust: special = [.stranger, .distrust, .trustAgain]
        }
        if !special.isEmpty, dice.chance(55) { return special[dice.roll(special.count)] }
        return basic[dice.roll(basic.count)]
    }
}
