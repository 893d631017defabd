import Flush

// What a change of the network does to what is under way. Members that lose each other no longer hear of each other's
// messages; each part of a stream goes on by itself:
//
// - What somebody of a part has delivered, all of it deliver (property 8). What was sent by somebody lost, and nobody
//   of the part has delivered, may come or not: of each lost sender, every suffix may be missing.
// - AGREED messages that were sent before the change and have no place in the order yet get one now, any one, and all
//   parts keep it: else two parts could deliver the same messages in different orders (11.2). A part gets the signal
//   anywhere behind what one of it has delivered; before the first gap, if it has one (11.3).
// - A view that somebody has installed and others have not: who stays connected with an installer installs it, too. Who
//   does not has had the last acknowledgement in time, or has not.

extension World {
    /// The partitions of the network that may come next.
    func addChanges(_ machinery: Machinery, _ options: ExhaustiveOptions, _ choices: inout [Choice]) {
        let connected = component.reduce(0) { $0 | $1 }
        let everybody = Members((1 << count) - 1)
        let present = components
        var seen: [[Members]] = []
        for members in connected == everybody ? [connected] : [connected, everybody] {
            for parts in Exhaustive.partitions(of: members.list) where parts != present && !seen.contains(parts) {
                seen.append(parts)
                for variant in changed(to: parts, machinery).indices {
                    choices.append(.change(parts, variant: variant))
                }
            }
        }
        guard options.hasRefreshes else { return }
        for members in present where members.list.contains(where: { streams[stream[$0]]?.isClosing == false }) {
            choices.append(.refresh(members))
        }
    }

    /// Who is connected with whom, in the order of the first members.
    var components: [Members] {
        (0..<count).filter { component[$0] != 0 && component[$0].trailingZeroBitCount == $0 }.map { component[$0] }
    }

    /// Everything that a change to this partition can lead to.
    func changed(to parts: [Members], _ machinery: Machinery) -> [World] {
        var base = self
        base.changesLeft -= 1
        let before = base.component
        for part in parts { base.connect(part) }
        var worlds = [base]
        for kept in keptViews(parts) {
            // Each pair of a view that is being installed and a part either keeps it or gives it up.
            worlds = worlds.flatMap { world in
                kept.canBeLost ? [world, world.givingUp(kept.view, by: kept.part)] : [world]
            }
        }
        worlds = worlds.flatMap { $0.parted(parts, machinery.catalogue) }
        for index in worlds.indices {
            for member in 0..<count where worlds[index].component[member] != before[member] {
                worlds[index].streams[worlds[index].stream[member]]?.isClosing = true
                if let next = worlds[index].streams[worlds[index].stream[member]]?.next, next >= 0 {
                    worlds[index].streams[next]?.isClosing = true
                }
            }
        }
        return worlds
    }

    /// Views that only some have installed, with each part of those who are in them.
    private func keptViews(_ parts: [Members]) -> [(view: Int, part: Members, canBeLost: Bool)] {
        var result: [(view: Int, part: Members, canBeLost: Bool)] = []
        for place in streams.indices {
            guard let view = streams[place] else { continue }
            let waiting = view.alive.list.filter { stream[$0] != place }
            guard !waiting.isEmpty else { continue }
            for part in parts where part & view.alive != 0 {
                let inside = (part & view.alive).list
                let isApart = part & view.alive != view.alive
                result.append((place, part, isApart && inside.allSatisfy { stream[$0] != place }))
            }
        }
        return result
    }

    /// A part that has not heard of a view stays where it is.
    private func givingUp(_ view: Int, by part: Members) -> World {
        var world = self
        let losing = part & (streams[view]?.alive ?? 0)
        let whole = streams[view]?.whole ?? 0
        world.streams[view]?.lastAlive = whole
        world.streams[view]?.alive &= ~losing
        for receiver in losing.list {
            for sender in 0..<count { world.streams[view]?.queues[receiver * count + sender] = [] }
            world.streams[view]?.ordered[receiver] = []
        }
        // Its old stream parts from those who went on.
        var done: [Int] = []
        for member in losing.list where !done.contains(stream[member]) {
            let place = stream[member]
            done.append(place)
            guard var own = world.streams[place] else { continue }
            let leaving = own.staying & losing
            var rest = own
            own.next = -1
            own.together = 0
            own.lastAlive = own.whole
            own.moved = 0
            own.alive = leaving
            rest.alive &= ~leaving
            world.streams.append(own)
            let ownPlace = world.streams.count - 1
            for member in leaving.list { world.stream[member] = ownPlace }
            world.streams[place] = rest.staying == 0 ? nil : rest
        }
        return world
    }

    /// Every stream parted, in every way.
    private func parted(_ parts: [Members], _ catalogue: Catalogue) -> [World] {
        var ways: [[Piece]] = [[]]
        for place in streams.indices {
            guard let stream = streams[place] else { continue }
            let ends = pieces(of: stream, parts, catalogue)
            ways = ways.flatMap { way in
                ends.map { way + $0.map { Piece(origin: place, stream: $0) } }
            }
        }
        return ways.map { put(together: $0) }
    }

    private struct Piece {
        let origin: Int
        var stream: Stream
    }

    /// What can become of a stream.
    private func pieces(of stream: Stream, _ parts: [Members], _ catalogue: Catalogue) -> [[Stream]] {
        let staying = parts.filter { $0 & stream.staying != 0 }
        let isLosing = stream.next < 0 && !parts.contains { stream.whole & ~$0 == 0 }
        guard isLosing else {
            // Nothing of it can be missing: its next view is there already, or nobody is lost.
            return [
                staying.map { part in
                    var piece = stream
                    piece.lastAlive = 0
                    piece.alive &= part
                    piece.moved &= part
                    piece.forget(except: piece.staying, members: count)
                    return piece
                }
            ]
        }
        return stream.orders(catalogue, members: count).flatMap {
            $0.parting(staying, catalogue, members: count)
        }
    }

    /// The world of these pieces: everybody finds its own, and every piece that of its next view.
    private func put(together pieces: [Piece]) -> World {
        var world = self
        world.streams = pieces.map { $0.stream }
        for member in 0..<count where stream[member] >= 0 {
            let origin = stream[member]
            world.stream[member] = pieces.firstIndex { $0.origin == origin && $0.stream.staying.contains(member) } ?? -1
        }
        for place in pieces.indices where pieces[place].stream.next >= 0 {
            let (origin, members) = (pieces[place].stream.next, pieces[place].stream.staying)
            world.streams[place]?.next =
                pieces.firstIndex { $0.origin == origin && $0.stream.alive & members != 0 } ?? -1
        }
        return world
    }
}
