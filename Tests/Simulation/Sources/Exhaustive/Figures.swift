import Traces

/// A transition of the paper's state machines, from the pseudo-code behind the figures (appendices A and B).
struct FigureTransition: Sendable {
    let from: Phase
    let event: RobustEvent
    let to: Phase
    let outcome: RobustOutcome
    /// The smallest group in which it can occur.
    var members = 2
}

/// Figures 2 and 3 as tables: the names of states and events are the paper's.
enum Figures {
    /// The figure of an algorithm, and its transitions.
    static func figure(of algorithm: String) -> (name: String, transitions: [FigureTransition]) {
        algorithm == "basic"
            ? ("figure 2", agreement + secure(next: .CM) + basicCascading)
            : ("figure 3", agreement + secure(next: .M) + selfJoin + membership + cascading)
    }

    private static func accepted(
        _ from: Phase, _ event: RobustEvent, _ to: Phase, members: Int = 2
    ) -> FigureTransition {
        FigureTransition(from: from, event: event, to: to, outcome: .accepted, members: members)
    }

    /// "User_Message, Secure_Flush_Ok: illegal, return an error to the user".
    private static func illegal(_ state: Phase) -> [FigureTransition] {
        [RobustEvent.userMessage, .secureFlushOk].map {
            FigureTransition(from: state, event: $0, to: state, outcome: .refused)
        }
    }

    /// Algorithm 3.
    private static func secure(next: Phase) -> [FigureTransition] {
        [
            accepted(.S, .dataMessage, .S), accepted(.S, .userMessage, .S), accepted(.S, .flushRequest, .S),
            accepted(.S, .secureFlushOk, next), accepted(.S, .transitionalSignal, .S),
            FigureTransition(from: .S, event: .secureFlushOk, to: .S, outcome: .refused),
        ]
    }

    /// Algorithms 4 to 7: the suite's own states, the same in both figures.
    private static let agreement: [FigureTransition] =
        [
            // 4: whoever is not last passes the token on.
            accepted(.PT, .partialToken, .FT, members: 3), accepted(.PT, .partialToken, .FO),
            accepted(.PT, .flushRequest, .CM), accepted(.PT, .transitionalSignal, .PT),
            // 5: a key list after the signal has no effect.
            accepted(.KL, .keyList, .S),
            FigureTransition(from: .KL, event: .keyList, to: .KL, outcome: .ignored),
            accepted(.KL, .flushRequest, .CM), accepted(.KL, .flushRequest, .KL),
            accepted(.KL, .transitionalSignal, .KL), accepted(.KL, .transitionalSignal, .CM),
            // 6
            accepted(.FT, .finalToken, .KL), accepted(.FT, .flushRequest, .CM), accepted(.FT, .transitionalSignal, .FT),
            // 7: until the list is ready.
            accepted(.FO, .factOut, .FO, members: 3), accepted(.FO, .factOut, .KL), accepted(.FO, .flushRequest, .CM),
            accepted(.FO, .transitionalSignal, .FO),
        ] + illegal(.PT) + illegal(.KL) + illegal(.FT) + illegal(.FO)

    /// Algorithm 8. It delivers data only in the basic algorithm: by lemma B.2 none comes here in the other.
    private static let cascading: [FigureTransition] =
        [
            accepted(.CM, .transitionalSignal, .CM), accepted(.CM, .membership, .FT), accepted(.CM, .membership, .PT),
            accepted(.CM, .membership, .S),
        ]
        + [RobustEvent.partialToken, .finalToken, .factOut, .keyList].map {
            FigureTransition(from: .CM, event: $0, to: .CM, outcome: .ignored)
        } + illegal(.CM)

    private static let basicCascading = cascading + [accepted(.CM, .dataMessage, .CM)]

    /// Algorithm 9.
    private static let selfJoin: [FigureTransition] =
        [accepted(.SJ, .membership, .FT), accepted(.SJ, .membership, .PT), accepted(.SJ, .membership, .S)]
        + illegal(.SJ)

