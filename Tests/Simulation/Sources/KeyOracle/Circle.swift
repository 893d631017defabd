import Traces

// (c) for BD: the members in a circle.

extension Judge {
    func wrongCircle(_ view: View) -> String? {
        let count = view.members.count
        guard count > 1 else { return nil }
        let claim = "(c) The key is made of all shares: "
        let shares = view.members.compactMap { runs[view.binding]?.shares[$0] }
        guard shares.count == count else { return claim + "not all shares of \(text(view.name)) are known." }
        let parts = shares.indices.map {
            numbers.power(numbers.power(numbers.generator, shares[$0]), shares[($0 + 1) % count])
        }
        let key = parts.dropFirst().reduce(parts[0]) { numbers.product(of: $0, $1) }
        guard key == view.key, fingerprint(of: key, view.binding) == view.fingerprint else {
            return claim + "the key of \(text(view.name)) is not g to the sum of the products of neighbours."
        }
        return nil
    }
}
