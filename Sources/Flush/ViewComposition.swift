internal import Primitives

/// Who is in the next view: one pure function of what was multicast in the configuration (decision 13).
///
/// Of those who have acknowledged, the most senior begins; in order of seniority everybody joins it who accepts, and is
/// accepted by, all who are in already. Who is left over forms a composition of its own by the same rule: so sides that
/// do not trust each other live on apart, and a stranger keeps company with itself. A composition becomes a view when
/// everybody whom one of its members accepts has acknowledged, or is excluded, or replaced by a newer incarnation.
struct ViewComposition: Equatable {
    /// In order of seniority.
    let members: [Member]
    let connections: [UInt64]
    let view: ViewIdentifier
    /// Hash over the members' hellos in order.
    let transcript: [UInt8]

    /// All compositions that are ready to become views, most senior first.
    static func ready(
        in configuration: Configuration, group: [UInt8]
    ) throws(PrimitivesError) -> [ViewComposition] {
        let present = configuration.peers.filter { peer in
            peer.acknowledgement != nil && !configuration.isReplaced(peer)
        }
        var remaining = bySeniority(present)
        var compositions: [ViewComposition] = []
        while let first = remaining.first {
            var chosen = [first]
            for peer in remaining.dropFirst() where chosen.allSatisfy({ configuration.areMutual($0, peer) }) {
                chosen.append(peer)
            }
            remaining.removeAll { peer in chosen.contains { $0.connection == peer.connection } }
            if configuration.isReady(chosen) {
                compositions.append(try ViewComposition(of: chosen, group: group))
            }
        }
        return compositions
    }

    private init(of chosen: [Peer], group: [UInt8]) throws(PrimitivesError) {
        members = chosen.map { $0.member }
        connections = chosen.map { $0.connection }
        var highest: UInt64 = 0
        var hellos: [UInt8] = []
        for peer in chosen {
            highest = max(highest, peer.acknowledgement?.highestCounter ?? 0)
            hellos += peer.digest
        }
        // The reader keeps counters below half the range, so that this cannot overflow.
        let counter = isBroken(.viewCounterIsNotRaised) ? max(highest, 1) : highest &+ 1
        transcript = try Digest.sha256(hellos)
        var writer = ByteWriter(capacity: 64 + 40 * chosen.count)
        writer.writeVector8(group)
        writer.writeUInt64(counter)
        for peer in chosen {
            writer.writeUInt64(peer.id)
            writer.writeRaw(peer.hello.publicKey)
        }
        view = ViewIdentifier(counter: counter, hash: try Digest.sha256(writer.bytes))
    }

    /// Components that moved together from one VS view stand together: the largest first, then the one of the higher
    /// counter; within one, the order of that view. Newcomers follow in the order of their hellos.
    private static func bySeniority(_ present: [Peer]) -> [Peer] {
        var components: [[Peer]] = []
        for peer in present where !peer.isFresh {
            if let index = components.firstIndex(where: { $0[0].movedTogether(with: peer) }) {
                components[index].append(peer)
            } else {
                components.append([peer])
            }
        }
        components.sort { first, second in
            if first.count != second.count { return first.count > second.count }
            let counters = (first[0].view?.counter ?? 0, second[0].view?.counter ?? 0)
            if counters.0 != counters.1 { return counters.0 > counters.1 }
            if first[0].lineage != second[0].lineage {
                return first[0].lineage.lexicographicallyPrecedes(second[0].lineage)
            }
            let secure = (first[0].lastSecureCounter, second[0].lastSecureCounter)
            if secure.0 != secure.1 { return secure.0 > secure.1 }
            return first[0].place < second[0].place
        }
        var ordered: [Peer] = []
        for component in components {
            ordered += component.sorted { ($0.place, $0.connection) < ($1.place, $1.connection) }
        }
        return ordered + present.filter { $0.isFresh }
    }
}

extension Configuration {
    /// Whether a newer incarnation of the same key has acknowledged. A newcomer is newer than who is in a view; else
    /// who stands later in the younger view.
    func isReplaced(_ peer: Peer) -> Bool {
        peers.contains { other in
            other.connection != peer.connection && other.hello.publicKey == peer.hello.publicKey
                && other.acknowledgement != nil && other.isNewer(than: peer)
        }
    }

    /// Whether two may be in one view: each accepts the other, nobody whom one accepts has excluded the other, and they
    /// do not claim one name with two keys, or one incarnation.
    fileprivate func areMutual(_ first: Peer, _ second: Peer) -> Bool {
        (first.accepts(second) && second.accepts(first)
            || isBroken(.acceptanceIsOneSided) && (first.accepts(second) || second.accepts(first)))
            && !honours(first, excluding: second.connection) && !honours(second, excluding: first.connection)
            && first.hello.name != second.hello.name && first.id != second.id && areNear(first, second)
    }

    /// Whether two have counted views together as far as can be: who claims a counter that nobody reaches by counting
    /// would leave the group no next one. A newcomer has not counted yet.
    private func areNear(_ first: Peer, _ second: Peer) -> Bool {
        let counters = [first, second].map { $0.acknowledgement?.highestCounter ?? 0 }
        if first.isFresh && counters[0] == 0 || second.isFresh && counters[1] == 0 { return true }
        return max(counters[0], counters[1]) - min(counters[0], counters[1]) <= Self.counterReach
    }

    /// How far the counters of two sides may be apart.
    private static var counterReach: UInt64 { 1 << 32 }

    /// Whether nobody is waited for any more.
    fileprivate func isReady(_ chosen: [Peer]) -> Bool {
        guard !isBroken(.acknowledgementsAreNotAwaited) else { return true }
        let allFresh = chosen.allSatisfy { $0.isFresh }
        for peer in chosen {
            for entry in peer.acknowledgement?.accepted ?? [] {
                if chosen.contains(where: { $0.connection == entry.connection }) { continue }
                if honours(peer, excluding: entry.connection) { continue }
                guard let other = self.peer(entry.connection) else { return false }
                if isReplaced(other) { continue }
                // It cannot come in: somebody here, who has heard of it, does not accept it.
                if !allFresh, !chosen.allSatisfy({ $0.accepts(other) }) { continue }
                // A newcomer that trusts somebody present waits to be admitted: it does not found a group of its own.
                if allFresh || other.acknowledgement == nil { return false }
            }
        }
        return true
    }
}

extension Peer {
    fileprivate var lastSecureCounter: UInt64 { acknowledgement?.secureView?.counter ?? 0 }

    fileprivate func isNewer(than other: Peer) -> Bool {
        if isFresh != other.isFresh { return isFresh }
        let mine = (view?.counter ?? 0, UInt64(place), id)
        return mine > (other.view?.counter ?? 0, UInt64(other.place), other.id)
    }
}
