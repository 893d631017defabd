/// What happened to every member of a network, in the order of time: what the oracles judge and the pictures show. The
/// simulator makes one, and so can whoever records real members.
public struct Trace: Codable, Sendable {
    /// Where the trace comes from, in one line: "seed 17 of cascades, optimized".
    public var title: String
    /// The command that makes this trace again; empty for a recorded one.
    public var replay: String
    /// Which robust algorithm the members run: "basic" (§4) or "optimized" (§5). It decides which lemmas hold.
    public var algorithm: String
    /// Whether events of different members stand in the order in which they happened. Not so when several processes
    /// wrote down their own events: then only the order at each member counts, and that a message is sent before it is
    /// delivered.
    public var hasOneClock: Bool
    /// The memberships, in the order in which they began. Events name them by their index here.
    public var members: [Membership]
    /// In the order of time; events of one member stand in the order in which they happened to it.
    public var events: [Event]
    /// Whether the network was given time after the last event, so that what must happen in the end must have happened.
    public var isComplete: Bool

    public init(title: String, replay: String = "", algorithm: String = "optimized", hasOneClock: Bool = true) {
        self.title = title
        self.replay = replay
        self.algorithm = algorithm
        self.hasOneClock = hasOneClock
        members = []
        events = []
        isComplete = false
    }
}

/// One membership, from connecting to its end. Who crashed and comes back, or joins again, has a new one: to the paper
/// it is another process.
public struct Membership: Codable, Sendable, Equatable {
    /// The incarnation: what views list.
    public var id: UInt64
    /// The name of the identity behind it, the same for all its memberships.
    public var name: String
    /// Whether the others accept it: a stranger is never admitted.
    public var isStranger: Bool
    /// Whether everything that happened to it is in the trace. Not so when a recorded process was killed before it had
    /// written down its last events.
    public var isWhole: Bool

    public init(id: UInt64, name: String, isStranger: Bool = false, isWhole: Bool = true) {
        self.id = id
        self.name = name
        self.isStranger = isStranger
        self.isWhole = isWhole
    }
}

/// One event.
public struct Event: Codable, Sendable, Equatable {
    /// Virtual or real time since the beginning, in microseconds.
    public var time: UInt64
    /// Index in `Trace.members`; −1 for an event of the network as a whole.
    public var member: Int
    public var kind: EventKind

    public init(time: UInt64, member: Int, _ kind: EventKind) {
        self.time = time
        self.member = member
        self.kind = kind
    }
}

/// Names a view, of either kind.
public struct ViewName: Codable, Sendable, Hashable, Comparable {
    public var counter: UInt64
    /// The first eight bytes of the view's hash.
    public var hash: UInt64

    public init(counter: UInt64, hash: UInt64) {
        self.counter = counter
        self.hash = hash
    }

    public static func < (first: ViewName, second: ViewName) -> Bool {
        (first.counter, first.hash) < (second.counter, second.hash)
    }
}

/// A view as a member got it.
public struct ViewRecord: Codable, Sendable, Equatable {
    public var name: ViewName
    /// Incarnations, in the view's order.
    public var members: [UInt64]
    public var transitionalSet: [UInt64]
    /// Of a secure view, the fingerprint of its key in hexadecimal; empty for a VS view.
    public var keyFingerprint: String

    public init(name: ViewName, members: [UInt64], transitionalSet: [UInt64], keyFingerprint: String = "") {
        self.name = name
        self.members = members
        self.transitionalSet = transitionalSet
        self.keyFingerprint = keyFingerprint
    }
}

/// The services of §3.1, by their names there.
public enum ServiceName: String, Codable, Sendable, CaseIterable {
    case fifo, causal, agreed, safe
}

/// A message between members, at one of the two floors. The number is the same wherever the message is seen, and
/// different for any two messages sent.
public struct MessageRecord: Codable, Sendable, Equatable {
    public var number: UInt64
    /// The incarnation of its sender.
    public var sender: UInt64
    public var service: ServiceName
    /// The incarnation it is for; nil for all.
    public var destination: UInt64?
    /// What it is, for people: "final token", "text of 17 bytes".
    public var what: String
    /// Of a message of the Flush layer, the number of the application's message that it completes: its only record, or
    /// the last of its fragments. nil for tokens, earlier fragments, and messages of the application themselves.
    public var carries: UInt64?

