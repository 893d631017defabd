/// Who can still come together in a configuration, by what everybody there has heard.
///
/// What a peer has acknowledged stays known as its statement when a view has used it up: so a view that goes through a
/// flush of its own waits for another, and that one flushes with it, if they can become one, and otherwise neither
/// waits nor is disturbed. Whoever has stated nothing yet is asked. Views that flush together become fewer and larger,
/// or state why not: views never take turns without end.
extension Configuration {
    /// The places of those who are in one view with a peer, itself included; of a newcomer only its own.
    func companions(of place: Int) -> PlaceSet {
        var companions = PlaceSet()
        companions.insert(place)
        guard let view = peers[place].view else { return companions }
        for other in peers.indices where peers[other].view == view { companions.insert(other) }
        return companions
    }

    /// Whether nothing is known that keeps members of two sides apart. `own` is what one of them accepts, of which it
    /// has not told the others yet.
    func canMeet(_ one: PlaceSet, _ other: PlaceSet, own: (place: Int, accepted: PlaceSet)? = nil) -> Bool {
        mayAccept(one, other, own) && mayAccept(other, one, own) && !haveParted(one, other)
            && !haveParted(other, one) && !clash(one, other) && ViewComposition.reach(self, one, other)
    }

    /// Whether everybody in one side accepts all of the other, or has yet to say.
    private func mayAccept(_ one: PlaceSet, _ other: PlaceSet, _ own: (place: Int, accepted: PlaceSet)?) -> Bool {
        one.places.allSatisfy { place in
            if let own, own.place == place { return other.isSubset(of: own.accepted) }
            guard let statement = peers[place].statement else { return true }
            return other.subtracting(statement.acceptance.accepted).isDisjoint(with: PlaceSet(below: statement.heard))
        }
    }

    /// Whether somebody in one side goes on without somebody in the other.
    private func haveParted(_ one: PlaceSet, _ other: PlaceSet) -> Bool {
        exclusions.contains { exclusion in
            guard let target = place(of: exclusion.target), other.contains(target) else { return false }
            return one.places.contains { honours($0, excluding: exclusion.target) }
        }
    }

    /// Whether two with different keys claim one name, or one incarnation. Of two with the same key one is replaced.
    private func clash(_ one: PlaceSet, _ other: PlaceSet) -> Bool {
        one.places.contains { place in
            clashes[place].places.contains { other.contains($0) && !shareKey($0, place) }
        }
    }

    /// Whether somebody who waits for an acknowledgement asks a peer that has stated nothing about it.
    func isAsked(_ place: Int, by others: PlaceSet) -> Bool {
        let known = PlaceSet(below: peers[place].statement?.heard ?? 0)
        return others.places.contains { other in
            acknowledged.contains(other) && names(other, peers[place].connection) && !known.contains(other)
        }
    }
}
