import Arithmetic
import Flush
import KeyAgreement
import Primitives
import Testing

@testable import SecureGroup

/// One member with its application, which acknowledges every flush at once.
final class Node {
    struct Delivered: Equatable {
        let sender: UInt64
        let service: Service
        let isPrivate: Bool
        let payload: [UInt8]
    }

    let id: UInt64
    let person: UInt64
    let identity: Identity
    var machine: SecureGroup
    var log: [SecureGroupAction] = []
    var views: [SecureView] = []
    var controlKeys: [[UInt8]] = []
    /// What was delivered in each secure view, and how many transitional signals.
    var delivered: [[Delivered]] = []
    var signals: [Int] = []
    var hasAcknowledged = false
    var isOver = false
    var hasFailed = false
    var outbox: [Network.Message] = []
    var refusals: [SecureGroupError] = []
    var answersFlush = true

    init(
        id: UInt64, person: UInt64, suite: Suite, algorithm: RobustAlgorithm, limits: SecureGroupLimits
    ) throws {
        self.id = id
        self.person = person
        let seed = [UInt8](repeating: UInt8(truncatingIfNeeded: person), count: 32)
        identity = try Identity(name: "person \(person)", seed: SecretBytes(copying: seed.span))
        machine = SecureGroup(
            group: "kitchen", suite: suite, algorithm: algorithm, identity: identity, id: id, limits: limits,
            entropy: .seeded(id &* 77))
    }

    var isSecure: Bool { machine.canSend }

    func take(_ actions: [SecureGroupAction]) {
        log += actions
        for action in actions {
            switch action {
            case .send(let payload, let service, let destination):
                #expect(!hasAcknowledged, "sends after its acknowledgement")
                outbox.append(
                    Network.Message(sender: id, service: service, destination: destination, payload: payload))
            case .flushOk:
                #expect(!hasAcknowledged, "acknowledges twice")
                hasAcknowledged = true
            case .deliverFlushRequest: if answersFlush { answerFlush() }
            case .deliverTransitionalSignal:
                if signals.isEmpty {
                    Issue.record("a signal before the first view")
                } else {
                    signals[signals.count - 1] += 1
                }
            case .secureViewInstalled:
                let key = try? machine.flushControlKey().withBytes { Array($0) }
                controlKeys.append(key ?? [])
            case .deliverView(let view):
                views.append(view)
                delivered.append([])
                signals.append(0)
            case .deliverMessage(let sender, let service, let isPrivate, let payload):
                if delivered.isEmpty {
                    Issue.record("a message before the first view")
                } else {
                    delivered[delivered.count - 1].append(
                        Delivered(sender: sender, service: service, isPrivate: isPrivate, payload: payload))
                }
            case .refused(let error, _): refusals.append(error)
            case .ignored: break
            case .leaveAndRejoin: isOver = true
            case .failed: hasFailed = true
            }
        }
    }

    func answerFlush() {
        do { take(try machine.secureFlushOk(now: 0)) } catch { Issue.record("flush answer refused: \(error)") }
    }
}

/// A perfect Flush layer: total order in each component, views by script.
final class Network {
    struct Message: Equatable {
        var sender: UInt64
        var service: Service
        var destination: UInt64?
        var payload: [UInt8]
    }

    final class Component {
        let view: FlushView
        var queue: [Message] = []
        init(view: FlushView) { self.view = view }
        var ids: [UInt64] { view.members.map { $0.id } }
    }

    /// In which order a change reaches members that lose somebody.
    enum Style: CaseIterable {
        /// Signal, then request, then what is left of the queue.
        case signalFirst
        /// Request, then the queue, then the signal.
        case signalLast
        /// Request, one message, signal, the rest.
        case signalBetween
        /// The queue, then signal and request.
        case drainFirst
    }

    var nodes: [Node] = []
    var components: [Component] = []
    var counter: UInt64 = 0
    var now: UInt64 = 0
    let suite: Suite
    let algorithm: RobustAlgorithm
    let limits: SecureGroupLimits
    /// Changes a message on its way to one receiver; nil drops it. Called once for each receiver, in order.
    var tamper: ((Message, UInt64) -> Message?)?
    var deliveries = 0
    private var nextID: UInt64 = 100

    init(
        _ algorithm: RobustAlgorithm, suite: Suite = Suite(forBenchmarksIn: .paper512),
        limits: SecureGroupLimits = SecureGroupLimits(agreementTimeout: 1_000, restartLimit: 3)
    ) {
        self.suite = suite
        self.algorithm = algorithm
        self.limits = limits
    }

    func node(_ id: UInt64) -> Node { nodes.first { $0.id == id }! }

    func fresh(person: UInt64? = nil) throws -> UInt64 {
        nextID += 1
        nodes.append(
            try Node(
                id: nextID, person: person ?? nextID, suite: suite, algorithm: algorithm, limits: limits))
        return nextID
    }

    func fresh(_ count: Int) throws -> [UInt64] { try (0..<count).map { _ in try fresh() } }