    /// Algorithm 10.
    private static let membership: [FigureTransition] =
        [
            accepted(.M, .dataMessage, .M), accepted(.M, .transitionalSignal, .M), accepted(.M, .membership, .KL),
            accepted(.M, .membership, .FT), accepted(.M, .membership, .PT), accepted(.M, .membership, .S),
        ] + illegal(.M)
}

/// A transition that our machines take and the figures do not have, and why.
struct TransitionBeyond: Sendable {
    let from: Phase
    let event: RobustEvent
    let to: Phase
    let outcome: RobustOutcome
    let reason: BeyondReason
}

/// Why, once for each reason: `docs/decisions/0008-transitions-beyond-the-figures.md` quotes these sentences.
enum BeyondReason: CaseIterable, Sendable {
    case ownToken, abandonedRun, overtakes, abandonedView, announcement

    var text: String {
        switch self {
        case .ownToken:
            """
            A broadcast comes back to its sender, and the controller computes its key then, while it waits for the \
            others.
            """
        case .abandonedRun:
            """
            After the transitional signal the run installs nothing any more (Key_List in KL): what would only lead to \
            a key list is ignored from then on.
            """
        case .overtakes:
            """
            FIFO data of a member that has installed the view may overtake the AGREED key list (lemma A.4 is about \
            causal data): it waits for the list, and is dropped with the run.
            """
        case .abandonedView:
            "Data under a key that this member will never have: the view ended for it without the key list."
        case .announcement:
            """
            A controller that acknowledges a flush before it has sent the key list says so, AGREED; whoever waits in \
            KL for that list, where nobody is lost and no signal need come, acknowledges then.
            """
        }
    }
}

enum TransitionsBeyond {
    static let all: [TransitionBeyond] = [
        beyond(.FO, .finalToken, .FO, .accepted, .ownToken),
        beyond(.KL, .finalToken, .KL, .accepted, .ownToken),
        beyond(.PT, .partialToken, .PT, .ignored, .abandonedRun),
        beyond(.FT, .finalToken, .FT, .ignored, .abandonedRun),
        beyond(.FO, .finalToken, .FO, .ignored, .abandonedRun),
        beyond(.FO, .factOut, .FO, .ignored, .abandonedRun),
        beyond(.KL, .finalToken, .KL, .ignored, .abandonedRun),
        beyond(.KL, .dataMessage, .KL, .accepted, .overtakes),
        beyond(.KL, .dataMessage, .KL, .ignored, .overtakes),
        beyond(.CM, .dataMessage, .CM, .ignored, .abandonedView),
        beyond(.PT, .restart, .PT, .accepted, .announcement),
        beyond(.FT, .restart, .FT, .accepted, .announcement),
        beyond(.KL, .restart, .KL, .accepted, .announcement),
        beyond(.KL, .restart, .CM, .accepted, .announcement),
        beyond(.PT, .restart, .PT, .ignored, .announcement),
        beyond(.FT, .restart, .FT, .ignored, .announcement),
        beyond(.KL, .restart, .KL, .ignored, .announcement),
        beyond(.CM, .restart, .CM, .ignored, .announcement),
    ]

    private static func beyond(
        _ from: Phase, _ event: RobustEvent, _ to: Phase, _ outcome: RobustOutcome, _ reason: BeyondReason
    ) -> TransitionBeyond {
        TransitionBeyond(from: from, event: event, to: to, outcome: outcome, reason: reason)
    }

    /// The list as the decision quotes it: each reason, and the transitions that it is for.
    static var document: String {
        BeyondReason.allCases.map { reason in
            let transitions = all.filter { $0.reason == reason }.map {
                "- `" + Comparison.text($0.from, $0.event, $0.to, $0.outcome) + "`"
            }
            return "\(reason.text)\n\n" + transitions.joined(separator: "\n")
        }.joined(separator: "\n\n")
    }
}
