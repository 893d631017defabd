import Flush

// How a stream parts when some of it lose each other.

extension Stream {
    /// Drops what is kept for anybody else.
    mutating func forget(except members: Members, members count: Int) {
        for receiver in 0..<count where !members.contains(receiver) {
            ordered[receiver] = []
            for sender in 0..<count { queues[receiver * count + sender] = [] }
        }
    }

    /// Every AGREED message gets a place in the order: all ways.
    func orders(_ catalogue: Catalogue, members count: Int) -> [Stream] {
        var waiting: [[UInt16]] = []
        for sender in 0..<count {
            var messages: [UInt16] = []
            for receiver in staying.list {
                for message in queues[receiver * count + sender]
                where catalogue.messages[Int(message)].service >= .agreed && !ordered[receiver].contains(message)
                    && !messages.contains(message)
                {
                    messages.append(message)
                }
            }
            if !messages.isEmpty { waiting.append(messages) }
        }
        return Self.interleavings(waiting).map { order in
            var stream = self
            for receiver in staying.list { stream.ordered[receiver] += order }
            return stream
        }
    }

    static func interleavings(_ lists: [[UInt16]]) -> [[UInt16]] {
        guard lists.contains(where: { !$0.isEmpty }) else { return [[]] }
        var result: [[UInt16]] = []
        for index in lists.indices {
            guard let first = lists[index].first else { continue }
            var rest = lists
            rest[index].removeFirst()
            result += interleavings(rest).map { [first] + $0 }
        }
        return result
    }

    /// All ways in which each of the parts goes on by itself.
    func parting(_ parts: [Members], _ catalogue: Catalogue, members count: Int) -> [[Stream]] {
        var ways: [[Stream]] = [[]]
        for part in parts {
            let own = going(on: part & alive, catalogue, members: count)
            ways = ways.flatMap { way in own.map { way + [$0] } }
        }
        return ways
    }

    /// All ways in which one part goes on without the others.
    private func going(on part: Members, _ catalogue: Catalogue, members count: Int) -> [Stream] {
        var base = self
        base.lastAlive = 0
        base.alive = part
        base.mustSignal = view >= 0
        base.isClosing = true
        base.forget(except: part, members: count)
        // Nobody of the part has delivered these.
        let ends = part.list.map { base.ordered[$0] }
        guard var tail = ends.min(by: { $0.count < $1.count }) else { return [] }
        if tail.contains(Self.signal) {
            tail.removeAll { $0 == Self.signal }
            for member in part.list { base.ordered[member].removeAll { $0 == Self.signal } }
            base.isSignalled = false
        }
        let everybody = (whole & ~part).list
        let losses = everybody.map { base.losable(of: $0, part, catalogue, members: count) }
        return Self.combinations(losses.map { Self.suffixes($0) }).flatMap {
            base.losing($0.flatMap { $0 }, tail, part, catalogue, members: count)
        }
    }

    /// Of a lost sender, the messages that nobody of the part has delivered.
    private func losable(of sender: Int, _ part: Members, _ catalogue: Catalogue, members count: Int) -> [UInt16] {
        var result: [UInt16] = []
        for receiver in part.list {
            for message in queues[receiver * count + sender] where !result.contains(message) {
                let isPrivate = catalogue.messages[Int(message)].destination != nil
                if isPrivate || part.list.allSatisfy({ queues[$0 * count + sender].contains(message) }) {
                    result.append(message)
                }
            }
        }
        return result
    }

    private static func suffixes(_ list: [UInt16]) -> [[UInt16]] { (0...list.count).map { Array(list.suffix($0)) } }

    private static func combinations(_ lists: [[[UInt16]]]) -> [[[UInt16]]] {
        var result: [[[UInt16]]] = [[]]
        for list in lists { result = result.flatMap { way in list.map { way + [$0] } } }
        return result
    }

    /// The part without these messages, with the signal wherever it may be; nothing when they cannot be missing
    /// together.
    private func losing(
        _ lost: [UInt16], _ tail: [UInt16], _ part: Members, _ catalogue: Catalogue, members count: Int
    ) -> [Stream] {
        var result = self
        for receiver in part.list {
            for sender in 0..<count {
                let queue = queues[receiver * count + sender]
                let kept = queue.filter { !lost.contains($0) }
                // Who misses a message of a sender misses all that follow it.
                guard kept.elementsEqual(queue.prefix(kept.count)) else { return [] }
                result.queues[receiver * count + sender] = kept
            }
            result.ordered[receiver].removeAll { lost.contains($0) }
        }
        let gap = tail.firstIndex { lost.contains($0) }
        if let gap {
            // What somebody lost sent behind the gap may depend on what is missing.
            let isBroken = tail[gap...].contains { message in
                !lost.contains(message) && !part.contains(catalogue.messages[Int(message)].sender)
            }
            if isBroken { return [] }
        }
        guard view >= 0, !isSignalled else { return [result] }
        let kept = tail.filter { !lost.contains($0) }
        // Without a gap, "behind everything" needs no place yet: what is sent from now on may come before it, too.
        let places = gap.map { 0...$0 } ?? 0...kept.count
        return places.map { place in
            guard gap != nil || place < kept.count else { return result }
            var way = result
            for member in part.list {
                way.ordered[member].insert(Self.signal, at: way.ordered[member].count - kept.count + place)
            }
            way.isSignalled = true
            return way
        }
    }
}
