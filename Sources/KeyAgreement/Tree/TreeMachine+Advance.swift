internal import Arithmetic
internal import Primitives

extension TreeMachine {
    /// Computes what can be computed, and sends what follows from it: the blinded keys that this member has to compute,
    /// once it can compute all of them, and the oldest member's confirmation, once nothing is missing any more.
    mutating func advance(
        _ before: Climb, in run: inout RunContext, _ engine: inout AgreementEngine
    ) throws(AgreementError) -> [AgreementAction] {
        var climb = before
        var actions: [AgreementAction] = []
        try climb.ascend(in: run, &engine)
        let duties = climb.tree.duties(of: climb.leaf, sponsor: climb.sponsor, growth)
        if let highest = duties.last, climb.tree[highest].key != nil {
            let body = try climb.blind(duties, &engine).body
            actions.append(.multicastAgreed(try run.seal(kinds.path, to: nil, body: body, engine: &engine)))
        }
        if run.position == run.controller, climb.confirmation == nil, let key = climb.key, climb.tree.isComplete {
            let confirmation = TreeConfirmation(
                previous: climb.previous,
                confirmation: try key.confirmation(of: climb.previous, binding: run.binding))
            let token = try run.seal(kinds.confirmation, to: nil, body: confirmation.body, engine: &engine)
            climb.confirmation = token
            actions.append(.multicastAgreed(token))
        }
        climb.isConfirmer = run.position == run.controller
        state = .climb(climb)
        return actions
    }
}

extension Climb {
    /// Whether nothing that the run needs is still to come from this member.
    func isDone(_ growth: TreeGrowth) -> Bool {
        (!isConfirmer || confirmation != nil) && tree.duties(of: leaf, sponsor: sponsor, growth).isEmpty
    }

    /// Whether the blinded key of a leaf is still to come from a new member.
    func isLacking(_ leaf: Int, _ isNew: Bool) -> Bool { isNew && tree[leaf].blinded == nil }

    /// Takes the blinded keys of another member's path: exactly those that it has to compute.
    mutating func take(
        _ token: BlindedPathToken, of member: UInt64, _ growth: TreeGrowth
    ) throws(AgreementError) {
        guard token.previous == previous else { throw .wrongRun }
        let leaf = try tree.leaf(of: member, orThrow: .wrongSender)
        let duties = tree.duties(of: leaf, sponsor: sponsor, growth)
        guard !duties.isEmpty else { throw .wrongSender }
        guard duties.count == token.blinded.count else { throw .malformed }
        for (node, blinded) in zip(duties, token.blinded) { tree[node].blinded = .received(blinded) }
    }

    /// Computes the keys above the own leaf as far as the blinded keys beside the path are there, and checks all of
    /// those that are: whoever sent a bad one is then refused at once.
    mutating func ascend(in run: RunContext, _ engine: inout AgreementEngine) throws(AgreementError) {
        var node = leaf
        var canCompute = true
        while let parent = tree[node].parent, let beside = tree.sibling(of: node) {
            let sibling: Element?
            switch tree[beside].blinded {
            case .element(let element): sibling = element
            case .received(let bytes):
                let element = try engine.check(bytes)
                tree[beside].blinded = .element(element)
                sibling = element
            case .none: sibling = nil
            }
            if tree[parent].key == nil {
                if canCompute, let sibling, let key = tree[node].key {
                    let binding = tree.isRoot(parent) ? run.binding : nil
                    let computed = try engine.nodeKey(sibling, key, binding: binding)
                    tree[parent].key = computed.node
                    if let group = computed.group { self.key = group }
                } else {
                    canCompute = false
                }
            }
            node = parent
        }
    }

    /// Computes the blinded keys of nodes whose keys are known.
    fileprivate mutating func blind(
        _ nodes: [Int], _ engine: inout AgreementEngine
    ) throws(AgreementError) -> BlindedPathToken {
        let blinded = try engine.raiseGenerator(nodes.compactMap { tree[$0].key })
        guard blinded.count == nodes.count else { throw .cryptography }
        for (node, element) in zip(nodes, blinded) { tree[node].blinded = .element(element) }
        return BlindedPathToken(previous: previous, blinded: blinded.map { $0.bytes })
    }
}
