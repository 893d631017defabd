import Observation
import Primitives
import SecureGroup
import Traces

/// An identity, and what it does with its memberships: one after another, as `GroupDriver` does it, or two at once when
/// it is started twice.
struct Person {
    let identity: Identity
    let isStranger: Bool
    /// Whom it accepts, by index; itself included.
    var accepts: [Bool]
    var trust: TrustStore
    /// The pause before it joins again, in milliseconds.
    var pause: UInt64 = Person.firstPause
    /// Counts its decisions to connect: what was decided before the last one is void.
    var attempt = 0
    /// Whether it waits to connect.
    var isConnecting = false

    static let firstPause: UInt64 = 100
    static let longestPause: UInt64 = 10_000
}

/// What the transport hands to one receiver.
struct InboxEntry {
    enum Content {
        case message(bytes: [UInt8], sender: UInt64, wasTampered: Bool)
        case configuration(id: UInt64, members: [UInt64], transitional: [UInt64])
    }

    let arrival: UInt64
    /// The message's place in the order of its component; the configurations have none.
    let place: Int
    /// The message's number, for the trace.
    let number: Int
    let content: Content
}

/// One membership: a process with an engine, an application, and a connection.
final class Node {
    enum Life {
        case running
        /// It is gone, and the transport has not noticed yet.
        case vanished
        /// It has left, and its last messages are still ordered.
        case leaving
        case gone
    }

    /// How the application answers flush requests.
    enum Answers {
        case promptly
        case after(milliseconds: Int)
        case never
    }

    /// Also its place in the trace's list of members.
    let index: Int
    let person: Int
    let connection: UInt64
    let id: UInt64
    let isStranger: Bool
    let recorder: EngineRecorder
    var engine: GroupEngine
    var life = Life.running
    var isHung = false
    var answers = Answers.promptly
    var component = 0
    var phase = Phase.SJ
    /// Whether its VS view has no key yet.
    var isWithoutKey = false

    // MARK: The transport's side

    private var inbox: [InboxEntry] = []
    private var taken = 0
    /// When the last of what it handed in reaches the order.
    var lastOrdered: UInt64 = 0
    /// When the last of its inbox arrives.
    var lastArrival: UInt64 = 0
    /// The place of the last message that was delivered to it in its component.
    var lastPlace = -1
    var isDeliveryScheduled = false
    /// When its engine is ticked; nil when it is not.
    var tickTime: UInt64? = nil

    init(
        index: Int, person: Int, connection: UInt64, isStranger: Bool, engine: consuming GroupEngine,
        recorder: EngineRecorder
    ) {
        self.index = index
        self.person = person
        self.connection = connection
        self.isStranger = isStranger
        self.recorder = recorder
        id = engine.id
        self.engine = engine
        recorder.attach(to: &self.engine)
    }

    var isRunning: Bool {
        switch life {
        case .running: true
        case .vanished, .leaving, .gone: false
        }
    }

    var next: InboxEntry? { taken < inbox.count ? inbox[taken] : nil }

    func put(_ entry: InboxEntry) { inbox.append(entry) }

    func take() -> InboxEntry? {
        guard taken < inbox.count else { return nil }
        let entry = inbox[taken]
        taken += 1
        if taken == inbox.count {
            inbox.removeAll(keepingCapacity: true)
            taken = 0
        } else if taken > 256 {
            inbox.removeFirst(taken)
            taken = 0
        }
        return entry
    }

    /// Loses what waits and satisfies a condition.
    func drop(where isLost: (InboxEntry) -> Bool) {
        inbox.removeFirst(taken)
        taken = 0
        inbox.removeAll(where: isLost)
    }

    func clear() {
        inbox = []
        taken = 0
    }
}
