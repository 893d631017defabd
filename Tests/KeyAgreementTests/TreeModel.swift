@testable import Arithmetic
import Primitives
import Testing

@testable import KeyAgreement

/// What a key tree must be, written down once more in the plainest way: the oracle of TGDH and STR.
indirect enum TreeModel: Equatable {
    case leaf(UInt64)
    case node(TreeModel, TreeModel)

    var height: Int {
        switch self {
        case .leaf: 0
        case .node(let left, let right): 1 + max(left.height, right.height)
        }
    }

    var members: [UInt64] {
        switch self {
        case .leaf(let member): [member]
        case .node(let left, let right): left.members + right.members
        }
    }

    func depth(of member: UInt64) -> Int? {
        switch self {
        case .leaf(let own): own == member ? 0 : nil
        case .node(let left, let right): (left.depth(of: member) ?? right.depth(of: member)).map { $0 + 1 }
        }
    }

    func without(_ leaver: UInt64) -> TreeModel? {
        switch self {
        case .leaf(let member): return member == leaver ? nil : self
        case .node(let left, let right):
            switch (left.without(leaver), right.without(leaver)) {
            case (nil, nil): return nil
            case (let rest?, nil), (nil, let rest?): return rest
            case (let left?, let right?): return .node(left, right)
            }
        }
    }

    func adding(_ member: UInt64, _ growth: TreeGrowth) -> TreeModel {
        guard growth == .balanced else { return .node(self, .leaf(member)) }
        for depth in 0...height {
            if let grown = inserting(member, at: depth, within: height - depth) { return grown }
        }
        return .node(self, .leaf(member))
    }

    /// The member beside the rightmost node at a depth below which there is room for one more level.
    private func inserting(_ member: UInt64, at depth: Int, within limit: Int) -> TreeModel? {
        if depth == 0 { return height + 1 <= limit ? .node(self, .leaf(member)) : nil }
        guard case .node(let left, let right) = self else { return nil }
        if let grown = right.inserting(member, at: depth - 1, within: limit) { return .node(left, grown) }
        return left.inserting(member, at: depth - 1, within: limit).map { .node($0, right) }
    }

    /// The model of a tree.
    init(_ tree: KeyTree, at node: Int? = nil) {
        let node = node ?? tree.root
        if let children = tree[node].children {
            self = .node(TreeModel(tree, at: children.left), TreeModel(tree, at: children.right))
        } else {
            self = .leaf(tree[node].member)
        }
    }
}

extension Scenario.Member {
    /// What TGDH and STR keep of the last run.
    var tree: TreeMachine.Kept {
        guard case .tree(let machine) = context.machine, let kept = machine.kept else { fatalError("no key tree") }
        return kept
    }
}

extension Scenario {
    /// The key of a node, and the blinded keys of all nodes below it in the order of `KeyTree.postOrder`, computed from
    /// everybody's shares.
    private func keys(
        _ model: TreeModel, _ arithmetic: inout ExponentiationContext
    ) throws -> (key: Share, secret: [UInt8], blinded: [[UInt8]]) {
        let key: Share
        var secret: [UInt8] = []
        var below: [[UInt8]] = []
        switch model {
        case .leaf(let member): key = self[member].tree.share
        case .node(let left, let right):
            let left = try keys(left, &arithmetic)
            let right = try keys(right, &arithmetic)
            let blinded = try arithmetic.power(arithmetic.generator, left.key.scalar)
            let element = try arithmetic.secretPower(blinded, right.key.scalar)
            secret = element.bytes.withBytes { Array($0) }
            key = Share(try arithmetic.exponent(from: element))
            below = left.blinded + right.blinded
        }
        return (key, secret, below + [try arithmetic.power(arithmetic.generator, key.scalar).bytes])
    }

    /// All members hold the model's tree with all its blinded keys, and the key of its root.
    func expectTree(_ model: TreeModel) throws {
        var arithmetic = ExponentiationContext(group: suite.group)
        let expected = try keys(model, &arithmetic)
        for id in model.members {
            let member = self[id]
            let tree = try #require(member.tree.tree)
            #expect(TreeModel(tree) == model)
            let held = tree.postOrder.map { tree[$0].blinded?.bytes }
            #expect(held.last == .some(nil))
            #expect(held.dropLast().elementsEqual(expected.blinded.dropLast().map { Optional($0) }))
            #expect(member.context.phase == .idle)
            // The keys that it knows are those of its path.
            let leaf = try #require(tree.leaf(of: id))
            for node in tree.nodes.indices {
                #expect((tree[node].key != nil) == tree.isAtOrAbove(node, leaf))
                guard let key = tree[node].key, let blinded = tree[node].blinded else { continue }
                #expect(try arithmetic.power(arithmetic.generator, key.scalar).bytes == blinded.bytes)
            }
            let root = SecretElement(group: suite.group, bytes: SecretBytes(copying: expected.secret.span))
            let key = try GroupKey(from: root, binding: member.context.completed!.binding)
            #expect(member.context.fingerprint == key.fingerprint)
        }
    }
}
