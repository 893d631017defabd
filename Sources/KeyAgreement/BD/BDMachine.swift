internal import Arithmetic
internal import Primitives

/// BD (Burmester and Desmedt), with a confirmation of the key: the members in a circle, in the order of the run, end
/// with g^(r_1 r_2 + r_2 r_3 + … + r_n r_1). Nothing is kept from one run to the next.
///
///                begin
///                  │ draws r_i, sends Z_i to all                              alone: installs
///                  ▼                                                          at once
///      exchange, in any order:                                                   │
///        Z of both neighbours are here: sends X_i to all (of two members, X      │
///        would be the identity: they leave this round out)                       │
///        X of all are here: the oldest member confirms the key, AGREED           │
///                  │ receive(confirmation), the own one included: installs       │
///                  ▼                                                             │
///                idle ◄──────────────────────────────────────────────────────────┘
///
/// Only the neighbours' Z are of use, so that nobody looks into the others'. X and the confirmation are AGREED: whoever
/// gets the confirmation has all X.
struct BDMachine: AgreementMachine {
    enum State {
        case idle
        case exchange(BDExchange)
    }

    private(set) var state = State.idle

    mutating func abandon() { state = .idle }

    mutating func keepAlone(_ share: Share, generator: Element) { state = .idle }

    var phase: AgreementPhase {
        switch state {
        case .idle: .idle
        case .exchange(let exchange):
            if exchange.isDone {
                .waitForKeyList
            } else {
                exchange.hasSentSecond ? .collectSecondValues : .collectFirstValues
            }
        }
    }

    func awaited(in run: RunContext) -> [Int] {
        switch state {
        case .idle: []
        case .exchange(let exchange): exchange.awaited(in: run)
        }
    }

    mutating func begin(
        _ run: inout RunContext, after last: CompletedRun?, _ engine: inout AgreementEngine
    ) throws(AgreementError) -> [AgreementAction] {
        let share = try engine.freshShare()
        let first = try engine.raise(engine.generator, share)
        let body = BDFirstToken(value: first.bytes).body
        let token = try run.seal(.bdFirstValue, to: nil, body: body, engine: &engine)
        state = .exchange(BDExchange(share: share, ownFirst: token, in: run))
        return [.multicast(token)]
    }
}

/// A run under way.
struct BDExchange {
    /// r_i.
    let share: Share
    /// The neighbours' places, the one before and the one after: the same one of two members.
    let before: Int
    let after: Int
    /// Whether this member is the one that confirms.
    let confirms: Bool
    /// The tokens that this member sent, as they come back.
    private(set) var own: [[UInt8]]
    /// Z of the neighbours.
    private(set) var firstBefore: Element?
    private(set) var firstAfter: Element?
    /// X of each place; of two members both are the identity.
    private(set) var second: [Second]
    /// The confirmed key, of the one that confirms, and the token.
    private(set) var confirmed: (key: GroupKey, token: [UInt8])?

    enum Second {
        case missing
        case identity
        case element(Element)

        var element: Element? {
            switch self {
            case .missing, .identity: nil
            case .element(let element): element
            }
        }

        var isMissing: Bool {
            switch self {
            case .missing: true
            case .identity, .element: false
            }
        }
    }

    init(share: Share, ownFirst token: [UInt8], in run: RunContext) {
        let count = run.members.count
        self.share = share
        before = (run.position + count - 1) % count
        after = (run.position + 1) % count
        confirms = run.position == run.controller
        own = [token]
        second = Array(repeating: count == 2 ? .identity : .missing, count: count)
    }

    var hasFirst: Bool { firstBefore != nil && firstAfter != nil }
    var hasAllSecond: Bool { !second.contains { $0.isMissing } }
    /// Whether this member's X is out, or not needed.
    private(set) var hasSentSecond = false

    /// Whether nothing of this member is needed any more: of two, the other can confirm as soon as it has Z.
    var isDone: Bool { confirms ? confirmed != nil : hasSentSecond || second.count == 2 }

    func isNeighbour(_ place: Int) -> Bool { place == before || place == after }

    func hasFirst(of place: Int) -> Bool { (place == before ? firstBefore : firstAfter) != nil }

    mutating func addFirst(_ value: Element, of place: Int) {
        if place == before { firstBefore = value }
        if place == after { firstAfter = value }
    }

    mutating func addSecond(_ value: Element?, of place: Int) {
        second[place] = value.map { .element($0) } ?? .identity
    }

    /// This member has sent its X, unless there are two members only.
    mutating func sentSecond(_ token: [UInt8]?) {
        hasSentSecond = true
        if let token { own.append(token) }
    }

    mutating func confirm(_ key: GroupKey, _ token: [UInt8]) { confirmed = (key, token) }

    func awaited(in run: RunContext) -> [Int] {
        var places: [Int] = []
        if !hasSentSecond {
            places = [before, after].filter { !hasFirst(of: $0) }
            if before == after { places = Array(places.prefix(1)) }
        } else if !hasAllSecond {
            places = second.indices.filter { second[$0].isMissing }
        } else {
            places = [run.controller]
        }
        return places.sorted()
    }
}

// MARK: - Tokens

