internal import Arithmetic

/// How a key tree grows.
enum TreeGrowth {
    /// TGDH: as low as it can be kept.
    case balanced
    /// STR: each new member on top of all others, so that every right child is a leaf.
    case skewed
}

/// A blinded key of a tree: g to the power of a node's key.
enum BlindedKey {
    /// Received, and checked to be in the subgroup only when it is used.
    case received([UInt8])
    /// Checked, or computed here.
    case element(Element)

    var bytes: [UInt8] {
        switch self {
        case .received(let bytes): bytes
        case .element(let element): element.bytes
        }
    }
}

/// A key tree of TGDH or STR: a binary tree with a member at each leaf. The key of a leaf is its member's share; that
/// of an inner node is g to the product of its children's, for which one needs the key of one child and the blinded key
/// of the other. The key of the root is the group's.
///
/// The shape and the blinded keys are public and the same at all members. The keys are those on the path of one member
/// from its leaf to the root, as far as it knows them.
struct KeyTree {
    struct Node {
        /// nil for the root.
        fileprivate(set) var parent: Int? = nil
        /// nil for a leaf.
        fileprivate(set) var children: Children? = nil
        /// The identifier of a leaf's member.
        fileprivate(set) var member: UInt64 = 0
        /// 0 for a leaf.
        fileprivate(set) var height = 0
        /// How many leaves are below it, itself included.
        fileprivate(set) var leafCount = 1
        /// nil while it is missing, and of the root.
        var blinded: BlindedKey? = nil
        /// nil while it is not known.
        var key: Share? = nil

        /// Whether there is a leaf in every place that its height has room for.
        fileprivate var isFull: Bool { height < Int.bitWidth - 1 && leafCount == 1 << height }
    }

    struct Children {
        var left: Int
        var right: Int
    }

    private(set) var nodes: [Node]
    private(set) var root: Int

    /// A tree of one member.
    init(member: UInt64) {
        nodes = [Node(member: member)]
        root = 0
    }

    private init(nodes: [Node], root: Int) {
        self.nodes = nodes
        self.root = root
    }

    subscript(_ node: Int) -> Node {
        get { nodes[node] }
        set { nodes[node] = newValue }
    }

    func isRoot(_ node: Int) -> Bool { node == root }

    func leaf(of member: UInt64) -> Int? { nodes.firstIndex { $0.children == nil && $0.member == member } }

    /// The other child of a node's parent; nil for the root.
    func sibling(of node: Int) -> Int? {
        guard let parent = nodes[node].parent, let children = nodes[parent].children else { return nil }
        return children.left == node ? children.right : children.left
    }

    /// How many nodes are above.
    func depth(of node: Int) -> Int {
        var depth = 0
        var node = node
        while let parent = nodes[node].parent {
            depth += 1
            node = parent
        }
        return depth
    }

    /// All nodes, children before their parents and left before right; the root is the last.
    var postOrder: [Int] {
        var order: [Int] = []
        order.reserveCapacity(nodes.count)
        // The reverse of: the node, its right child's subtree, its left child's.
        var waiting = [root]
        while let node = waiting.popLast() {
            order.append(node)
            guard let children = nodes[node].children else { continue }
            waiting.append(children.left)
            waiting.append(children.right)
        }
        order.reverse()
        return order
    }

    /// Whether a node is the given one or above it.
    func isAtOrAbove(_ node: Int, _ below: Int) -> Bool {
        var below: Int? = below
        while let next = below {
            if next == node { return true }
            below = nodes[next].parent
        }
        return false
    }

    /// Whether a blinded key is missing. The root has none, and lacks none.
    func isMissing(_ node: Int) -> Bool { nodes[node].blinded == nil && node != root }

    /// Whether all blinded keys are there.
    var isComplete: Bool { !nodes.indices.contains { isMissing($0) } }
}

// MARK: - Change

extension KeyTree {
    /// The blinded key of a node has changed, or its place: nothing above it is what it was.
    private mutating func invalidate(above node: Int) {
        var above = nodes[node].parent
        while let next = above {
            nodes[next].blinded = nil
            nodes[next].key = nil
            above = nodes[next].parent
        }
    }

    /// The key of a leaf has changed; only its own member knows the new one.
    mutating func renewLeaf(_ leaf: Int, key: Share?) {
        nodes[leaf].blinded = nil
        nodes[leaf].key = key
        invalidate(above: leaf)
    }

