internal import Primitives

/// Who is in the next view: one pure function of what was multicast in the configuration (decision 13).
///
/// Of those who have acknowledged, the most senior begins; in order of seniority everybody joins it who accepts, and is
/// accepted by, all who are in already. Who is left over forms a composition of its own by the same rule: so sides that
/// do not trust each other live on apart, and a stranger keeps company with itself. A composition becomes a view when
/// everybody whom one of its members accepts has acknowledged, or is excluded, or replaced by a newer incarnation.
struct ViewComposition: Equatable {
    /// The members' places in the configuration, in order of seniority.
    let places: [Int]
    /// In order of seniority.
    let members: [Member]
    let view: ViewIdentifier
    /// Hash over the members' hellos in order.
    let transcript: [UInt8]

    /// All compositions that are ready to become views, most senior first.
    static func ready(
        in configuration: Configuration, group: [UInt8]
    ) throws(PrimitivesError) -> [ViewComposition] {
        guard !configuration.isAwaitingSomebody || isBroken(.acknowledgementsAreNotAwaited) else { return [] }
        let exclusions = ExclusionsInForce(configuration)
        var compositions: [ViewComposition] = []
        var seniors = PlaceSet()
        for choice in choices(in: configuration, exclusions) {
            if choice.isReady(configuration, exclusions, after: seniors) {
                compositions.append(try ViewComposition(of: choice.places, in: configuration, group: group))
            }
            seniors.formUnion(choice.chosen)
        }
        return compositions
    }

    /// Whom the composition that a peer is in waits for.
    static func awaited(by place: Int, in configuration: Configuration) -> PlaceSet {
        let exclusions = ExclusionsInForce(configuration)
        var seniors = PlaceSet()
        for choice in choices(in: configuration, exclusions) {
            if choice.chosen.contains(place) { return choice.awaited(configuration, exclusions, after: seniors) }
            seniors.formUnion(choice.chosen)
        }
        return PlaceSet()
    }

    /// All who have acknowledged, in compositions, most senior first.
    private static func choices(in configuration: Configuration, _ exclusions: ExclusionsInForce) -> [Choice] {
        let present = configuration.acknowledged.places.filter { !configuration.isReplaced($0) }
        var remaining = bySeniority(present, configuration)
        var choices: [Choice] = []
        while !remaining.isEmpty {
            var chosen = Choice()
            var left: [Int] = []
            for place in remaining {
                if chosen.mayJoin(place, configuration, exclusions) {
                    chosen.join(place, configuration, exclusions)
                } else {
                    left.append(place)
                }
            }
            remaining = left
            choices.append(chosen)
        }
        return choices
    }

    private init(of places: [Int], in configuration: Configuration, group: [UInt8]) throws(PrimitivesError) {
        self.places = places
        members = places.map { configuration.peers[$0].member }
        var highest: UInt64 = 0
        var hellos = ByteWriter(capacity: FlushWire.hashSize * places.count)
        for place in places {
            highest = max(highest, configuration.peers[place].acknowledgement?.highestCounter ?? 0)
            hellos.writeRaw(configuration.peers[place].digest)
        }
        // The reader keeps counters below half the range, so that this cannot overflow.
        let counter = isBroken(.viewCounterIsNotRaised) ? max(highest, 1) : highest &+ 1
        transcript = try Digest.sha256(hellos.bytes)
        var writer = ByteWriter(capacity: 64 + 40 * places.count)
        writer.writeVector8(group)
        writer.writeUInt64(counter)
        for member in members {
            writer.writeUInt64(member.id)
            writer.writeRaw(member.publicKey)
        }
        view = ViewIdentifier(counter: counter, hash: try Digest.sha256(writer.bytes))
    }

    /// Components that moved together from one VS view stand together: the largest first, then the one of the higher
    /// counter; within one, the order of that view. Newcomers follow in the order of their hellos.
    private static func bySeniority(_ present: [Int], _ configuration: Configuration) -> [Int] {
        var components: [[Int]] = []
        for place in present where !configuration.peers[place].isFresh {
            let index = components.firstIndex { component in
                configuration.peers[component[0]].movedTogether(with: configuration.peers[place])
            }
            if let index { components[index].append(place) } else { components.append([place]) }
        }
        components.sort { isSenior($0, to: $1, configuration) }
        var ordered: [Int] = []
        for component in components {
            ordered += component.sorted { first, second in
                let (one, other) = (configuration.peers[first], configuration.peers[second])
                return (one.place, one.connection) < (other.place, other.connection)
            }
        }
        return ordered + present.filter { configuration.peers[$0].isFresh }
    }

