import KeyAgreement
import SecureGroup
import Traces

/// A large group that joins, splits into five and merges again, with nothing else going on.
public struct ScaleRun {
    /// What one of the changes cost, all members together.
    public struct Step: Codable, Sendable {
        public var members: Int
        public var event: String
        /// From the change to one secure view everywhere.
        public var virtualMilliseconds: Double
        public var messages: Int
        public var deliveries: Int
        public var exponentiations: Int
        /// Filled in by whoever has a clock.
        public var wallSeconds = 0.0
    }

    /// In which way the members come.
    public enum Joining: String, Sendable {
        case atOnce, oneByOne
    }

    private let simulation: Simulation
    private let members: Int
    private let joining: Joining

    public init(members: Int, joining: Joining, settings: Settings) throws {
        var scenario = Scenario(seed: UInt64(members), members: members, events: 0, flavour: .calm)
        scenario.strangers = 0
        scenario.trafficPause = 0
        scenario.latency = 1_000
        scenario.lag = 500
        scenario.quantum = 100
        var settings = settings
        settings.recording = .nothing
        simulation = try Simulation(scenario, settings)
        self.members = members
        self.joining = joining
    }

    /// The names of the steps, in their order.
    public static let events = ["join", "split into five", "merge"]

    /// Makes one step; nil when it did not come to one secure view for every component.
    public func step(_ event: String) throws -> Step? {
        let (start, messages, deliveries, powers) = (
            simulation.now, simulation.statistics.messages, simulation.statistics.deliveries, simulation.powers
        )
        var isDone = true
        switch event {
        case "join" where joining == .oneByOne:
            for person in 0..<members {
                simulation.plan(connecting: person, at: simulation.now)
                isDone = try simulation.runUntilSettled() && isDone
            }
        case "join":
            for person in 0..<members { simulation.plan(connecting: person, at: simulation.now) }
            isDone = try simulation.runUntilSettled()
        case "split into five":
            simulation.splitIntoFive()
            isDone = try simulation.runUntilSettled()
        default:
            simulation.merge(simulation.live)
            isDone = try simulation.runUntilSettled()
        }
        guard isDone else { return nil }
        return Step(
            members: members, event: joining == .oneByOne ? "\(event), one by one" : event,
            virtualMilliseconds: Double(simulation.now - start) / 1_000,
            messages: simulation.statistics.messages - messages,
            deliveries: simulation.statistics.deliveries - deliveries, exponentiations: simulation.powers - powers)
    }
}

extension Simulation {
    /// Exponentiations of all members so far.
    var powers: Int { nodes.reduce(0) { $0 + Int($1.engine.counters.secure.agreement.exponentiations) } }

    func splitIntoFive() {
        guard let component = live.first else { return }
        var sides = [[Int]](repeating: [], count: 5)
        for (place, member) in components[component].members.enumerated() { sides[place % 5].append(member) }
        reconfigure([component], into: sides)
    }

    /// Runs until every component has one secure view; false when that takes too long.
    func runUntilSettled() throws -> Bool {
        let limit = now + settings.bound
        while let entry = heap.pop() {
            guard entry.time <= limit else { return false }
            now = entry.time
            try handle(entry.kind)
            if isQuiet, isSettled { return true }
        }
        return isSettled
    }

    /// Whether nothing is on its way: what is left to happen is only that time passes.
    private var isQuiet: Bool {
        nodes.allSatisfy { $0.next == nil && $0.lastOrdered <= now }
    }
}
