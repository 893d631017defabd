internal import Primitives

/// The present transport configuration, and what was multicast in it. Everybody in the configuration who was there from
/// its start knows the same, since all of it arrived in agreed order: what is computed from it is the same everywhere.
///
/// Peers are named by their places in the order of their hellos, so that sets of them are bits.
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
    private let connected: PlaceIndex
    /// The configurations since all introduced themselves, this one last. Between them members only departed: who said
    /// something in one of them need not say it again.
    private(set) var passages: [LineageStep] = []
    /// Those who have sent a valid hello, in the order in which their hellos were delivered.
    private(set) var peers: [Peer] = []
    private(set) var exclusions: [Excluded] = []
    /// Connections of this configuration whose hello was refused and that had sent no valid one before.
    private(set) var refused = PlaceIndex()
    /// Those whose acknowledgement counts.
    private(set) var acknowledged = PlaceSet()
    /// Of those who acknowledged, everybody accepts these, if not more.
    private var acceptedByAll = PlaceSet()
    private var placeOfConnection = PlaceIndex()
    private var marks: [Mark] = []
    /// For each peer the others with its key, of which the newest replaces the older ones.
    private var sameKey: [[Int]] = []
    /// For each peer the others with its name or incarnation, with which it cannot be in one view.
    private(set) var clashes: [PlaceSet] = []
    /// The last list of accepted connections and what it means: most members send the same one.
    private var latest: (list: AcceptedList, meaning: Acceptance)? = nil

    init(
        id: UInt64, members: [UInt64], passages: [LineageStep] = [], keeping peers: [Peer] = [],
        _ exclusions: [Excluded] = [], refused: [UInt64] = []
    ) {
        self.id = id
        self.passages = passages
        self.members = members
        connected = PlaceIndex(members)
        self.exclusions = exclusions
        self.refused = PlaceIndex(refused.filter { connected.contains($0) })
        for peer in peers { append(peer) }
    }

    func contains(_ connection: UInt64) -> Bool { connected.contains(connection) }

    func place(of connection: UInt64) -> Int? { placeOfConnection.place(of: connection) }

    func peer(_ connection: UInt64) -> Peer? { place(of: connection).map { peers[$0] } }

    /// Whether everybody connected has introduced itself.
    var isComplete: Bool { peers.count == members.count }

    /// Whether somebody connected has not introduced itself, not even in a way that was refused.
    var lacksHello: Bool { peers.count + refused.numbers.count < members.count }

    /// Places of the peers in ascending order of their connections.
    var placesByConnection: [Int] { placeOfConnection.ascending }

    /// How many hellos were delivered.
    var heard: UInt16 { UInt16(truncatingIfNeeded: peers.count) }

    func hasAcknowledged(_ connection: UInt64) -> Bool {
        place(of: connection).map { acknowledged.contains($0) } ?? false
    }

    // MARK: - What was multicast

    /// The lineage that somebody has in this configuration whose hello is of this one or of one before it; nil when
    /// others came in between, and it has introduced itself again. A hello that one member was not given in time is
    /// still of use to it.
    func lineage(of hello: Hello) throws(PrimitivesError) -> [UInt8]? {
        if hello.configuration == id { return hello.lineage }
        guard let index = passages.lastIndex(where: { $0.configuration == hello.configuration }) else { return nil }
        var lineage = hello.lineage
        if hello.view != nil {
            for passage in passages[(index + 1)...] { lineage = try passage.after(lineage) }
        }
        return lineage
    }

    /// A hello of somebody connected was refused: what else comes from there is passed over.
    mutating func refuse(_ connection: UInt64) {
        guard contains(connection), place(of: connection) == nil, !refused.contains(connection) else { return }
        refused.insert(connection, at: refused.count)
    }

    /// Somebody new is heard of: what was acknowledged without it is to be said again.
    mutating func introduce(_ peer: Peer) {
        for place in acknowledged.places { peers[place].acknowledgement = nil }
        acknowledged = PlaceSet()
        acceptedByAll = PlaceSet()
        append(peer)
    }

    private mutating func append(_ peer: Peer) {
        let place = peers.count
        var twins: [Int] = []
        var clashing = PlaceSet()
        let own = Mark(peer.introduction.member)
        for other in marks.indices {
            if own.keyStart == marks[other].keyStart, peers[other].member.publicKey == peer.member.publicKey {
                twins.append(other)
                sameKey[other].append(place)
            }
            if own.id == marks[other].id || own.name.isSame(as: marks[other].name) {
                clashing.insert(other)
                clashes[other].insert(place)
            }
        }
        marks.append(own)
        latest = nil
        peers.append(peer)
        sameKey.append(twins)
        clashes.append(clashing)
        placeOfConnection.insert(peer.connection, at: place)
    }

    /// What a list of accepted connections means here.
    mutating func meaning(of list: AcceptedList) -> Acceptance {
        if let latest, latest.list == list { return latest.meaning }
        var meaning = Acceptance()
        for index in 0..<list.count {
            let connection = list.connection(at: index)
            guard let place = place(of: connection) else {
                meaning.unheard.append(connection)
                continue
            }
            meaning.named.insert(place)
            if list.names(peers[place].introduction.digest, at: index) { meaning.accepted.insert(place) }
        }
        latest = (list, meaning)
        return meaning
    }

    mutating func acknowledge(_ message: FlushAcknowledgement, meaning: Acceptance, from connection: UInt64) {
        guard let place = place(of: connection) else { return }
        let acknowledgement = Acknowledged(
            secureView: message.secureView, highestCounter: message.highestCounter, acceptance: meaning,
            heard: Int(message.heard))
        peers[place].acknowledgement = acknowledgement
        peers[place].statement = acknowledgement
        if acknowledged.isEmpty { acceptedByAll = meaning.accepted }
        acceptedByAll.formIntersection(meaning.accepted)
        acknowledged.insert(place)
    }

    mutating func exclude(_ target: UInt64, by proposer: UInt64, isBinding: Bool) {
        guard !exclusions.contains(where: { $0.proposer == proposer && $0.target == target }) else { return }
        exclusions.append(Excluded(proposer: proposer, target: target, isBinding: isBinding))
    }

    /// Uses up the acknowledgements of a view's members, and their proposals: they are in it now, and whom they went on
    /// without may ask to come in.
    mutating func install(_ composition: ViewComposition) {
        let connections = PlaceIndex(composition.places.map { peers[$0].connection })
        exclusions.removeAll { connections.contains($0.proposer) }
        for (seniority, place) in composition.places.enumerated() {
            peers[place].acknowledgement = nil
            peers[place].view = composition.view
            peers[place].place = UInt16(truncatingIfNeeded: seniority)
            peers[place].lineage = composition.view.hash
            acknowledged.remove(place)
        }
        // Whom its members replaced has been told by the same messages; if it asks all the same, it is told again.
        for place in composition.places {
            for other in sameKey[place] where peers[place].isNewer(than: peers[other]) {
                peers[other].acknowledgement = nil
                acknowledged.remove(other)
            }
        }
        acceptedByAll = PlaceSet(below: peers.count)
        for place in acknowledged.places {
            acceptedByAll.formIntersection(peers[place].acknowledgement?.acceptance.accepted ?? PlaceSet())
        }
    }

    // MARK: - What follows from it

    /// Whether somebody is awaited whom all who have acknowledged accept, and whose view they can all meet: no view can
    /// be ready then, whoever would be in it. This spares nearly all the work of composing while acknowledgements come
    /// in.
    var isAwaitingSomebody: Bool {
        acceptedByAll.subtracting(acknowledged).places.contains { place in
            !isReplaced(place) && !exclusions.contains { $0.target == peers[place].connection }
                && canMeet(acknowledged, companions(of: place))
        }
    }

    func accepts(_ first: Int, _ second: Int) -> Bool {
        peers[first].acknowledgement?.acceptance.accepted.contains(second) ?? false
    }

    /// A peer as an acknowledgement names it.
    func accepted(_ place: Int) -> FlushAcknowledgement.Accepted {
        FlushAcknowledgement.Accepted(connection: peers[place].connection, hello: peers[place].digest)
    }

    /// Whether its latest acknowledgement names this connection, with whatever hello.
    func names(_ peer: Int, _ connection: UInt64) -> Bool {
        guard let acceptance = peers[peer].statement?.acceptance else { return false }
        guard let place = place(of: connection) else { return acceptance.unheard.contains(connection) }
        return acceptance.named.contains(place)
    }

    /// Whether a newer incarnation of the same key has acknowledged. A newcomer is newer than who is in a view; else
    /// who stands later in the younger view.
    func isReplaced(_ place: Int) -> Bool {
        sameKey[place].contains { acknowledged.contains($0) && peers[$0].isNewer(than: peers[place]) }
    }

    /// Whether `peer` goes on without `target`: it said so itself, or somebody did whose word binds it. A word binds
    /// only when everybody who has said that it accepts the target accepts the proposer too: somebody whom one member
    /// alone accepts does not split the others.
    func honours(_ peer: Int, excluding target: UInt64) -> Bool {
        exclusions.contains { exclusion in
            guard exclusion.target == target, exclusion.proposer != target, !isBroken(.exclusionIsNotHonoured) else {
                return false
            }
            if exclusion.proposer == peers[peer].connection { return true }
            guard exclusion.isBinding, names(peer, exclusion.proposer) else { return false }
            return peers.indices.allSatisfy { !names($0, target) || names($0, exclusion.proposer) }
        }
    }

    /// Older incarnations of those in one view: who was replaced and never noticed does not come in again, but when it
    /// asks it is told.
    func outdated(by companions: PlaceSet) -> PlaceSet {
        var outdated = PlaceSet()
        for place in companions.places {
            for other in sameKey[place] where peers[place].isNewer(than: peers[other]) { outdated.insert(other) }
        }
        return outdated.subtracting(acknowledged)
    }

    func shareKey(_ first: Int, _ second: Int) -> Bool { sameKey[first].contains(second) }

    static func == (first: Configuration, second: Configuration) -> Bool {
        first.id == second.id && first.members == second.members && first.peers == second.peers
            && first.exclusions == second.exclusions && first.refused == second.refused
    }
}

/// What peers are told apart by, close together: every hello is compared with all before it.
private struct Mark {
    let keyStart: UInt64
    let id: UInt64
    let name: String

    init(_ member: Member) {
        var start: UInt64 = 0
        for byte in member.publicKey.prefix(8) { start = start << 8 | UInt64(byte) }
        keyStart = start
        id = member.id
        name = member.name
    }
}

extension Peer {
    func isNewer(than other: Peer) -> Bool {
        if isFresh != other.isFresh { return isFresh }
        let mine = (view?.counter ?? 0, UInt64(place), id)
        return mine > (other.view?.counter ?? 0, UInt64(other.place), other.id)
    }
}
