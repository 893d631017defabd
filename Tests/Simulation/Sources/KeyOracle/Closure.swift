import Traces

// (d) Nobody outside a secure view can compute its key.

extension Judge {
    /// The inverses of the exponents by which one outsider could reach a key.
    private struct Reach {
        /// 1, and those of single shares.
        var single: [N.Exponent]
        /// Those of two different shares.
        var double: [N.Exponent]
    }

    func reachableKeys() -> [String] {
        let reaches = holders.map { reach($0) }
        let pairs = views.indices.map { view in
            holders.indices.filter { !views[view].members.contains(holders[$0].id) }
        }
        func count(_ exponents: KeyPath<Reach, [N.Exponent]>) -> Int {
            pairs.reduce(0) { $0 + $1.reduce(0) { $0 + reaches[$1][keyPath: exponents].count } }
        }
        var left = budget
        var sentences: [String] = []
        for exponents in [\Reach.single, \Reach.double] {
            let wanted = count(exponents)
            let chance = wanted <= left ? UInt64.max : UInt64(Double(left) / Double(wanted) * 0x1p64)
            for view in views.indices {
                let chosen = pairs[view].filter { _ in chance == .max || nextRandom() < chance }
                guard !chosen.isEmpty else { continue }
                let base = numbers.prepare(views[view].key)
                for outsider in chosen {
                    left -= reaches[outsider][keyPath: exponents].count
                    if canReach(base, holders[outsider], reaches[outsider][keyPath: exponents]) {
                        sentences.append(sentence(views[view], holders[outsider].id))
                    }
                }
            }
            left = max(left, 0)
        }
        return sentences
    }

    private func canReach(_ key: N.Base, _ outsider: Holder, _ exponents: [N.Exponent]) -> Bool {
        exponents.contains { exponent in
            let value = numbers.power(key, exponent)
            return values.contains(value) || outsider.keys.contains(value)
        }
    }

    private func reach(_ outsider: Holder) -> Reach {
        let shares = outsider.shares
        let inverses = shares.map { numbers.inverse(of: $0) }
        var double: [N.Exponent] = []
        for first in shares.indices {
            for second in shares.indices where second != first {
                double.append(numbers.product(shares[first], inverses[second]))
                guard second > first else { continue }
                double.append(numbers.product(shares[first], shares[second]))
                double.append(numbers.product(inverses[first], inverses[second]))
            }
        }
        return Reach(single: [numbers.one] + shares + inverses, double: double)
    }

    private func sentence(_ view: View, _ outsider: UInt64) -> String {
        let members = view.members.map { "\($0)" }.joined(separator: ", ")
        return "(d) Nobody outside a view can compute its key: \(outsider) can compute that of \(text(view.name)) "
            + "(\(members))."
    }

    /// SplitMix64.
    private func nextRandom() -> UInt64 {
        random &+= 0x9e37_79b9_7f4a_7c15
        var value = random
        value = (value ^ value >> 30) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ value >> 27) &* 0x94d0_49bb_1331_11eb
        return value ^ value >> 31
    }
}
