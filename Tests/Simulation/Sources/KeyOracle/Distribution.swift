import Traces

// (c) for CKD: whoever distributes the key distributes one and the same to everybody.

extension Judge {
    func wrongDistribution(_ view: View) -> String? {
        guard view.members.count > 1 else { return nil }
        let claim = "(c) The key list holds the key for each member: "
        guard let run = runs[view.binding], let entries = distributed[run.identifier],
            entries.map({ $0.member }) == Array(view.members.dropFirst())
        else { return claim + "nobody has sent that of \(text(view.name))." }
        for entry in entries {
            guard let pairwiseKey = pairwiseKey(of: entry.member, in: view.binding) else {
                return claim
                    + "nobody knows what \(entry.member) and \(view.members[0]) drew before \(text(view.name))."
            }
            let key = numbers.power(entry.value, numbers.inverse(of: pairwiseKey))
            guard key == view.key, fingerprint(of: key, view.binding) == view.fingerprint else {
                return claim + "in \(text(view.name)) there is another for \(entry.member)."
            }
        }
        return nil
    }

    /// What two members drew in a run gives their pairwise key, or in the last run that this one continues from.
    private func pairwiseKey(of member: UInt64, in binding: [UInt8]) -> N.Exponent? {
        var (binding, controller) = (binding, UInt64?.none)
        while let run = runs[binding], let first = run.members.first {
            guard controller == nil || controller == first else { return nil }
            controller = first
            if let own = run.shares[member], let other = run.shares[first] {
                return numbers.exponent(of: numbers.power(numbers.power(numbers.generator, own), other))
            }
            guard let last = previous[run.identifier], last != binding else { return nil }
            binding = last
        }
        return nil
    }
}