    /// The tree without all other members: a node that loses a child makes way for the other one. `sites` are the nodes
    /// that moved up so. nil when nobody stays.
    func pruned(to staying: Set<UInt64>) -> (tree: KeyTree, sites: [Int])? {
        /// What has become of a node: whatever stands in its place, and whether that has another key.
        struct Outcome {
            var node: Int?
            var isChanged = false
        }
        var outcomes = [Outcome](repeating: Outcome(node: nil), count: nodes.count)
        var kept: [Node] = []
        kept.reserveCapacity(nodes.count)
        var sites: [Int] = []
        for old in postOrder {
            guard let children = nodes[old].children else {
                guard staying.contains(nodes[old].member) else {
                    outcomes[old].isChanged = true
                    continue
                }
                outcomes[old].node = kept.count
                kept.append(nodes[old])
                kept[kept.count - 1].parent = nil
                continue
            }
            let left = outcomes[children.left]
            let right = outcomes[children.right]
            guard let leftNode = left.node, let rightNode = right.node else {
                outcomes[old] = Outcome(node: left.node ?? right.node, isChanged: true)
                if let site = outcomes[old].node, !sites.contains(site) { sites.append(site) }
                continue
            }
            var node = nodes[old]
            node.parent = nil
            node.children = Children(left: leftNode, right: rightNode)
            node.height = 1 + max(kept[leftNode].height, kept[rightNode].height)
            node.leafCount = kept[leftNode].leafCount + kept[rightNode].leafCount
            outcomes[old] = Outcome(node: kept.count, isChanged: left.isChanged || right.isChanged)
            if outcomes[old].isChanged {
                node.blinded = nil
                node.key = nil
            }
            kept[leftNode].parent = kept.count
            kept[rightNode].parent = kept.count
            kept.append(node)
        }
        guard let root = outcomes[self.root].node else { return nil }
        // What was below the root may have a blinded key, which a root has not.
        kept[root].blinded = nil
        return (KeyTree(nodes: kept, root: root), sites)
    }

    /// Where the next member comes: beside the rightmost of the shallowest nodes where the tree does not become higher,
    /// or else beside the root.
    func insertionPoint(_ growth: TreeGrowth) -> Int {
        guard growth == .balanced, !nodes[root].isFull else { return root }
        var level = [root]
        var depth = 0
        while !level.isEmpty {
            var below: [Int] = []
            // From right to left.
            for node in level {
                if depth + nodes[node].height + 1 <= nodes[root].height { return node }
                guard !nodes[node].isFull, let children = nodes[node].children else { continue }
                below.append(children.right)
                below.append(children.left)
            }
            level = below
            depth += 1
        }
        return root
    }

    /// Puts a new member's leaf to the right of a node, under a new parent of both. Answers the leaf.
    mutating func insert(_ member: UInt64, beside node: Int) -> Int {
        let leaf = nodes.count
        let parent = leaf + 1
        let above = nodes[node].parent
        nodes.append(Node(parent: parent, member: member))
        nodes.append(
            Node(
                parent: above, children: Children(left: node, right: leaf), height: nodes[node].height + 1,
                leafCount: nodes[node].leafCount + 1))
        nodes[node].parent = parent
        if let above, let children = nodes[above].children {
            nodes[above].children =
                children.left == node
                ? Children(left: parent, right: children.right) : Children(left: children.left, right: parent)
        } else {
            root = parent
        }
        var next = above
        while let node = next, let children = nodes[node].children {
            nodes[node].height = 1 + max(nodes[children.left].height, nodes[children.right].height)
            nodes[node].leafCount += 1
            next = nodes[node].parent
        }
        invalidate(above: leaf)
        return leaf
    }
}

// MARK: - Sponsors

extension KeyTree {
    /// The rightmost leaf below a node, or the leftmost.
    func outermostLeaf(below node: Int, isLeft: Bool = false) -> Int {
        var node = node
        while let children = nodes[node].children { node = isLeft ? children.left : children.right }
        return node
    }

    /// The nodes whose blinded keys the member of a leaf has to compute and to multicast, from the lowest to the
    /// highest.
    ///
    /// Above the leaf of the run's sponsor all that is missing is the sponsor's. Every other missing key is for the
    /// rightmost member below the node, and in STR for the leftmost: there all others' leaves are beside its path.
    func duties(of leaf: Int, sponsor: Int?, _ growth: TreeGrowth) -> [Int] {
        var duties: [Int] = []
        if leaf == sponsor, isMissing(leaf) { duties.append(leaf) }
        var child = leaf
        while let node = nodes[child].parent, let children = nodes[node].children, node != root {
            if leaf != sponsor {
                guard child == (growth == .balanced ? children.right : children.left) else { break }
                if let sponsor, isAtOrAbove(node, sponsor) { break }
            }
            if isMissing(node) { duties.append(node) }
            child = node
        }
        return duties
    }
}

// MARK: - Reading

extension KeyTree {
    /// Builds a tree from its nodes as `postOrder` has them; nil when they are not one tree.
    struct Builder {
        private var nodes: [Node] = []
        private var open: [Int] = []

        mutating func addLeaf(_ member: UInt64, blinded: BlindedKey?) {
            open.append(nodes.count)
            nodes.append(Node(member: member, blinded: blinded))
        }

        /// The parent of the last two nodes that have none; false when there are no two.
        mutating func addParent(blinded: BlindedKey?) -> Bool {
            guard let right = open.popLast(), let left = open.popLast() else { return false }
            nodes[left].parent = nodes.count
            nodes[right].parent = nodes.count
            open.append(nodes.count)
            nodes.append(
                Node(
                    children: Children(left: left, right: right),
                    height: 1 + max(nodes[left].height, nodes[right].height),
                    leafCount: nodes[left].leafCount + nodes[right].leafCount, blinded: blinded))
            return true
        }

        var tree: KeyTree? {
            guard open.count == 1, let root = open.first else { return nil }
            return KeyTree(nodes: nodes, root: root)
        }
    }
}
