import Flush
import KeyAgreement
import Primitives
import Testing

@testable import SecureGroup

/// Each state of the paper's tables (algorithms 3 to 10) with each event: event in, actions out.
@Suite struct DialogueTests {
    enum Place: CaseIterable {
        /// SJ, and the basic algorithm's CM before the first view.
        case beginning
        case waitForPartialToken, waitForFinalToken, collectFactOuts, waitForKeyList
        case secure
        /// M, and the basic algorithm's CM after S.
        case afterSecure
        /// CM after a run that was abandoned.
        case cascading
        case over

        /// A member in this state, which (but in SJ) has had a secure view of three before.
        func make(_ algorithm: RobustAlgorithm) throws -> (Network, Node) {
            let network = Network(algorithm)
            let ids = try network.fresh(3)
            if self == .beginning { return (network, network.node(ids[0])) }
            network.change([ids])
            network.run()
            let nodes = ids.map { network.node($0) }
            if self == .secure { return (network, nodes[0]) }
            if self == .afterSecure {
                nodes[0].take(nodes[0].machine.flushRequest(now: 0))
                return (network, nodes[0])
            }
            // The flush of the second change comes before the first one's run: in the third view all begin from
            // scratch.
            network.change([ids + (try network.fresh(1))], style: .signalFirst)
            network.change([network.present[0]], style: .signalFirst)
            switch self {
            case .waitForPartialToken: return (network, nodes[1])
            case .waitForFinalToken: return (network, nodes[0])
            case .collectFactOuts:
                network.change([ids], style: .signalFirst)
                while nodes[2].machine.context.phase != .collectFactOuts { network.step(network.components[0]) }
                return (network, nodes[2])
            case .waitForKeyList:
                while nodes[0].machine.context.phase != .waitForKeyList { network.step(network.components[0]) }
                return (network, nodes[0])
            case .cascading:
                nodes[1].take(nodes[1].machine.flushRequest(now: 0))
                return (network, nodes[1])
            case .over:
                _ = nodes[1].machine.leaveAndRejoin(.keyMissing)
                nodes[1].isOver = true
                return (network, nodes[1])
            case .beginning, .secure, .afterSecure: return (network, nodes[0])
            }
        }

        var isAgreeing: Bool {
            switch self {
            case .waitForPartialToken, .waitForFinalToken, .collectFactOuts, .waitForKeyList: true
            case .beginning, .secure, .afterSecure, .cascading, .over: false
            }
        }
    }

    @Test(arguments: RobustAlgorithm.allCases)
    func placesAreWhatTheySay(_ algorithm: RobustAlgorithm) throws {
        func name(_ place: Place) throws -> String {
            let (_, node) = try place.make(algorithm)
            switch node.machine.state {
            case .waitForSelfJoin: return "SJ"
            case .secure: return "S"
            case .waitForMembership: return "M"
            case .agreeing: return "\(node.machine.context.phase)"
            case .waitForCascadingMembership(let state):
                switch state.origin {
                case .start: return "CM from the start"
                case .secure: return "CM from S"
                case .agreeing: return "CM"
                }
            case .over: return "over"
            }
        }
        let names = try Place.allCases.map { try name($0) }
        let agreeing = ["waitForPartialToken", "waitForFinalToken", "collectFactOuts", "waitForKeyList"]
        switch algorithm {
        case .optimized: #expect(names == ["SJ"] + agreeing + ["S", "M", "CM", "over"])
        case .basic: #expect(names == ["CM from the start"] + agreeing + ["S", "CM from S", "CM", "over"])
        }
    }