    private static func isSenior(_ one: [Int], to other: [Int], _ configuration: Configuration) -> Bool {
        if one.count != other.count { return one.count > other.count }
        let (first, second) = (configuration.peers[one[0]], configuration.peers[other[0]])
        let counters = (first.view?.counter ?? 0, second.view?.counter ?? 0)
        if counters.0 != counters.1 { return counters.0 > counters.1 }
        if first.lineage != second.lineage { return first.lineage.lexicographicallyPrecedes(second.lineage) }
        let secure = (first.lastSecureCounter, second.lastSecureCounter)
        if secure.0 != secure.1 { return secure.0 > secure.1 }
        return first.place < second.place
    }
}

/// The exclusions as they bind, worked out once for one composition.
private struct ExclusionsInForce {
    /// For each peer those without whom it goes on; empty when nobody has proposed anything.
    private var without: [PlaceSet] = []

    init(_ configuration: Configuration) {
        guard !configuration.exclusions.isEmpty, !isBroken(.exclusionIsNotHonoured) else { return }
        without = [PlaceSet](repeating: PlaceSet(), count: configuration.peers.count)
        var targets: [UInt64] = []
        for exclusion in configuration.exclusions where !targets.contains(exclusion.target) {
            targets.append(exclusion.target)
        }
        for target in targets {
            if let place = configuration.place(of: target) { apply(to: target, at: place, configuration) }
        }
    }

    /// A word binds only when everybody who accepts the target accepts the proposer too (`Configuration.honours`).
    private mutating func apply(to target: UInt64, at place: Int, _ configuration: Configuration) {
        var acceptedByThoseWhoAccept = PlaceSet(below: configuration.peers.count)
        for peer in configuration.peers.indices where configuration.names(peer, target) {
            let acceptance = configuration.peers[peer].statement?.acceptance
            acceptedByThoseWhoAccept.formIntersection(acceptance?.named ?? PlaceSet())
        }
        var binding = PlaceSet()
        for exclusion in configuration.exclusions where exclusion.target == target && exclusion.proposer != target {
            guard let proposer = configuration.place(of: exclusion.proposer) else { continue }
            without[proposer].insert(place)
            if exclusion.isBinding, acceptedByThoseWhoAccept.contains(proposer) { binding.insert(proposer) }
        }
        for peer in configuration.peers.indices {
            let named = configuration.peers[peer].statement?.acceptance.named ?? PlaceSet()
            if !named.isDisjoint(with: binding) { without[peer].insert(place) }
        }
    }

    func honours(_ peer: Int, excluding target: Int) -> Bool { !without.isEmpty && without[peer].contains(target) }

    /// Those without whom a peer goes on.
    func without(_ peer: Int) -> PlaceSet { without.isEmpty ? PlaceSet() : without[peer] }
}

/// A composition in the making.
private struct Choice {
    private(set) var places: [Int] = []
    private(set) var chosen = PlaceSet()
    /// Those whom all who are in accept.
    private var acceptedByAll = PlaceSet()
    /// Those without whom somebody who is in goes on.
    private var goneOnWithout = PlaceSet()
    /// The lowest and the highest counter of those who are in and have counted.
    private var counters: (lowest: UInt64, highest: UInt64)? = nil

    /// How far the counters of two sides may be apart: who claims a counter that nobody reaches by counting would
    /// leave the group no next one.
    static var counterReach: UInt64 { 1 << 32 }

    /// Whether a peer may be in one view with all who are in: each accepts the other, nobody whom one accepts has
    /// excluded the other, they do not claim one name with two keys, or one incarnation, and they have counted views
    /// together as far as can be.
    func mayJoin(_ place: Int, _ configuration: Configuration, _ exclusions: ExclusionsInForce) -> Bool {
        guard !places.isEmpty else { return true }
        guard isAcceptedBothWays(place, configuration), !goneOnWithout.contains(place),
            configuration.clashes[place].isDisjoint(with: chosen),
            exclusions.without(place).isDisjoint(with: chosen)
        else { return false }
        guard let counters, let counter = configuration.countedTo(place) else { return true }
        return max(counters.highest, counter) - min(counters.lowest, counter) <= Self.counterReach
    }