    public init(
        number: UInt64, sender: UInt64, service: ServiceName, destination: UInt64? = nil, what: String,
        carries: UInt64? = nil
    ) {
        self.number = number
        self.sender = sender
        self.service = service
        self.destination = destination
        self.what = what
        self.carries = carries
    }
}

/// The states of the robust machines, by the paper's abbreviations; `over` after the membership's end. PT, FT and FO
/// are GDH's own: of every other agreement all that comes before KL is A, "agreeing".
public enum Phase: String, Codable, Sendable, CaseIterable {
    case SJ, S, M, PT, FT, FO, KL, CM, over, A
}

/// The events of the robust machines, by the paper's names (§4, table 1), and those that ours has besides.
public enum RobustEvent: String, Codable, Sendable, CaseIterable {
    case partialToken = "Partial_Token"
    case finalToken = "Final_Token"
    case factOut = "Fact_Out"
    case keyList = "Key_List"
    case userMessage = "User_Message"
    case dataMessage = "Data_Message"
    case transitionalSignal = "Transitional_Signal"
    case membership = "Membership"
    case flushRequest = "Flush_Request"
    case secureFlushOk = "Secure_Flush_Ok"
    /// A request, an answer or an announcement about a restart (RestartMessage).
    case restart = "Restart"
    /// The deadline of the agreement has passed.
    case tick = "Tick"
    /// Bytes that are no message of the protocol.
    case garbage = "Garbage"
    /// A token of an agreement other than GDH, but for the one that ends the run, which is a Key_List.
    case token = "Token"
}

/// How a robust machine took an event.
public enum RobustOutcome: String, Codable, Sendable {
    case accepted, ignored, refused
}

public enum EventKind: Codable, Sendable, Equatable {
    // MARK: The network (member −1)

    /// Who can reach whom from now on: indices of the memberships that are connected, each component once.
    case components([[Int]])

    // MARK: Coming and going

    /// The membership began: it was given a connection.
    case connected
    /// The process stopped without a word.
    case crashed
    /// It left of its own will.
    case left
    /// The machine asked to end this membership and to join again, and why.
    case rejoining(String)
    /// A newer membership of the same identity took its place.
    case replaced
    /// It takes no part for a while although it is connected (a process that hangs), or does again.
    case hangs(Bool)

    // MARK: The transport

    /// The transport's configuration: indices of the memberships in it.
    case configuration(id: UInt64, members: [Int])
    /// A message was handed to the transport; the number is the transport's.
    case transmitted(number: Int, what: String, destination: Int?)
    /// The same message came; `wasTampered` when the network changed its bytes for this receiver.
    case arrived(number: Int, from: Int, wasTampered: Bool)
    /// The network swallowed it for this receiver (tampering).
    case swallowed(number: Int, from: Int)

    // MARK: The Flush layer towards the robust machine

    case vsFlushRequest
    case vsFlushOk
    case vsSignal
    case vsView(ViewRecord)
    case vsSent(MessageRecord)
    case vsDelivered(MessageRecord)

    // MARK: The robust machine

    /// It took an event in state `before` and was in state `after` when it had done so. Stands in the trace after the
    /// event of the Flush layer or of the application that it is (`vsDelivered`, `vsView`, `flushOk` …), and before
    /// everything that it brought about (`delivered`, `view`, `vsSent`, `vsFlushOk` …); a `sent` of the application
    /// stands right after the User_Message that accepted it.
    case robust(RobustEvent, before: Phase, after: Phase, RobustOutcome, why: String)

    // MARK: The application

    case flushRequest
    case flushOk
    case signal
    case view(ViewRecord)
    case sent(MessageRecord)
    case delivered(MessageRecord)
    /// Something was refused or is amiss; the membership goes on.
    case problem(String)
}