    @Test(arguments: RobustAlgorithm.allCases, Place.allCases)
    func flushRequest(_ algorithm: RobustAlgorithm, _ place: Place) throws {
        let (_, node) = try place.make(algorithm)
        let actions = node.machine.flushRequest(now: 0)
        switch place {
        case .beginning: #expect(actions == [.ignored(.notYetJoined, sender: nil)])
        case .secure: #expect(actions == [.deliverFlushRequest])
        case .afterSecure, .cascading:
            #expect(actions == [.ignored(.alreadyRequested, sender: nil)])
        case .waitForPartialToken, .waitForFinalToken: #expect(actions == [.flushOk])
        case .collectFactOuts:
            // The controller says that there will be no key list, and acknowledges.
            #expect(actions.count == 2 && actions.last == .flushOk)
        case .waitForKeyList: #expect(actions == [])
        case .over: #expect(actions == [.ignored(.ended, sender: nil)])
        }
        // Once more.
        let again = node.machine.flushRequest(now: 0)
        switch place {
        case .beginning: #expect(again == [.ignored(.notYetJoined, sender: nil)])
        case .over: #expect(again == [.ignored(.ended, sender: nil)])
        default: #expect(again == [.ignored(.alreadyRequested, sender: nil)])
        }
    }

    @Test(arguments: RobustAlgorithm.allCases, Place.allCases)
    func transitionalSignal(_ algorithm: RobustAlgorithm, _ place: Place) throws {
        let (_, node) = try place.make(algorithm)
        let actions = node.machine.transitionalSignal(now: 0)
        switch place {
        case .beginning: #expect(actions == [.ignored(.notYetJoined, sender: nil)])
        case .secure, .afterSecure: #expect(actions == [.deliverTransitionalSignal])
        // The secure view has had its signal.
        case .waitForPartialToken, .waitForFinalToken, .collectFactOuts, .waitForKeyList, .cascading:
            #expect(actions == [])
        case .over: #expect(actions == [.ignored(.ended, sender: nil)])
        }
        guard place != .beginning, place != .over else { return }
        #expect(node.machine.transitionalSignal(now: 0) == [.ignored(.alreadySignalled, sender: nil)])
        guard place.isAgreeing else { return }
        // Now the view is dying: tokens and restarts are of no use, the deadline is off, a flush is acknowledged at
        // once.
        #expect(node.machine.deadline == nil)
        let token = node.machine.data(from: 102, service: .agreed, isPrivate: false, payload: [1, 0, 0, 9], now: 0)
        #expect(token == [.ignored(.abandonedRun, sender: 102)])
        #expect(node.machine.flushRequest(now: 0) == [.flushOk])
    }

    @Test(arguments: RobustAlgorithm.allCases)
    func flushRequestInKeyListThenSignal(_ algorithm: RobustAlgorithm) throws {
        let (_, node) = try Place.waitForKeyList.make(algorithm)
        #expect(node.machine.flushRequest(now: 0) == [])
        #expect(node.machine.transitionalSignal(now: 0) == [.flushOk])
    }

    @Test(arguments: RobustAlgorithm.allCases)
    func flushRequestInKeyListThenKeyList(_ algorithm: RobustAlgorithm) throws {
        let (network, node) = try Place.waitForKeyList.make(algorithm)
        #expect(node.machine.flushRequest(now: 0) == [])
        node.answersFlush = false
        node.log = []
        network.run()
        #expect(node.isSecure)
        #expect(node.log.last == .deliverFlushRequest)
        #expect(try node.machine.secureFlushOk(now: 0) == [.flushOk])
    }