    func component(of id: UInt64) -> Component? { components.first { $0.ids.contains(id) } }

    // MARK: Delivery

    private func collect(_ component: Component) {
        for id in component.ids {
            component.queue += node(id).outbox
            node(id).outbox = []
        }
    }

    /// Delivers the next message of a component to `receivers`; false when there is none.
    @discardableResult
    func step(_ component: Component, to receivers: [UInt64]? = nil) -> Bool {
        collect(component)
        guard !component.queue.isEmpty else { return false }
        let message = component.queue.removeFirst()
        for id in receivers ?? component.ids {
            if let destination = message.destination, destination != id { continue }
            deliveries += 1
            let node = node(id)
            guard !node.isOver, let changed = tamper == nil ? message : tamper?(message, id) else { continue }
            node.take(
                node.machine.data(
                    from: changed.sender, service: changed.service, isPrivate: changed.destination != nil,
                    payload: changed.payload, now: now))
        }
        collect(component)
        return true
    }

    /// Delivers everything, in all components.
    func run() {
        var isBusy = true
        while isBusy {
            isBusy = false
            for component in components { if step(component) { isBusy = true } }
        }
    }

    /// Lets time pass to the next deadline; false when there is none.
    func passTime() -> Bool {
        let due = nodes.filter { !$0.isOver && component(of: $0.id) != nil }.compactMap { $0.machine.deadline }.min()
        guard let due else { return false }
        now = max(now, due)
        for node in nodes where component(of: node.id) != nil && !node.isOver { node.take(node.machine.tick(now: now)) }
        return true
    }

    /// Lets everything happen that happens by itself: messages, deadlines, and members that join again.
    func settle(limit: Int = 40) throws {
        for _ in 0..<limit {
            run()
            let over = nodes.filter { $0.isOver && component(of: $0.id) != nil }
            if let first = over.first, let home = component(of: first.id) {
                let gone = over.filter { home.ids.contains($0.id) }
                let stay = home.ids.filter { id in !gone.contains { $0.id == id } }
                let again = try gone.map { try fresh(person: $0.person) }
                change([stay + again], style: .signalFirst)
                continue
            }
            if !passTime() { return }
        }
        Issue.record("does not settle")
    }

    // MARK: Views

    /// Replaces the components that have a member in `sides` (members that appear in none are gone) by these.
    func change(
        _ sides: [[UInt64]], style: Style = .drainFirst, isSignalled: Bool = true, isConfirmed: Bool = true
    ) {
        let all = sides.flatMap { $0 }
        let touched = components.filter { component in component.ids.contains { all.contains($0) } }
        for old in touched { close(old, sides, style, isSignalled) }
        components.removeAll { component in touched.contains { $0 === component } }
        let views = sides.map { compose($0, touched) }
        for (side, view) in zip(sides, views) {
            let component = Component(
                view: FlushView(
                    id: view.id, members: view.members, transitionalSet: [], leaveSet: [], transcript: view.transcript))
            components.append(component)
            for id in side {
                let old = touched.first { $0.ids.contains(id) }
                let together = old?.ids.filter { side.contains($0) && movesTogether($0, with: id) } ?? [id]
                let memberView = FlushView(
                    id: view.id, members: view.members, transitionalSet: together,
                    leaveSet: old?.view.members.filter { !together.contains($0.id) } ?? [], transcript: view.transcript,
                    hasUnconfirmedMessages: !isConfirmed)
                let node = node(id)
                node.hasAcknowledged = false
                if !node.isOver { node.take(node.machine.membership(memberView, now: now)) }
            }
            collect(component)
        }
    }

    /// Flush puts nobody into a transitional set who had another secure view last: acknowledgements name it. The
    /// optimized algorithm is tried without that: it finds out in another way.
    private func movesTogether(_ first: UInt64, with second: UInt64) -> Bool {
        switch algorithm {
        case .optimized: true
        case .basic: node(first).views.last?.id == node(second).views.last?.id
        }
    }

