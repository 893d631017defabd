import Traces

/// Why an event can never meet a state.
public enum Obstacle: CaseIterable, Sendable {
    case noSuchState, otherAgreement, noView, isAsked, isBound, isUntimed, hasEnded

    public var text: String {
        switch self {
        case .noSuchState: "The basic algorithm has neither SJ nor M."
        case .otherAgreement: "PT, FT, FO and their tokens are GDH's; other agreements have A and Token."
        case .noView: "A member in SJ has no VS view, and only in a view does Flush deliver, signal or ask."
        case .isAsked: "Flush asks once in a VS view, and whoever is in M or CM has acknowledged."
        case .isBound: "Flush installs a VS view only after this member's acknowledgement, which leads to M or CM."
        case .isUntimed: "Only an agreement has a deadline."
        case .hasEnded: "The engine hands nothing on to a machine whose membership has ended."
        }
    }
}

/// Which event can meet which state in an engine, the network tampering as it likes. All else that arrives in a VS view
/// can be anything: Flush does not authenticate what the layer above sends, so that tampering can change its kind.
public enum PossibleCells {
    /// Why an event cannot meet a state; nil when it can.
    public static func obstacle(
        _ state: Phase, _ event: RobustEvent, algorithm: String, isGDH: Bool = true
    ) -> Obstacle? {
        let others: (states: [Phase], events: [RobustEvent]) =
            isGDH ? ([.A], [.token]) : ([.PT, .FT, .FO], [.partialToken, .finalToken, .factOut])
        guard !others.states.contains(state), !others.events.contains(event) else { return .otherAgreement }
        switch state {
        case .SJ, .M: if algorithm == "basic" { return .noSuchState }
        case .over: return .hasEnded
        case .S, .PT, .FT, .FO, .KL, .CM, .A: break
        }
        switch event {
        // The application may call whatever it likes at any time.
        case .userMessage, .secureFlushOk: return nil
        case .partialToken, .finalToken, .factOut, .token, .keyList, .dataMessage, .restart, .garbage,
            .transitionalSignal:
            return state == .SJ ? .noView : nil
        case .membership: return [.SJ, .M, .CM].contains(state) ? nil : .isBound
        case .flushRequest: return state == .SJ ? .noView : [.M, .CM].contains(state) ? .isAsked : nil
        case .tick: return [.PT, .FT, .FO, .KL, .A].contains(state) ? nil : .isUntimed
        }
    }
}

/// How much of what is possible was seen.
public struct CellCoverage: Sendable {
    public private(set) var possible = 0
    public private(set) var covered = 0
    /// Possible cells that were not seen, as "state event".
    public private(set) var missing: [String] = []
    /// Cells that were seen although they are said to be impossible, with the reason for that.
    public private(set) var contradictions: [String] = []

    /// - Parameters:
    ///   - isGDH: whether the members agreed with GDH.
    ///   - isSeen: whether a cell was seen.
    public init(algorithm: String, isGDH: Bool = true, isSeen: (Phase, RobustEvent) -> Bool) {
        for state in Phase.allCases {
            for event in RobustEvent.allCases {
                let (name, isSeen) = ("\(state) \(event.rawValue)", isSeen(state, event))
                if let obstacle = PossibleCells.obstacle(state, event, algorithm: algorithm, isGDH: isGDH) {
                    if isSeen { contradictions.append("\(name) was taken, and cannot be: \(obstacle.text)") }
                } else {
                    possible += 1
                    if isSeen { covered += 1 } else { missing.append(name) }
                }
            }
        }
    }

    /// Of a table.
    public init(_ table: StateEventTable, algorithm: String, isGDH: Bool = true) {
        let seen = table.cells[algorithm] ?? [:]
        self.init(algorithm: algorithm, isGDH: isGDH) { seen[StateEventTable.Cell(before: $0, event: $1)] != nil }
    }

    public var text: String { "\(covered) of \(possible) possible cells covered" }
}
