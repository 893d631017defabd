internal import Arithmetic
internal import Primitives

extension TreeMachine {
    mutating func begin(
        _ run: inout RunContext, after last: CompletedRun?, _ engine: inout AgreementEngine
    ) throws(AgreementError) -> [AgreementAction] {
        if let last { return try beginInBase(&run, after: last, &engine) }
        let share = try engine.freshShare()
        let blinded = try engine.raiseGenerator([share])[0]
        let body = BlindedLeafToken(blinded: blinded.bytes).body
        let token = try run.seal(kinds.leaf, to: nil, body: body, engine: &engine)
        guard run.baseCount == 0 else {
            state = .waitForTree(WaitForTree(share: share, blinded: blinded, in: run))
            return [.multicastAgreed(token)]
        }
        var tree = KeyTree(member: run.members[0].id)
        insert(run.members.dropFirst(), into: &tree)
        let leaf = try tree.leaf(of: run.members[run.position].id, orThrow: .notAMember)
        tree[leaf].blinded = .element(blinded)
        tree[leaf].key = share
        let previous = [UInt8](repeating: 0, count: 32)
        let climb = Climb(share: share, previous: previous, tree: tree, leaf: leaf, sponsor: nil)
        return [.multicastAgreed(token)] + (try advance(climb, in: &run, &engine))
    }

    func insert(_ members: ArraySlice<Participant>, into tree: inout KeyTree) {
        for member in members { _ = tree.insert(member.id, beside: tree.insertionPoint(growth)) }
    }

    /// A member of the base: it takes the leavers out of its tree and adds those who come.
    private mutating func beginInBase(
        _ run: inout RunContext, after last: CompletedRun, _ engine: inout AgreementEngine
    ) throws(AgreementError) -> [AgreementAction] {
        let id = run.members[run.position].id
        guard let kept else { throw .notContinuing }
        let newcomers = run.members[run.baseCount...]
        let staying = Set(run.members.prefix(run.baseCount).map { $0.id })
        let before = kept.tree ?? KeyTree(alone: id, share: kept.share)
        guard let pruned = before.pruned(to: staying) else { throw .notContinuing }
        var tree = pruned.tree
        let sites = pruned.sites
        let sponsor = tree.sponsor(sites: sites, hasNewcomers: !newcomers.isEmpty, growth)
        let leaf = try tree.leaf(of: id, orThrow: .notContinuing)
        var share = kept.share
        // Members only come, and TGDH's sponsor keeps its share; but never that of a run alone, whose blinded key is
        // what the key of that run was made of.
        let isOnlyGrowing = growth == .balanced && sites.isEmpty && !newcomers.isEmpty && kept.tree != nil
        if !isOnlyGrowing, !isBroken(.leaveControllerKeepsShare) {
            if leaf == sponsor { share = try engine.freshShare() }
            tree.renewLeaf(sponsor, key: leaf == sponsor ? share : nil)
        }
        var actions: [AgreementAction] = []
        if run.position == 0, !newcomers.isEmpty {
            let body = KeyTreeToken(previous: last.binding, tree, in: run).body
            actions.append(.multicastAgreed(try run.seal(kinds.tree, to: nil, body: body, engine: &engine)))
        }
        insert(newcomers, into: &tree)
        let climb = Climb(share: share, previous: last.binding, tree: tree, leaf: leaf, sponsor: sponsor)
        return actions + (try advance(climb, in: &run, &engine))
    }
}

extension KeyTree {
    /// The tree of a group of one.
    init(alone member: UInt64, share: Share) {
        self.init(member: member)
        self[root].key = share
    }

    func leaf(of member: UInt64, orThrow error: AgreementError) throws(AgreementError) -> Int {
        guard let leaf = leaf(of: member) else { throw error }
        return leaf
    }

    /// The leaf of the sponsor of a run, in the tree of the base without those who left and those who come.
    ///
    /// Where members have left: the rightmost member below the deepest place where one is missing, so that as many of
    /// these places as possible are above it. In TGDH, when members come, the rightmost beside the first of them. In
    /// all other cases the rightmost of the shallowest: in STR the one on top.
    func sponsor(sites: [Int], hasNewcomers: Bool, _ growth: TreeGrowth) -> Int {
        if hasNewcomers, growth == .balanced { return outermostLeaf(below: insertionPoint(growth)) }
        var chosen = root
        var chosenDepth = -1
        if sites.isEmpty {
            for node in postOrder where self[node].children == nil {
                let depth = depth(of: node)
                if chosenDepth < 0 || depth <= chosenDepth { (chosen, chosenDepth) = (node, depth) }
            }
            return chosen
        }
        for node in postOrder where sites.contains(node) {
            let depth = depth(of: node)
            if depth >= chosenDepth { (chosen, chosenDepth) = (node, depth) }
        }
        return outermostLeaf(below: chosen)
    }
}

extension KeyTreeToken {
    /// A tree whose leaves are members of a run.
    init(previous: [UInt8], _ tree: KeyTree, in run: RunContext) {
        let nodes = tree.postOrder.map { index in
            let node = tree[index]
            return Node(
                place: node.children == nil ? run.position(of: node.member) : nil, blinded: node.blinded?.bytes)
        }
        self.init(previous: previous, nodes: nodes)
    }

    /// The tree that the token describes, of the members of the base: nil when it is not one tree with each of them at
    /// one leaf; when a node has a blinded key although one below it has none, or the root has one; when more than one
    /// member is about to replace its share; and for STR when it is not a line.
    func tree(in run: RunContext, _ growth: TreeGrowth) -> KeyTree? {
        guard nodes.count == 2 * run.baseCount - 1, let last = nodes.last, last.blinded == nil || nodes.count == 1
        else { return nil }
        var builder = KeyTree.Builder()
        var isSeated = [Bool](repeating: false, count: run.baseCount)
        var renewed = 0
        for node in nodes {
            let blinded = node.blinded.map { BlindedKey.received($0) }
            if let place = node.place {
                guard place < run.baseCount, !isSeated[place] else { return nil }
                isSeated[place] = true
                if blinded == nil { renewed += 1 }
                builder.addLeaf(run.members[place].id, blinded: blinded)
            } else {
                guard builder.addParent(blinded: blinded) else { return nil }
            }
        }
        guard let tree = builder.tree, renewed <= 1 else { return nil }
        for node in tree.nodes.indices {
            guard let children = tree[node].children else { continue }
            let isWhole = !tree.isMissing(children.left) && !tree.isMissing(children.right)
            guard isWhole || tree[node].blinded == nil else { return nil }
            guard growth == .balanced || tree[children.right].children == nil else { return nil }
        }
        return tree
    }
}
