import Flush
import Traces

/// Members by their numbers, as bits.
typealias Members = UInt8

extension Members {
    func contains(_ member: Int) -> Bool { self & 1 << UInt8(member) != 0 }
    static func one(_ member: Int) -> Members { 1 << UInt8(member) }
    func forEach(_ body: (Int) -> Void) { for member in 0..<8 where contains(member) { body(member) } }
    var list: [Int] { (0..<8).filter { contains($0) } }
}

/// Those who are in one VS view and have not been parted since it was installed: they get the same messages of it.
struct Stream {
    /// Stands among messages in the agreed order.
    static let signal = UInt16.max

    /// The view's place in the catalogue; −1 for a newcomer, which is in none.
    var view: Int
    /// Who moves together; also who has gone on to `next` already, and who has yet to come in.
    var alive: Members
    /// Who of them has gone on to `next`.
    var moved: Members = 0
    /// Whether a change is under way: the flush request may come.
    var isClosing = false
    /// Whether somebody of it was lost: the transitional signal must come before the next view.
    var mustSignal = false
    /// Whether the signal has its place in the agreed order.
    var isSignalled = false
    /// The stream of the next view, once somebody has installed it: all of this one do.
    var next = -1
    /// Who was in it when the next view was decided: those move together into that.
    var together: Members = 0
    /// While a change parts the network and some have given up a view: who was in it before; otherwise nobody.
    var lastAlive: Members = 0
    /// By receiver and sender: what is yet to be delivered, in the order in which it was sent.
    var queues: [[UInt16]]
    /// By receiver: what of the agreed order is yet to be delivered.
    var ordered: [[UInt16]]

    init(view: Int, alive: Members, members: Int) {
        self.view = view
        self.alive = alive
        queues = Array(repeating: [], count: members * members)
        ordered = Array(repeating: [], count: members)
    }

    /// Who was in it when the present change of the network came.
    var whole: Members { lastAlive == 0 ? alive : lastAlive }

    /// Who gets messages of it now or will.
    var staying: Members { alive & ~moved }
}

/// A whole network: members, their application, and a Flush layer that does everything that virtual synchrony lets it
/// do. `World+Choices` says what that is.
struct World {
    let count: Int
    /// By member: the state of its automaton.
    var states: [Int]
    /// By member: its stream; −1 for one that is not connected.
    var stream: [Int]
    var streams: [Stream?]
    /// By member: who is connected with it, itself included; 0 for one that is not connected at all.
    var component: [Members]
    /// In the present view: who has had the flush request, and who has acknowledged it.
    var requested: Members = 0
    var acknowledged: Members = 0
    /// Who has had the signal in its present view.
    var signalled: Members = 0
    /// Who has sent in its present view.
    var hasSent: Members = 0
    var changesLeft: Int
    var sendsLeft: Int

    init(members: Int, states: [Int], changes: Int, sends: Int) {
        count = members
        self.states = states
        stream = Array(repeating: -1, count: members)
        streams = []
        component = Array(repeating: 0, count: members)
        changesLeft = changes
        sendsLeft = sends
    }

    /// The place of a new stream.
    mutating func add(_ new: Stream) -> Int {
        if let free = streams.firstIndex(where: { $0 == nil }) {
            streams[free] = new
            return free
        }
        streams.append(new)
        return streams.count - 1
    }

    /// Connects members that are in no view yet.
    mutating func connect(_ members: Members) {
        for member in members.list {
            component[member] = members
            guard stream[member] < 0 else { continue }
            var alone = Stream(view: -1, alive: .one(member), members: count)
            alone.isClosing = true
            stream[member] = add(alone)
        }
    }

    // MARK: - The name of a state

    /// All of it, each thing in one spelling only: streams in the order of their members.
    func encode(into bytes: inout [UInt8]) {
        func put(_ value: Int) {
            bytes.append(UInt8(truncatingIfNeeded: value))
            bytes.append(UInt8(truncatingIfNeeded: value >> 8))
            bytes.append(UInt8(truncatingIfNeeded: value >> 16))
        }
        bytes += [
            requested, acknowledged, signalled, hasSent, UInt8(changesLeft), UInt8(sendsLeft),
        ]
        bytes += component
        var written: [Int] = []
        func number(_ place: Int) -> Int {
            guard place >= 0 else { return 255 }
            if let known = written.firstIndex(of: place) { return known }
            written.append(place)
            return written.count - 1
        }
        for member in 0..<count {
            put(states[member])
            bytes.append(UInt8(number(stream[member])))
        }
        var next = 0
        while next < written.count {
            guard let stream = streams[written[next]] else { break }
            next += 1
            put(stream.view)
            let flags = (stream.isClosing ? 1 : 0) | (stream.mustSignal ? 2 : 0) | (stream.isSignalled ? 4 : 0)
            bytes += [stream.alive, stream.moved, stream.together, UInt8(flags), UInt8(number(stream.next))]
            for queue in stream.queues { write(queue, &bytes) }
            for queue in stream.ordered { write(queue, &bytes) }
        }
    }

    private func write(_ queue: [UInt16], _ bytes: inout [UInt8]) {
        bytes.append(UInt8(queue.count))
        for item in queue {
            bytes.append(UInt8(truncatingIfNeeded: item))
            bytes.append(UInt8(truncatingIfNeeded: item >> 8))
        }
    }
}
