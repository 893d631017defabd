internal import Arithmetic

/// GDH IKA.2 (paper §3.2): in the end all members hold g to the product of everybody's share. The states are in
/// `GDHState`.
struct GDHMachine: AgreementMachine {
    /// What a member keeps of the last run that it completed.
    struct Kept {
        /// One for each member, in the order of that run.
        let partialKeys: [PartialKey]
        let share: Share
    }

    var state = GDHState.idle
    private(set) var kept: Kept?

    mutating func abandon() { state = .idle }

    mutating func keepAlone(_ share: Share, generator: Element) {
        keep(Kept(partialKeys: [.element(generator)], share: share))
    }

    /// The run is complete.
    mutating func keep(_ kept: Kept) {
        self.kept = kept
        state = .idle
    }

    var phase: AgreementPhase {
        switch state {
        case .idle: .idle
        case .waitForPartialToken: .waitForPartialToken
        case .waitForFinalToken: .waitForFinalToken
        case .collectFactOuts: .collectFactOuts
        case .waitForKeyList: .waitForKeyList
        }
    }

    func awaited(in run: RunContext) -> [Int] {
        switch state {
        case .idle: []
        case .waitForPartialToken: [run.position - 1]
        case .waitForFinalToken, .waitForKeyList: [run.controller]
        case .collectFactOuts(let state): run.members.indices.filter { state.isMissing($0) }
        }
    }
}