    /// Ends a component: flush request, signal, and the messages of those who stay together.
    private func close(_ old: Component, _ sides: [[UInt64]], _ style: Style, _ isSignalled: Bool) {
        collect(old)
        let queue = old.queue
        let parts = sides.map { side in old.ids.filter { side.contains($0) } }.filter { !$0.isEmpty }
        for part in parts {
            let isLosing = part.count < old.ids.count
            // Of what was not delivered before the components parted, only one's own companions' messages arrive.
            old.queue = queue.filter { part.contains($0.sender) }
            func each(_ body: (Node) -> Void) {
                for id in part where !node(id).isOver { body(node(id)) }
                collect(old)
            }
            func drain() { while step(old, to: part) {} }
            var hasSignalled = false
            func signal() {
                guard !hasSignalled, isSignalled else { return }
                hasSignalled = true
                each { $0.take($0.machine.transitionalSignal(now: now)) }
            }
            func request() { each { $0.take($0.machine.flushRequest(now: now)) } }
            switch style {
            case .signalFirst:
                if isLosing { signal() }
                request()
            case .signalLast:
                request()
                drain()
                if isLosing { signal() }
            case .signalBetween:
                request()
                step(old, to: part)
                if isLosing { signal() }
            case .drainFirst:
                drain()
                if isLosing { signal() }
                request()
            }
            drain()
            var rounds = 0
            while part.contains(where: { !node($0).hasAcknowledged && !node($0).isOver }), rounds < 10 {
                rounds += 1
                if !passTime() { break }
                drain()
            }
            for id in part { #expect(node(id).hasAcknowledged || node(id).isOver, "\(id) never acknowledges") }
            signal()
        }
    }

    /// The members in order of seniority: the largest old component first.
    private func compose(_ side: [UInt64], _ old: [Component]) -> FlushView {
        var groups = old.map { component in component.ids.filter { side.contains($0) } }.filter { !$0.isEmpty }
        groups.sort { ($0.count, $1[0]) > ($1.count, $0[0]) }
        let ordered = groups.flatMap { $0 }
        let ids = ordered + side.filter { !ordered.contains($0) }
        counter += 1
        let members = ids.map { id in
            let node = node(id)
            return Member(
                id: id, connection: id, name: node.identity.name, publicKey: node.identity.publicKey)
        }
        var writer = ByteWriter()
        writer.writeUInt64(counter)
        for id in ids { writer.writeUInt64(id) }
        let hash = (try? Digest.sha256(writer.bytes)) ?? []
        let transcript = (try? Digest.sha256(writer.bytes + [1])) ?? []
        return FlushView(
            id: ViewIdentifier(counter: counter, hash: hash), members: members, transitionalSet: [], leaveSet: [],
            transcript: transcript)
    }

    // MARK: Oracles

    /// Everybody of a list is in the same newest secure view, with exactly these members, and can send.
    func expectSecure(_ ids: [UInt64], _ note: String = "", sourceLocation: SourceLocation = #_sourceLocation) {
        let newest = node(ids[0]).views.last
        #expect(newest != nil, "\(note)", sourceLocation: sourceLocation)
        #expect(Set(newest?.members.map { $0.id } ?? []) == Set(ids), "\(note)", sourceLocation: sourceLocation)
        for id in ids {
            #expect(node(id).isSecure, "\(id) \(note)", sourceLocation: sourceLocation)
            #expect(node(id).views.last?.id == newest?.id, "\(id) \(note)", sourceLocation: sourceLocation)
        }
        check(note, sourceLocation: sourceLocation)
    }

    /// The living ids of persons in the newest components.
    var present: [[UInt64]] { components.map { $0.ids } }

    /// What must hold whatever happened.
    func check(_ note: String = "", sourceLocation: SourceLocation = #_sourceLocation) {
        var seen: [(view: SecureView, key: [UInt8])] = []
        for node in nodes {
            for (view, key) in zip(node.views, node.controlKeys) {
                #expect(view.transitionalSet.contains(node.id), "\(note)", sourceLocation: sourceLocation)
                if let other = seen.first(where: { $0.view.id == view.id }) {
                    #expect(other.view.keyFingerprint == view.keyFingerprint, "\(note)", sourceLocation: sourceLocation)
                    #expect(
                        other.view.members == view.members && other.key == key, "\(note)",
                        sourceLocation: sourceLocation)
                } else {
                    #expect(
                        !seen.contains { $0.view.keyFingerprint == view.keyFingerprint || $0.key == key }, "\(note)",
                        sourceLocation: sourceLocation)
                    seen.append((view, key))
                }
            }
            for signals in node.signals.dropLast() {
                #expect(signals == 1, "\(node.id) \(note)", sourceLocation: sourceLocation)
            }
            for (first, second) in zip(node.views, node.views.dropFirst()) {
                #expect(first.id.counter < second.id.counter, "\(note)", sourceLocation: sourceLocation)
            }
        }
        checkVirtualSynchrony(note, sourceLocation)
    }

    private func checkVirtualSynchrony(_ note: String, _ sourceLocation: SourceLocation) {
        for first in nodes {
            for second in nodes where second.id != first.id {
                for (index, view) in first.views.enumerated() where view.transitionalSet.contains(second.id) {
                    guard let other = second.views.firstIndex(where: { $0.id == view.id }) else { continue }
                    let twin = second.views[other]
                    // Theorems A.8 and A.9.
                    #expect(twin.transitionalSet.contains(first.id), "\(note)", sourceLocation: sourceLocation)
                    #expect(index > 0 && other > 0, "\(note)", sourceLocation: sourceLocation)
                    guard index > 0, other > 0 else { continue }
                    #expect(
                        first.views[index - 1].id == second.views[other - 1].id, "\(note)",
                        sourceLocation: sourceLocation)
                    // Theorem A.10, and agreed order.
                    let mine = first.delivered[index - 1].filter { !$0.isPrivate }
                    let theirs = second.delivered[other - 1].filter { !$0.isPrivate }
                    #expect(mine == theirs, "\(first.id) \(second.id) \(note)", sourceLocation: sourceLocation)
                }
            }
        }
    }
}
