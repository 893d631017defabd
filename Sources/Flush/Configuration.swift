internal import Primitives

/// The present transport configuration, and what was multicast in it. Everybody in the configuration who was there from
/// its start knows the same, since all of it arrived in agreed order: what is computed from it is the same everywhere.
struct Configuration: Equatable {
    /// A proposal that took effect: its sender's connection, and whom to go on without.
    struct Excluded: Equatable {
        let proposer: UInt64
        let target: UInt64
        /// Whether all who accept the proposer go on without the target, not the proposer alone: so among members of
        /// one view, and about newcomers. Who comes from elsewhere, and waits in vain, cannot tell a view whom to lose.
        let isBinding: Bool
    }

    let id: UInt64
    /// Connections, strangers included, in the transport's order.
    let members: [UInt64]
    /// Those who have sent a valid hello, in the order in which their hellos were delivered.
    private(set) var peers: [Peer] = []
    private(set) var exclusions: [Excluded] = []

    init(id: UInt64, members: [UInt64], keeping peers: [Peer] = [], _ exclusions: [Excluded] = []) {
        self.id = id
        self.members = members
        self.peers = peers
        self.exclusions = exclusions
    }

    func peer(_ connection: UInt64) -> Peer? { peers.first { $0.connection == connection } }

    /// Somebody new is heard of: what was acknowledged without it is to be said again.
    mutating func introduce(_ peer: Peer) {
        for index in peers.indices { peers[index].acknowledgement = nil }
        peers.append(peer)
    }

    /// How many hellos were delivered.
    var heard: UInt16 { UInt16(truncatingIfNeeded: peers.count) }

    mutating func acknowledge(_ message: FlushAcknowledgement, from connection: UInt64) {
        guard let index = peers.firstIndex(where: { $0.connection == connection }) else { return }
        peers[index].acknowledgement = message
    }

    mutating func exclude(_ target: UInt64, by proposer: UInt64, isBinding: Bool) {
        guard !exclusions.contains(where: { $0.proposer == proposer && $0.target == target }) else { return }
        exclusions.append(Excluded(proposer: proposer, target: target, isBinding: isBinding))
    }

    /// Uses up the acknowledgements of a view's members: they are in it now.
    mutating func install(_ composition: ViewComposition) {
        for index in peers.indices {
            guard let place = composition.connections.firstIndex(of: peers[index].connection) else { continue }
            peers[index].acknowledgement = nil
            peers[index].view = composition.view
            peers[index].place = UInt16(truncatingIfNeeded: place)
            peers[index].lineage = composition.view.hash
        }
    }

    /// Whether `peer` goes on without `target`: it said so itself, or somebody did whose word binds it. A word binds
    /// only when everybody who has acknowledged and accepts the target accepts the proposer too: somebody whom one
    /// member alone accepts does not split the others.
    func honours(_ peer: Peer, excluding target: UInt64) -> Bool {
        exclusions.contains { exclusion in
            guard exclusion.target == target, exclusion.proposer != target, !isBroken(.exclusionIsNotHonoured) else {
                return false
            }
            if exclusion.proposer == peer.connection { return true }
            guard exclusion.isBinding, peer.accepts(connection: exclusion.proposer) else { return false }
            return peers.allSatisfy { other in
                !other.accepts(connection: target) || other.accepts(connection: exclusion.proposer)
            }
        }
    }
}