    private func isAcceptedBothWays(_ place: Int, _ configuration: Configuration) -> Bool {
        guard let acceptance = configuration.peers[place].acknowledgement?.acceptance else { return false }
        if isBroken(.acceptanceIsOneSided) {
            return places.allSatisfy { acceptance.accepted.contains($0) || configuration.accepts($0, place) }
        }
        return acceptedByAll.contains(place) && chosen.isSubset(of: acceptance.accepted)
    }

    mutating func join(_ place: Int, _ configuration: Configuration, _ exclusions: ExclusionsInForce) {
        let accepted = configuration.peers[place].acknowledgement?.acceptance.accepted ?? PlaceSet()
        if places.isEmpty { acceptedByAll = accepted } else { acceptedByAll.formIntersection(accepted) }
        goneOnWithout.formUnion(exclusions.without(place))
        if let counter = configuration.countedTo(place) {
            counters = (min(counters?.lowest ?? counter, counter), max(counters?.highest ?? counter, counter))
        }
        places.append(place)
        chosen.insert(place)
    }

    /// Whether nobody is waited for any more.
    func isReady(_ configuration: Configuration, _ exclusions: ExclusionsInForce, after seniors: PlaceSet) -> Bool {
        guard !isBroken(.acknowledgementsAreNotAwaited) else { return true }
        for place in places {
            for connection in configuration.peers[place].acknowledgement?.acceptance.unheard ?? []
            where !configuration.honours(place, excluding: connection) {
                return false
            }
        }
        return awaited(configuration, exclusions, after: seniors).isEmpty
    }

    /// Whom this waits for: everybody whom one of its members accepts, and who can still come in.
    func awaited(
        _ configuration: Configuration, _ exclusions: ExclusionsInForce, after seniors: PlaceSet
    ) -> PlaceSet {
        let allFresh = places.allSatisfy { configuration.peers[$0].isFresh }
        var awaited = PlaceSet()
        var foreign = PlaceSet()
        for place in places {
            var named = configuration.peers[place].acknowledgement?.acceptance.named ?? PlaceSet()
            named.subtract(chosen)
            for other in named.subtracting(awaited).places {
                if exclusions.honours(place, excluding: other) || configuration.isReplaced(other) { continue }
                let hasAcknowledged = configuration.acknowledged.contains(other)
                let peer = configuration.peers[other]
                if allFresh {
                    // A newcomer that trusts somebody present, or more senior, waits to be admitted: it does not found
                    // a group of its own. But newcomers of whom not all accept each other do not wait in a circle.
                    let isJunior = hasAcknowledged && peer.isFresh && !seniors.contains(other)
                    if !isJunior { awaited.insert(other) }
                } else if !hasAcknowledged {
                    // Who moved here with one of us is waited for in any case: else two views that share a member take
                    // it from each other for ever.
                    let isForeign = peer.isFresh || configuration.peers[place].lineage != peer.lineage
                    if isForeign { foreign.insert(other) } else { awaited.insert(other) }
                }
            }
        }
        foreign.subtract(awaited)
        for other in foreign.places where configuration.canMeet(chosen, configuration.companions(of: other)) {
            awaited.insert(other)
        }
        return awaited
    }
}

extension ViewComposition {
    /// Whether the counters of two sides are near enough for one view.
    static func reach(_ configuration: Configuration, _ one: PlaceSet, _ other: PlaceSet) -> Bool {
        let counters = (one.places + other.places).compactMap { configuration.countedTo($0) }
        guard let highest = counters.max(), let lowest = counters.min() else { return true }
        return highest - lowest <= Choice.counterReach
    }
}

extension Configuration {
    /// The highest counter that a peer knows; nil for a newcomer that has not counted yet.
    fileprivate func countedTo(_ place: Int) -> UInt64? {
        guard let counter = peers[place].statement?.highestCounter else { return nil }
        return peers[place].isFresh && counter == 0 ? nil : counter
    }
}

extension Peer {
    fileprivate var lastSecureCounter: UInt64 { acknowledgement?.secureView?.counter ?? 0 }
}
