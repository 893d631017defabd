/// How a suite's members agree on a key.
///
/// A new agreement begins here: the compiler then asks, in every `switch` over these cases, what it has to say
/// (docs/architecture.md lists the places).
public enum AgreementProtocol: UInt8, Sendable, Equatable, CaseIterable {
    /// GDH IKA.2 (paper §3.2).
    case gdh = 1
    /// Centralized key distribution by the oldest member (paper §6.4).
    case ckd = 2
    /// TGDH: a key tree that is kept low.
    case tgdh = 3
    /// STR: a key tree that is a line.
    case str = 4
    /// Burmester and Desmedt's two rounds, with a confirmation.
    case bd = 5

    /// As the names of suites begin with it.
    public var name: StaticString {
        switch self {
        case .gdh: "GDH"
        case .ckd: "CKD"
        case .tgdh: "TGDH"
        case .str: "STR"
        case .bd: "BD"
        }
    }

    /// Whether the members at the front of a run's list, its base, continue with what they keep of the last run. Where
    /// nobody does, every run is one from scratch, and there is no base that a new member would have to learn.
    public var hasBase: Bool {
        switch self {
        case .gdh, .ckd, .tgdh, .str: true
        case .bd: false
        }
    }

    /// The place of the member who sends the AGREED message that ends a run, of so many members.
    public func confirmer(of count: Int) -> Int {
        switch self {
        case .gdh: count - 1
        case .ckd, .tgdh, .str, .bd: 0
        }
    }

    /// The place of the member whose token is the first that the member at `place` gets, when it is not in the base.
    public func firstSender(before place: Int) -> Int {
        switch self {
        case .gdh: max(place - 1, 0)
        case .ckd, .tgdh, .str, .bd: 0
        }
    }

    /// A machine for it, before its first run.
    var machine: SuiteMachine {
        switch self {
        case .gdh: .gdh(GDHMachine())
        case .ckd: .ckd(CKDMachine())
        case .tgdh: .tree(TreeMachine(.balanced))
        case .str: .tree(TreeMachine(.skewed))
        case .bd: .bd(BDMachine())
        }
    }
}
