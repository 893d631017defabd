internal import Arithmetic
internal import Primitives

extension TreeMachine {
    mutating func receive(
        _ token: ReceivedToken, in run: inout RunContext, _ engine: inout AgreementEngine
    ) throws(AgreementError) -> AgreementStep? {
        let kind = token.envelope.kind
        if token.position == run.position { return receiveOwn(token) }
        switch state {
        case .idle: throw .wrongPhase
        case .waitForTree(let waiting):
            if kind == kinds.leaf { return try receiveLeaf(token, waiting, in: run, &engine) }
            if kind == kinds.tree { return try receiveTree(token, waiting, in: &run, &engine) }
            if kind == kinds.path { return try receivePath(token, waiting, in: run, &engine) }
            throw .wrongPhase
        case .climb(let climb):
            if kind == kinds.leaf { return try receiveLeaf(token, climb, in: &run, &engine) }
            // Those who are in the base have sent it, or know what is in it.
            if kind == kinds.tree, run.position < run.baseCount, token.position == 0 { return nil }
            if kind == kinds.path { return try receivePath(token, climb, in: &run, &engine) }
            if kind == kinds.confirmation { return try receiveConfirmation(token, climb, in: run, &engine) }
            throw .wrongPhase
        }
    }

    /// A multicast that came back: of interest is only the one that ends the run. Its signature needs no check: it is
    /// the very token that was sent.
    private mutating func receiveOwn(_ token: ReceivedToken) -> AgreementStep? {
        guard case .climb(let climb) = state, let key = climb.key, token.bytes == climb.confirmation else { return nil }
        keep(Kept(tree: climb.tree, share: climb.share))
        return AgreementStep(key: key)
    }
}

// MARK: - Before the tree is known

extension TreeMachine {
    private mutating func receiveLeaf(
        _ token: ReceivedToken, _ waiting: WaitForTree, in run: RunContext, _ engine: inout AgreementEngine
    ) throws(AgreementError) -> AgreementStep {
        guard token.position >= run.baseCount else { throw .wrongSender }
        guard waiting.leaves[token.position] == nil else { throw .replayed }
        try token.authenticate(in: run, &engine)
        let leaf = try BlindedLeafToken(reading: token.envelope.body, elementSize: engine.elementSize)
        var waiting = waiting
        waiting.leaves[token.position] = .received(leaf.blinded)
        state = .waitForTree(waiting)
        return AgreementStep()
    }

    /// Some member of the base had nothing to wait for.
    private mutating func receivePath(
        _ token: ReceivedToken, _ waiting: WaitForTree, in run: RunContext, _ engine: inout AgreementEngine
    ) throws(AgreementError) -> AgreementStep {
        guard token.position < run.baseCount else { throw .wrongSender }
        guard !waiting.hasPath(of: token.position) else { throw .replayed }
        try token.authenticate(in: run, &engine)
        let path = try BlindedPathToken(reading: token.envelope.body, elementSize: engine.elementSize)
        var waiting = waiting
        waiting.keep(path, of: token.position)
        state = .waitForTree(waiting)
        return AgreementStep()
    }

    private mutating func receiveTree(
        _ token: ReceivedToken, _ waiting: WaitForTree, in run: inout RunContext, _ engine: inout AgreementEngine
    ) throws(AgreementError) -> AgreementStep {
        guard token.position == 0 else { throw .wrongSender }
        try token.authenticate(in: run, &engine)
        let received = try KeyTreeToken(reading: token.envelope.body, elementSize: engine.elementSize)
        guard var tree = received.tree(in: run, growth) else { throw .malformed }
        // Whoever replaces its share is the sponsor; without such a one it is the member beside the first who comes.
        let renewed = tree.nodes.indices.first { tree[$0].children == nil && tree[$0].blinded == nil }
        let sponsor = renewed ?? tree.sponsor(sites: [], hasNewcomers: true, growth)
        insert(run.members[run.baseCount...], into: &tree)
        for (place, leaf) in waiting.leaves.enumerated() {
            guard let leaf, let node = tree.leaf(of: run.members[place].id) else { continue }
            tree[node].blinded = leaf
        }
        let leaf = try tree.leaf(of: run.members[run.position].id, orThrow: .notAMember)
        tree[leaf].key = waiting.share
        var climb = Climb(
            share: waiting.share, previous: received.previous, tree: tree, leaf: leaf, sponsor: sponsor)
        for path in waiting.paths { try climb.take(path.token, of: run.members[path.place].id, growth) }
        return AgreementStep(actions: try advance(climb, in: &run, &engine))
    }
}

// MARK: - With the tree

extension TreeMachine {
    private mutating func receiveLeaf(
        _ token: ReceivedToken, _ climb: Climb, in run: inout RunContext, _ engine: inout AgreementEngine
    ) throws(AgreementError) -> AgreementStep {
        guard token.position >= run.baseCount else { throw .wrongSender }
        let node = try climb.tree.leaf(of: run.members[token.position].id, orThrow: .wrongSender)
        guard climb.tree[node].blinded == nil else { throw .replayed }
        try token.authenticate(in: run, &engine)
        let leaf = try BlindedLeafToken(reading: token.envelope.body, elementSize: engine.elementSize)
        var climb = climb
        climb.tree[node].blinded = .received(leaf.blinded)
        return AgreementStep(actions: try advance(climb, in: &run, &engine))
    }

    private mutating func receivePath(
        _ token: ReceivedToken, _ climb: Climb, in run: inout RunContext, _ engine: inout AgreementEngine
    ) throws(AgreementError) -> AgreementStep {
        try token.authenticate(in: run, &engine)
        let path = try BlindedPathToken(reading: token.envelope.body, elementSize: engine.elementSize)
        var climb = climb
        try climb.take(path, of: run.members[token.position].id, growth)
        return AgreementStep(actions: try advance(climb, in: &run, &engine))
    }

    private mutating func receiveConfirmation(
        _ token: ReceivedToken, _ climb: Climb, in run: RunContext, _ engine: inout AgreementEngine
    ) throws(AgreementError) -> AgreementStep {
        guard token.position == run.controller else { throw .wrongSender }
        guard let key = climb.key, climb.isDone(growth), climb.tree.isComplete else { throw .wrongPhase }
        try token.authenticate(in: run, &engine)
        let received = try TreeConfirmation(reading: token.envelope.body)
        guard received.previous == climb.previous else { throw .wrongRun }
        guard try key.isConfirmed(by: received.confirmation, of: climb.previous, binding: run.binding) else {
            throw .keyConfirmation
        }
        keep(Kept(tree: climb.tree, share: climb.share))
        return AgreementStep(key: key)
    }
}
