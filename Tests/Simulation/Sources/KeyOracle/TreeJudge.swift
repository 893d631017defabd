@testable import KeyAgreement

extension Judge {
    /// The shares at the leaves of a tree when a view with it is first installed.
    func leaves(of tree: [UInt64], _ binding: [UInt8]) -> [UInt64: N.Exponent] {
        var leaves = runs[binding]?.shares ?? [:]
        for member in tree where member != 0 && leaves[member] == nil {
            guard let holder = holders.first(where: { $0.id == member }) else { continue }
            leaves[member] = (holder.installed ?? holder.last?.share).flatMap { numbers.exponent($0) }
        }
        return leaves
    }

    /// (c) for TGDH and STR: the key is that of the root of the tree, computed from the shares at its leaves.
    func wrongTree(_ view: View) -> String? {
        let claim = "(c) The key is made of all shares: "
        guard view.tree.filter({ $0 != 0 }).sorted() == view.members.sorted() else {
            return claim + "the tree of \(text(view.name)) is not one of its members."
        }
        // The keys of nodes whose parents are still to come, as exponents; and the last one as a number.
        var open: [N.Exponent] = []
        var root: N.Number? = nil
        for member in view.tree {
            if member != 0 {
                guard let share = view.leaves[member] else {
                    return claim + "the share of \(member) in \(text(view.name)) is not known."
                }
                open.append(share)
                root = numbers.power(numbers.generator, share)
                continue
            }
            guard let right = open.popLast(), let left = open.popLast() else {
                return claim + "the tree of \(text(view.name)) is none."
            }
            let element = numbers.power(numbers.power(numbers.generator, left), right)
            guard let key = numbers.exponent(of: element) else {
                return claim + "a node's key in \(text(view.name)) is no exponent."
            }
            open.append(key)
            root = element
        }
        guard open.count == 1, let root, root == view.key, fingerprint(of: root, view.binding) == view.fingerprint
        else {
            let members = view.members.map { "\($0)" }.joined(separator: ", ")
            return claim + "the key of \(text(view.name)) (\(members)) is not that of its tree's root."
        }
        return nil
    }
}