    @Test(arguments: RobustAlgorithm.allCases, Place.allCases)
    func secureFlushOk(_ algorithm: RobustAlgorithm, _ place: Place) throws {
        let (_, node) = try place.make(algorithm)
        #expect(throws: place == .over ? SecureGroupError.ended : .noFlushRequest) {
            try node.machine.secureFlushOk(now: 0)
        }
        guard place == .secure else { return }
        _ = node.machine.flushRequest(now: 0)
        // Between request and answer the application may still send.
        #expect(try node.machine.userMessage([1], service: .fifo).count == 1)
        #expect(try node.machine.secureFlushOk(now: 0) == [.flushOk])
        #expect(throws: SecureGroupError.flushPending) { try node.machine.userMessage([1], service: .fifo) }
    }

    @Test(arguments: RobustAlgorithm.allCases, Place.allCases)
    func userMessage(_ algorithm: RobustAlgorithm, _ place: Place) throws {
        let (_, node) = try place.make(algorithm)
        func send() throws(SecureGroupError) -> [SecureGroupAction] {
            try node.machine.userMessage([1, 2], service: .safe)
        }
        switch place {
        case .secure:
            guard case .send(let payload, .safe, nil) = try send().first else {
                Issue.record("not sent")
                return
            }
            #expect(payload.count == SealedHeader.overhead + 2)
        case .beginning: #expect(throws: SecureGroupError.noSecureView) { try send() }
        case .over: #expect(throws: SecureGroupError.ended) { try send() }
        default: #expect(throws: SecureGroupError.flushPending) { try send() }
        }
    }

    @Test(arguments: RobustAlgorithm.allCases)
    func userMessageBeforeTheFirstKey(_ algorithm: RobustAlgorithm) throws {
        let network = Network(algorithm)
        let ids = try network.fresh(2)
        network.change([ids])
        for id in ids {
            #expect(throws: SecureGroupError.noSecureView) {
                try network.node(id).machine.userMessage([], service: .fifo)
            }
            #expect(throws: SecureGroupError.noSecureView) {
                try network.node(id).machine.export(label: [], context: [], count: 1).count
            }
            #expect(network.node(id).machine.transitionalSignal(now: 0) == [])
        }
    }

    @Test(arguments: RobustAlgorithm.allCases, Place.allCases)
    func dataMessage(_ algorithm: RobustAlgorithm, _ place: Place) throws {
        let (network, node) = try place.make(algorithm)
        // Sealed under the key of the first view, as the second of three members.
        let other = try Place.secure.make(algorithm).0.node(102)
        guard case .send(let sealed, _, _) = try other.machine.userMessage([5], service: .agreed)[0] else { return }
        let actions = node.machine.data(from: 102, service: .agreed, isPrivate: false, payload: sealed, now: 0)
        _ = network
        switch place {
        case .beginning: #expect(actions == [.ignored(.notYetJoined, sender: 102)])
        case .secure, .afterSecure:
            #expect(actions == [.deliverMessage(sender: 102, service: .agreed, isPrivate: false, payload: [5])])
        case .waitForPartialToken, .waitForFinalToken, .collectFactOuts, .waitForKeyList:
            #expect(actions == [.refused(.wrongView, sender: 102)])
        case .cascading: #expect(actions == [.ignored(.abandonedView, sender: 102)])
        case .over: #expect(actions == [.ignored(.ended, sender: 102)])
        }
    }

    @Test(arguments: RobustAlgorithm.allCases, Place.allCases)
    func tokens(_ algorithm: RobustAlgorithm, _ place: Place) throws {
        let (_, node) = try place.make(algorithm)
        let actions = node.machine.data(from: 102, service: .fifo, isPrivate: true, payload: [1, 0, 0, 1, 2], now: 0)
        switch place {
        case .beginning: #expect(actions == [.ignored(.notYetJoined, sender: 102)])
        case .secure: #expect(actions == [.refused(.agreement(.wrongPhase), sender: 102)])
        case .afterSecure:
            switch algorithm {
            case .optimized: #expect(actions == [.refused(.agreement(.wrongPhase), sender: 102)])
            case .basic: #expect(actions == [.ignored(.abandonedRun, sender: 102)])
            }
        case .waitForPartialToken, .waitForFinalToken, .collectFactOuts, .waitForKeyList:
            #expect(actions == [.refused(.agreement(.malformed), sender: 102)])
            // Its kind is that of a final token, which is sent FIFO; only the key list is AGREED.
            #expect(
                node.machine.data(from: 102, service: .agreed, isPrivate: true, payload: [1, 0, 0, 1, 2], now: 0)
                    == [.refused(.wrongService, sender: 102)])
            #expect(
                node.machine.data(from: 102, service: .fifo, isPrivate: true, payload: [1, 0, 0, 1, 4], now: 0)
                    == [.refused(.wrongService, sender: 102)])
        case .cascading: #expect(actions == [.ignored(.abandonedRun, sender: 102)])
        case .over: #expect(actions == [.ignored(.ended, sender: 102)])
        }
    }

    @Test(arguments: RobustAlgorithm.allCases, Place.allCases)
    func membershipWithoutFlush(_ algorithm: RobustAlgorithm, _ place: Place) throws {
        let (network, node) = try place.make(algorithm)
        var view = FlushView(
            id: ViewIdentifier(counter: 99, hash: [UInt8](repeating: 3, count: 32)),
            members: [Member(id: 7, connection: 7, name: "x", publicKey: node.identity.publicKey)],
            transitionalSet: [7], leaveSet: [], transcript: [1])
        #expect(node.machine.membership(view, now: 0) == [.refused(.unexpectedView, sender: nil)])
        let me = Member(
            id: node.id, connection: 1, name: node.identity.name, publicKey: node.identity.publicKey)
        view = FlushView(
            id: view.id, members: [me], transitionalSet: [node.id], leaveSet: [], transcript: view.transcript)
        let actions = node.machine.membership(view, now: 0)
        _ = network
        switch place {
        case .beginning, .afterSecure, .cascading:
            // Alone: a fresh key at once.
            let installed = node.machine.view
            #expect(installed?.members == [me] && installed?.transitionalSet == [node.id])
            #expect(actions.last == installed.map { .deliverView($0) })
            #expect(actions.first == .deliverTransitionalSignal || place != .afterSecure)
            #expect(node.isSecure)
        case .secure, .waitForPartialToken, .waitForFinalToken, .collectFactOuts, .waitForKeyList:
            #expect(actions == [.refused(.unexpectedView, sender: nil)])
        case .over: #expect(actions == [.ignored(.ended, sender: nil)])
        }
    }

    @Test(arguments: RobustAlgorithm.allCases, Place.allCases)
    func garbage(_ algorithm: RobustAlgorithm, _ place: Place) throws {
        let (_, node) = try place.make(algorithm)
        for payload in [[], [0], [4], [255, 1], [2], [3]] as [[UInt8]] {
            let actions = node.machine.data(from: 102, service: .fifo, isPrivate: true, payload: payload, now: 0)
            #expect(actions.count == 1)
        }
        #expect(
            node.machine.data(from: 1, service: .fifo, isPrivate: false, payload: [], now: 0)
                == [.refused(.malformed, sender: 1)])
    }

    @Test(arguments: RobustAlgorithm.allCases, Place.allCases)
    func deadline(_ algorithm: RobustAlgorithm, _ place: Place) throws {
        let (_, node) = try place.make(algorithm)
        #expect(node.machine.tick(now: 0) == [])
        let actions = node.machine.tick(now: 1_000_000)
        guard place.isAgreeing else {
            #expect(actions == [] && node.machine.deadline == nil)
            return
        }
        guard case .send(let payload, .agreed, nil) = actions.first else {
            Issue.record("no request")
            return
        }
        #expect(payload.first == 2 && node.machine.deadline == 1_001_000)
    }

    // MARK: - The key list and what overtakes it

    /// Data that overtakes the key list is delivered after it, in order; the queue is bounded.
    @Test(arguments: RobustAlgorithm.allCases, [true, false])
    func dataBeforeTheKeyList(_ algorithm: RobustAlgorithm, _ hasRoom: Bool) throws {
        let network = Network(
            algorithm,
            limits: SecureGroupLimits(agreementTimeout: 1_000, restartLimit: 3, queueLimit: hasRoom ? 1_000 : 100))
        let ids = try network.fresh(2)
        network.change([ids])
        let late = network.node(ids[0])
        var held: [Network.Message] = []
        network.tamper = { message, receiver in
            guard receiver == ids[0], message.service == .agreed else { return message }
            held.append(message)
            return nil
        }
        network.run()
        network.tamper = nil
        let early = network.node(ids[1])
        #expect(early.isSecure && !late.isSecure)
        early.take(try early.machine.userMessage([1], service: .fifo))
        early.take(try early.machine.userMessage([2], service: .fifo))
        network.run()
        #expect(late.delivered.isEmpty && late.refusals == (hasRoom ? [] : [.queueFull]))
        for message in held {
            late.take(
                late.machine.data(
                    from: message.sender, service: message.service, isPrivate: false, payload: message.payload, now: 0))
        }
        #expect(late.delivered[0].map { $0.payload } == (hasRoom ? [[1], [2]] : [[1]]))
    }

    /// A key list that arrives after a restart is nobody's fault, in whatever state the next run finds a member.
    @Test(arguments: RobustAlgorithm.allCases)
    func aKeyListAfterARestart(_ algorithm: RobustAlgorithm) throws {
        let network = Network(algorithm)
        let ids = try network.fresh(3)
        network.change([ids])
        var lists: [Network.Message] = []
        network.tamper = { message, receiver in
            guard message.service == .agreed, message.payload.first == 1, lists.count < ids.count else {
                return message
            }
            lists.append(message)
            return nil
        }
        network.run()
        #expect(lists.count == ids.count && network.passTime())
        var phases: [AgreementPhase] = []
        repeat {
            for node in network.nodes where node.machine.counters.restarts == 1 && !node.isSecure {
                let phase = node.machine.context.phase
                let list = lists[0]
                let actions = node.machine.data(
                    from: list.sender, service: list.service, isPrivate: false, payload: list.payload, now: network.now)
                #expect(actions == [.ignored(.restartedRun, sender: list.sender)], "\(phase)")
                if !phases.contains(phase) { phases.append(phase) }
            }
        } while network.step(network.components[0])
        for phase in [.waitForPartialToken, .waitForFinalToken, .collectFactOuts, .waitForKeyList] as [AgreementPhase] {
            #expect(phases.contains(phase))
        }
        network.expectSecure(ids)
    }

    /// Data came, the key list did not: others have the key.
    @Test(arguments: RobustAlgorithm.allCases)
    func dataWithoutKeyList(_ algorithm: RobustAlgorithm) throws {
        let network = Network(algorithm)
        let ids = try network.fresh(2)
        network.change([ids])
        network.tamper = { message, receiver in receiver == ids[0] && message.service == .agreed ? nil : message }
        network.run()
        let early = network.node(ids[1])
        early.take(try early.machine.userMessage([1], service: .fifo))
        network.run()
        let late = network.node(ids[0])
        #expect(late.machine.tick(now: 1_000) == [.leaveAndRejoin(.keyMissing)])
        #expect(late.machine.waitingFor == [] && late.machine.deadline == nil)
    }

    /// Two of one component, of whom one refused a changed key list, come into a view that another component leads.
    /// Nobody may take the one for a companion who has seen what the other has.
    @Test(arguments: RobustAlgorithm.allCases)
    func aRefusedKeyListAndAMerge(_ algorithm: RobustAlgorithm) throws {
        let network = Network(algorithm)
        let large = try network.fresh(4)
        network.change([large])
        network.run()
        let small = try network.fresh(3)
        network.change([small])
        network.tamper = { message, receiver in
            guard receiver == small[1], message.service == .agreed, message.payload.first == 1 else { return message }
            var changed = message
            changed.payload[40] ^= 1
            return changed
        }
        network.run()
        network.tamper = nil
        #expect(network.node(small[0]).isSecure && !network.node(small[1]).isSecure)
        network.change([large + small])
        #expect(network.node(small[1]).log.last == .leaveAndRejoin(.keyMissing))
        try network.settle()
        network.expectSecure(network.present[0])
    }

    @Test(arguments: RobustAlgorithm.allCases)
    func whoIsWaitedFor(_ algorithm: RobustAlgorithm) throws {
        let (_, first) = try Place.waitForFinalToken.make(algorithm)
        #expect(first.machine.waitingFor == [104])
        let (_, second) = try Place.waitForPartialToken.make(algorithm)
        #expect(second.machine.waitingFor == [101])
        let (_, controller) = try Place.collectFactOuts.make(algorithm)
        #expect(controller.machine.waitingFor == [101, 102])
        let (_, secure) = try Place.secure.make(algorithm)
        #expect(secure.machine.waitingFor == [])
    }
}
