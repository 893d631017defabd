import Traces

/// Which state received which event how often, and how it took it.
public struct Coverage: Sendable {
    public struct Cell: Sendable, Equatable {
        public var accepted = 0
        public var ignored = 0
        public var refused = 0
        public var total: Int { accepted + ignored + refused }
    }

    private var cells = [Cell](repeating: Cell(), count: Phase.allCases.count * RobustEvent.allCases.count)

    public init() {}

    public subscript(phase: Phase, event: RobustEvent) -> Cell {
        get { cells[phase.place * RobustEvent.allCases.count + event.place] }
        set { cells[phase.place * RobustEvent.allCases.count + event.place] = newValue }
    }

    mutating func count(_ phase: Phase, _ event: RobustEvent, _ outcome: RobustOutcome) {
        switch outcome {
        case .accepted: self[phase, event].accepted += 1
        case .ignored: self[phase, event].ignored += 1
        case .refused: self[phase, event].refused += 1
        }
    }

    public mutating func add(_ other: Coverage) {
        for index in cells.indices {
            cells[index].accepted += other.cells[index].accepted
            cells[index].ignored += other.cells[index].ignored
            cells[index].refused += other.cells[index].refused
        }
    }
}

extension Phase {
    /// Its place in `allCases`.
    var place: Int {
        switch self {
        case .SJ: 0
        case .S: 1
        case .M: 2
        case .PT: 3
        case .FT: 4
        case .FO: 5
        case .KL: 6
        case .CM: 7
        case .over: 8
        case .A: 9
        }
    }
}

extension RobustEvent {
    /// Its place in `allCases`.
    var place: Int {
        switch self {
        case .partialToken: 0
        case .finalToken: 1
        case .factOut: 2
        case .keyList: 3
        case .userMessage: 4
        case .dataMessage: 5
        case .transitionalSignal: 6
        case .membership: 7
        case .flushRequest: 8
        case .secureFlushOk: 9
        case .restart: 10
        case .tick: 11
        case .garbage: 12
        case .token: 13
        }
    }
}

/// What a run, or many, did.
public struct Statistics: Sendable {
    public var runs = 0
    /// Events of scenarios.
    public var events = 0
    /// Messages handed to the transport.
    public var messages = 0
    /// Messages handed to a receiver.
    public var deliveries = 0
    /// Messages that applications sent.
    public var sent = 0
    /// Secure views installed, by all members together.
    public var secureViews = 0
    /// VS views that came in the middle of the agreement on the key of another.
    public var cascades = 0
    public var restarts = 0
    /// Members that the others excluded.
    public var exclusions = 0
    /// Members that joined again by themselves, excluded ones included.
    public var rejoins = 0
    public var tampered = 0
    public var exponentiations = 0
    /// Virtual microseconds.
    public var virtualTime: UInt64 = 0
    /// Virtual microseconds from the last event to one secure view everywhere, in the worst run.
    public var slowestEnd: UInt64 = 0

    public init() {}

    public mutating func add(_ other: Statistics) {
        runs += other.runs
        events += other.events
        messages += other.messages
        deliveries += other.deliveries
        sent += other.sent
        secureViews += other.secureViews
        cascades += other.cascades
        restarts += other.restarts
        exclusions += other.exclusions
        rejoins += other.rejoins
        tampered += other.tampered
        exponentiations += other.exponentiations
        virtualTime += other.virtualTime
        slowestEnd = max(slowestEnd, other.slowestEnd)
    }
}
