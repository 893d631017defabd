internal import Arithmetic

/// TGDH and STR: in the end all members hold the key of the root of one key tree. The states are in `TreeState`.
///
/// Every run begins with a tree from which leavers are taken away and to which new members are added, in a way that
/// follows from the tree and the membership alone. Then all that is missing of it is computed by those who have to
/// (`KeyTree.duties`), each in one multicast as soon as it can, in as many rounds as it takes. All tokens are AGREED,
/// so that all members see one tree grow in one order.
///
/// The sponsor is a member of the base, and answers for the whole path above its leaf: where members have left or a key
/// is refreshed it replaces its share, in STR always. When members only come, a new share of theirs is in the key, and
/// the key of no node is ever anything else but a step on the way: in TGDH, as first published, the sponsor keeps its
/// share then.
struct TreeMachine: AgreementMachine {
    /// What a member keeps of the last run that it completed.
    struct Kept {
        /// nil after a run alone.
        let tree: KeyTree?
        let share: Share
    }

    let growth: TreeGrowth
    var state = TreeState.idle
    private(set) var kept: Kept?

    init(_ growth: TreeGrowth) { self.growth = growth }

    mutating func abandon() { state = .idle }

    mutating func keepAlone(_ share: Share, generator: Element) { keep(Kept(tree: nil, share: share)) }

    /// The run is complete.
    mutating func keep(_ kept: Kept) {
        self.kept = kept
        state = .idle
    }

    /// The kinds of its tokens.
    var kinds: TreeTokenKinds { TreeTokenKinds(growth) }

    // The protocol's two questions are asked between tokens, when all is computed that can be.

    var phase: AgreementPhase {
        switch state {
        case .idle: .idle
        // Its leaf is out, and only the tree tells whether a path of it is needed besides.
        case .waitForTree: .waitForKeyList
        case .climb(let climb): climb.isDone(growth) ? .waitForKeyList : .collectBlindedKeys
        }
    }

    func awaited(in run: RunContext) -> [Int] {
        switch state {
        case .idle: return []
        case .waitForTree: return [run.controller]
        case .climb(let climb):
            let missing = run.members.indices.filter { place in
                guard let leaf = climb.tree.leaf(of: run.members[place].id), leaf != climb.leaf else { return false }
                return climb.isLacking(leaf, place >= run.baseCount)
                    || !climb.tree.duties(of: leaf, sponsor: climb.sponsor, growth).isEmpty
            }
            return missing.isEmpty ? [run.controller] : missing
        }
    }
}

/// The kinds of tokens, which are another suite's for each way of growing.
struct TreeTokenKinds {
    let leaf: TokenEnvelope.Kind
    let tree: TokenEnvelope.Kind
    let path: TokenEnvelope.Kind
    let confirmation: TokenEnvelope.Kind

    init(_ growth: TreeGrowth) {
        switch growth {
        case .balanced:
            (leaf, tree, path, confirmation) = (.tgdhLeaf, .tgdhTree, .tgdhPath, .tgdhConfirmation)
        case .skewed:
            (leaf, tree, path, confirmation) = (.strLeaf, .strTree, .strPath, .strConfirmation)
        }
    }
}