extension BDMachine {
    mutating func receive(
        _ token: ReceivedToken, in run: inout RunContext, _ engine: inout AgreementEngine
    ) throws(AgreementError) -> AgreementStep? {
        guard case .exchange(let exchange) = state else { throw .wrongPhase }
        if token.position == run.position { return try receiveOwn(token, exchange) }
        switch token.envelope.kind {
        case .bdFirstValue: return try receiveFirst(token, exchange, in: &run, &engine)
        case .bdSecondValue: return try receiveSecond(token, exchange, in: &run, &engine)
        case .bdConfirmation: return try receiveConfirmation(token, exchange, in: run, &engine)
        // No token of another agreement has come so far.
        default: throw .wrongSuite
        }
    }

    /// A multicast that came back. Its signature needs no check: it is the very token that was sent.
    private mutating func receiveOwn(
        _ token: ReceivedToken, _ exchange: BDExchange
    ) throws(AgreementError) -> AgreementStep {
        if let confirmed = exchange.confirmed, token.bytes == confirmed.token {
            state = .idle
            return AgreementStep(key: confirmed.key)
        }
        guard exchange.own.contains(token.bytes) else { throw .wrongSender }
        return AgreementStep()
    }

    private mutating func receiveFirst(
        _ received: ReceivedToken, _ exchange: BDExchange, in run: inout RunContext, _ engine: inout AgreementEngine
    ) throws(AgreementError) -> AgreementStep? {
        guard exchange.isNeighbour(received.position) else { return nil }
        guard !exchange.hasFirst(of: received.position) else { throw .replayed }
        try received.authenticate(in: run, &engine)
        let token = try BDFirstToken(reading: received.envelope.body, elementSize: engine.elementSize)
        var exchange = exchange
        exchange.addFirst(try engine.check(token.value), of: received.position)
        return try goOn(exchange, in: &run, &engine)
    }

    private mutating func receiveSecond(
        _ received: ReceivedToken, _ exchange: BDExchange, in run: inout RunContext, _ engine: inout AgreementEngine
    ) throws(AgreementError) -> AgreementStep {
        guard run.members.count > 2 else { throw .wrongPhase }
        guard exchange.second[received.position].isMissing else { throw .replayed }
        try received.authenticate(in: run, &engine)
        let token = try BDSecondToken(reading: received.envelope.body, elementSize: engine.elementSize)
        var exchange = exchange
        if let value = token.value {
            exchange.addSecond(try engine.check(value), of: received.position)
        } else {
            exchange.addSecond(nil, of: received.position)
        }
        return try goOn(exchange, in: &run, &engine)
    }

    /// What this member can do next: send X, and then, as the oldest, confirm.
    private mutating func goOn(
        _ beginning: BDExchange, in run: inout RunContext, _ engine: inout AgreementEngine
    ) throws(AgreementError) -> AgreementStep {
        var exchange = beginning
        var step = AgreementStep()
        if !exchange.hasSentSecond, let before = exchange.firstBefore, let after = exchange.firstAfter {
            if run.members.count == 2 {
                exchange.sentSecond(nil)
            } else {
                let value = try engine.quotient(after, before, raisedTo: exchange.share)
                let body = BDSecondToken(value: value?.bytes).body
                let token = try run.seal(.bdSecondValue, to: nil, body: body, engine: &engine)
                exchange.addSecond(value, of: run.position)
                exchange.sentSecond(token)
                step.actions.append(.multicastAgreed(token))
            }
        }
        if exchange.confirms, exchange.hasSentSecond, exchange.hasAllSecond, exchange.confirmed == nil {
            let key = try key(exchange, in: run, &engine)
            let confirmation = try key.confirmation(of: exchange.secondValues, binding: run.binding)
            let body = BDConfirmation(confirmation: confirmation).body
            let token = try run.seal(.bdConfirmation, to: nil, body: body, engine: &engine)
            exchange.confirm(key, token)
            step.actions.append(.multicastAgreed(token))
        }
        state = .exchange(exchange)
        return step
    }

    /// Computes the key, and installs if the oldest member has proved to hold the same.
    private mutating func receiveConfirmation(
        _ received: ReceivedToken, _ exchange: BDExchange, in run: RunContext, _ engine: inout AgreementEngine
    ) throws(AgreementError) -> AgreementStep {
        guard exchange.hasSentSecond, exchange.hasAllSecond else { throw .wrongPhase }
        guard received.position == run.controller else { throw .wrongSender }
        try received.authenticate(in: run, &engine)
        let token = try BDConfirmation(reading: received.envelope.body)
        let key = try key(exchange, in: run, &engine)
        guard try key.isConfirmed(by: token.confirmation, of: exchange.secondValues, binding: run.binding) else {
            throw .keyConfirmation
        }
        state = .idle
        return AgreementStep(key: key)
    }

    /// Z_(i-1)^(n r_i) · X_i^(n-1) · X_(i+1)^(n-2) … X_(i+n-2).
    private func key(
        _ exchange: BDExchange, in run: RunContext, _ engine: inout AgreementEngine
    ) throws(AgreementError) -> GroupKey {
        let count = run.members.count
        guard let before = exchange.firstBefore else { throw .wrongPhase }
        let factors = (0..<count - 1).map { exchange.second[(run.position + $0) % count].element }
        return try engine.circleKey(before, exchange.share, count: count, factors: factors, binding: run.binding)
    }
}

extension BDExchange {
    /// X of all, as the confirmation covers them.
    var secondValues: [UInt8] {
        var writer = ByteWriter(capacity: 64 * second.count)
        for value in second { writer.writeVector32(BDSecondToken(value: value.element?.bytes).body) }
        return writer.bytes
    }
}
