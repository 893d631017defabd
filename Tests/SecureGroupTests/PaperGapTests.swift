import Arithmetic
import Flush
import KeyAgreement
import Primitives
import Testing

@testable import SecureGroup

/// What the paper's pseudo-code leaves open or gets wrong, each as a dialogue under both algorithms.
/// docs/decisions/0006-what-the-papers-pseudo-code-leaves-open.md has the gaps, the decisions and these names.
@Suite struct PaperGapTests {
    /// Members of one secure view, with nothing under way.
    private func members(_ count: Int, _ algorithm: RobustAlgorithm) throws -> (Network, [UInt64]) {
        let network = Network(algorithm)
        let ids = try network.fresh(count)
        network.change([ids])
        network.run()
        network.expectSecure(ids)
        return (network, ids)
    }

    /// What is under way in a member's component.
    private func underWay(_ network: Network, _ id: UInt64) -> [Network.Message] {
        network.component(of: id)?.queue ?? []
    }

    /// Delivers until something is so; at most a few hundred messages.
    private func deliver(_ network: Network, _ id: UInt64, until isSo: () -> Bool) throws {
        let component = try #require(network.component(of: id))
        for _ in 0..<500 where !isSo() { if !network.step(component) { break } }
        #expect(isSo())
    }

    // MARK: - Who is chosen, and what is to be done

    /// Two components that both have a controller come together: all know without a word who begins, and one begins.
    @Test(arguments: RobustAlgorithm.allCases)
    func bothSidesOfAMergeHaveAController(_ algorithm: RobustAlgorithm) throws {
        let (network, left) = try members(3, algorithm)
        let right = try network.fresh(2)
        network.change([right])
        network.run()
        network.change([left + right])
        let first = underWay(network, left[0])
        #expect(first.count == 1)
        switch algorithm {
        // The controller of the side that continues, to the first new member.
        case .optimized: #expect(first.first?.sender == left[2] && first.first?.destination == right[0])
        // The first of all, to the second.
        case .basic: #expect(first.first?.sender == left[0] && first.first?.destination == left[1])
        }
        var keyLists: [UInt64] = []
        network.tamper = { message, receiver in
            if message.service == .agreed, receiver == left[0] { keyLists.append(message.sender) }
            return message
        }
        network.run()
        #expect(keyLists == [right[1]])
        network.expectSecure(left + right)
    }

    /// A view with nobody new and nobody gone is a refresh: a new key for the same members, not a hang.
    @Test(arguments: RobustAlgorithm.allCases)
    func aViewWithNobodyNewAndNobodyGone(_ algorithm: RobustAlgorithm) throws {
        let (network, ids) = try members(3, algorithm)
        network.change([ids])
        let first = underWay(network, ids[0])
        #expect(first.count == 1)
        switch algorithm {
        // The controller's key list.
        case .optimized: #expect(first.first?.sender == ids[2] && first.first?.service == .agreed)
        case .basic: #expect(first.first?.sender == ids[0] && first.first?.destination == ids[1])
        }
        network.run()
        network.expectSecure(ids)
        for id in ids {
            let view = try #require(network.node(id).views.last)
            #expect(network.node(id).views.count == 2 && view.transitionalSet == ids)
            #expect(view.joined.isEmpty && view.left.isEmpty)
        }
    }

    /// Somebody in the transitional set may have parted without the last safe messages. A leave takes one message, and
    /// would name it all the same: so a token of each is waited for (property 12).
    @Test(arguments: RobustAlgorithm.allCases)
    func safeMessagesAfterTheSignalTakeATokenOfEach(_ algorithm: RobustAlgorithm) throws {
        let (network, ids) = try members(4, algorithm)
        let left = Array(ids.dropLast())
        network.change([left], isConfirmed: false)
        let first = underWay(network, left[0])
        #expect(first.count == 1)
        #expect(first.first?.sender == left[0] && first.first?.destination == left[1])
        network.run()
        network.expectSecure(left)
        for id in left { #expect(network.node(id).views.last?.transitionalSet == left) }
        // The next leave continues from that key.
        network.change([Array(left.dropLast())])
        let next = underWay(network, left[0])
        #expect(next.count == 1)
        #expect(next.first?.service == (algorithm == .optimized ? .agreed : .fifo))
        network.run()
        network.expectSecure(Array(left.dropLast()))
    }

    /// Alone, a member needs nobody: its key is fresh, whether it is the first or the last.
    @Test(arguments: RobustAlgorithm.allCases)
    func aLoneSurvivorHasAFreshKey(_ algorithm: RobustAlgorithm) throws {
        let (network, ids) = try members(3, algorithm)
        network.change([[ids[1]]])
        network.expectSecure([ids[1]])
        let survivor = network.node(ids[1])
        #expect(survivor.views.last?.transitionalSet == [ids[1]] && survivor.views.last?.left.count == 2)
        // Somebody else who begins alone.
        let other = try network.fresh(1)
        network.change([other])
        network.expectSecure(other)
        let keys = survivor.controlKeys + network.node(other[0]).controlKeys
        #expect(keys.count == 3 && keys.allSatisfy { $0.count == 32 && Set($0).count > 1 })
        #expect(Set(keys).count == 3)
        // Alone again, and again fresh.
        network.change([[ids[1]]])
        #expect(survivor.controlKeys.count == 3 && Set(survivor.controlKeys).count == 3)
        network.check()
    }

    // MARK: - KL

    /// Flush request between final token and key list, then the key list: everybody installs (lemma A.6), and then the
    /// application is asked.
    @Test(arguments: RobustAlgorithm.allCases)
    func aFlushRequestInKLWaitsForTheKeyList(_ algorithm: RobustAlgorithm) throws {
        let network = Network(algorithm)
        let ids = try network.fresh(3)
        network.change([ids])
        let nodes = ids.map { network.node($0) }
        try deliver(network, ids[0]) { nodes.allSatisfy { $0.machine.isWaitingForKeyList } }
        for node in nodes {
            #expect(node.machine.flushRequest(now: 0) == [])
            #expect(node.machine.flushRequest(now: 0) == [.ignored(.alreadyRequested, sender: nil)])
        }
        network.run()
        for node in nodes {
            #expect(node.views.count == 1 && node.hasAcknowledged)
            #expect(node.log.suffix(2) == [.deliverFlushRequest, .flushOk])
        }
    }

    /// The same, but the signal comes before the key list: nobody installs, and the list is ignored.
    @Test(arguments: RobustAlgorithm.allCases)
    func aFlushRequestInKLEndsWithTheSignal(_ algorithm: RobustAlgorithm) throws {
        let network = Network(algorithm)
        let ids = try network.fresh(3)
        network.change([ids])
        let nodes = ids.map { network.node($0) }
        try deliver(network, ids[0]) { nodes.allSatisfy { $0.machine.isWaitingForKeyList } }
        for node in nodes {
            node.take(node.machine.flushRequest(now: 0))
            node.take(node.machine.transitionalSignal(now: 0))
        }
        network.run()
        for node in nodes {
            #expect(node.views.isEmpty && node.hasAcknowledged)
            #expect(node.log.last == .ignored(.abandonedRun, sender: ids[2]))
        }
        network.change([ids])
        network.run()
        network.expectSecure(ids)
    }

    /// Factor-outs that come after the signal lead to no key list: the view is dying.
    @Test(arguments: RobustAlgorithm.allCases)
    func factorOutsAfterTheSignalAreIgnored(_ algorithm: RobustAlgorithm) throws {
        let network = Network(algorithm)
        let ids = try network.fresh(3)
        network.change([ids])
        let controller = network.node(ids[2])
        try deliver(network, ids[0]) { controller.machine.context.phase == .collectFactOuts }
        controller.take(controller.machine.transitionalSignal(now: 0))
        controller.log = []
        network.run()
        #expect(controller.log.filter { $0 == .ignored(.abandonedRun, sender: ids[0]) }.count == 1)
        #expect(controller.log.filter { $0 == .ignored(.abandonedRun, sender: ids[1]) }.count == 1)
        #expect(controller.machine.context.phase == .collectFactOuts && controller.outbox.isEmpty)
        #expect(controller.machine.flushRequest(now: 0) == [.flushOk])
    }

    // MARK: - CM, and what comes late

    /// Between acknowledgement and next view the last data of the old view still comes, and opens under its key: in M,
    /// and in the basic algorithm in CM (lemma A.4).
    @Test(arguments: RobustAlgorithm.allCases)
    func theOldViewsDataComesAfterTheAcknowledgement(_ algorithm: RobustAlgorithm) throws {
        let (network, ids) = try members(3, algorithm)
        let (anna, bert) = (network.node(ids[0]), network.node(ids[1]))
        bert.take(try bert.machine.userMessage([7], service: .agreed))
        anna.take(anna.machine.flushRequest(now: 0))
        #expect(anna.hasAcknowledged)
        network.run()
        #expect(anna.delivered == [[Node.Delivered(sender: ids[1], service: .agreed, isPrivate: false, payload: [7])]])
        func exported(_ node: Node) throws -> [UInt8] {
            try node.machine.export(label: [1], context: [], count: 32).withBytes { Array($0) }
        }
        #expect(try exported(anna) == exported(bert))
        let old = anna.machine.view
        network.change([ids])
        #expect(anna.machine.view == old, "the old key stays until the next is there")
        network.run()
        network.expectSecure(ids)
    }

    /// Tokens of a run that a flush has ended are ignored in CM.
    @Test(arguments: RobustAlgorithm.allCases)
    func tokensOfADeadRunAreIgnoredInCM(_ algorithm: RobustAlgorithm) throws {
        let (network, ids) = try members(3, algorithm)
        let all = ids + (try network.fresh(1))
        network.change([all])
        let anna = network.node(ids[0])
        anna.take(anna.machine.flushRequest(now: 0))
        #expect(anna.hasAcknowledged)
        anna.log = []
        network.run()
        // The final token that the others wait for her to answer.
        #expect(anna.log == [.ignored(.abandonedRun, sender: all[3])])
        #expect(anna.refusals.isEmpty)
    }

    /// A token where none is awaited is an error of the call, and changes nothing.
    @Test(arguments: RobustAlgorithm.allCases)
    func aTokenInSIsRefusedAndHarmsNothing(_ algorithm: RobustAlgorithm) throws {
        let (network, ids) = try members(2, algorithm)
        let anna = network.node(ids[0])
        let actions = anna.machine.data(
            from: ids[1], service: .agreed, isPrivate: false, payload: [1, 0, 0, 5], now: 0)
        #expect(actions == [.refused(.agreement(.wrongPhase), sender: ids[1])])
        anna.take(try anna.machine.userMessage([1], service: .safe))
        network.run()
        #expect(network.node(ids[1]).delivered[0].count == 1)
    }

    // MARK: - What the application is told

    /// However many views a cascade has, and however many signals, the application gets one.
    @Test(arguments: RobustAlgorithm.allCases, [true, false])
    func oneSignalForACascade(_ algorithm: RobustAlgorithm, _ isSignalled: Bool) throws {
        let (network, ids) = try members(5, algorithm)
        for count in [4, 3, 2] {
            network.change([Array(ids.prefix(count))], style: .signalFirst, isSignalled: isSignalled)
        }
        network.run()
        network.expectSecure(Array(ids.prefix(2)))
        for id in ids.prefix(2) { #expect(network.node(id).signals == [1, 0]) }
    }

    /// There is no cause of a view that members could disagree on: who joined and who left is each member's own.
    @Test(arguments: RobustAlgorithm.allCases)
    func whoJoinedAndWhoLeftIsEachMembersOwn(_ algorithm: RobustAlgorithm) throws {
        let (network, ids) = try members(3, algorithm)
        let new = try network.fresh(1)
        let next = [ids[0], ids[1], new[0]]
        network.change([next])
        network.run()
        network.expectSecure(next)
        let (old, joiner) = (try #require(network.node(ids[0]).views.last), network.node(new[0]).views[0])
        #expect(old.joined.map { $0.id } == new && old.left.map { $0.id } == [ids[2]])
        #expect(joiner.joined.map { $0.id } == [ids[0], ids[1]] && joiner.left.isEmpty)
    }

    /// The secure transitional set is the intersection of those of all VS views since the last secure view: who was
    /// away in one of them is new. A joiner begins with itself; the identifier is the last VS view's.
    @Test(arguments: RobustAlgorithm.allCases)
    func theSecureTransitionalSetIsTheIntersection(_ algorithm: RobustAlgorithm) throws {
        let (network, ids) = try members(6, algorithm)
        network.change([Array(ids.prefix(3)), Array(ids.suffix(3))], style: .signalFirst)
        // The sides meet again, and each has lost one more; the signal ends whatever they had begun.
        let (left, right) = ([ids[0], ids[1]], [ids[3], ids[4]])
        network.change([left + right], style: .signalFirst)
        let joiner = try network.fresh(1)
        let all = left + right + joiner
        network.change([all], style: .signalFirst)
        network.run()
        network.expectSecure(all)
        for (side, other) in [(left, right), (right, left)] {
            for id in side {
                let view = try #require(network.node(id).views.last)
                #expect(network.node(id).views.count == 2 && view.id.counter == network.counter)
                #expect(view.transitionalSet == side)
                #expect(view.left.map { $0.id } == ids.filter { !side.contains($0) })
                #expect(Set(view.joined.map { $0.id }) == Set(other + joiner))
            }
        }
        #expect(network.node(joiner[0]).views.map { $0.transitionalSet } == [joiner])
    }

    /// Two groups of one process take turns with every message: no agreement keeps anything outside its context.
    @Test(arguments: RobustAlgorithm.allCases)
    func twoGroupsInterleave(_ algorithm: RobustAlgorithm) throws {
        let (one, ids) = try members(3, algorithm)
        let (other, others) = try members(3, algorithm)
        one.change([ids + (try one.fresh(2))])
        other.change([others + (try other.fresh(1))])
        for _ in 0..<100 { for network in [one, other] { network.step(network.components[0]) } }
        one.expectSecure(one.present[0])
        other.expectSecure(other.present[0])
    }

    // MARK: - What it costs

    /// The basic algorithm pays for every change what the first agreement of n members costs: 2n messages and 4n - 3
    /// exponentiations. The optimized one pays n + 3 messages for a join to n, and one for a leave or a refresh.
    @Test(arguments: RobustAlgorithm.allCases)
    func whatEveryChangeCosts(_ algorithm: RobustAlgorithm) throws {
        let (network, ids) = try members(6, algorithm)
        func cost(_ members: [UInt64]) -> (messages: UInt64, exponentiations: UInt64) {
            network.change([members])
            network.run()
            network.expectSecure(members)
            let runs = members.map { network.node($0).machine.counters.lastRun }
            return (
                runs.reduce(0) { $0 + $1.unicasts + $1.multicasts }, runs.reduce(0) { $0 + $1.exponentiations }
            )
        }
        let changes = [ids + (try network.fresh(1)), ids, Array(ids.dropLast()), Array(ids.dropLast())]
        for (index, members) in changes.enumerated() {
            let (messages, exponentiations) = cost(members)
            switch algorithm {
            case .optimized: #expect(messages == (index == 0 ? 9 : 1))
            case .basic:
                #expect(messages == UInt64(2 * members.count))
                #expect(exponentiations == UInt64(4 * members.count - 3))
            }
        }
    }
}

/// Members that do not run the same algorithm.
@Suite struct MixedAlgorithmTests {
    /// Whoever runs the other algorithm is told so and lives apart; the group goes on, and neither waits.
    @Test(arguments: RobustAlgorithm.allCases)
    func aMemberOfTheOtherAlgorithmStaysOutside(_ algorithm: RobustAlgorithm) throws {
        let identities = try EngineNetwork.identities(3)
        let network = try EngineNetwork(
            seed: 3, suite: Suite(forBenchmarksIn: .paper512), algorithm: algorithm, trusting: identities)
        try network.connect(identities[0])
        try network.connect(identities[1])
        try network.run()
        #expect(network.isTogether)
        try network.connect(identities[2], running: algorithm == .basic ? .optimized : .basic)
        try network.wait(10_000) { network.nodes[2].views.count > 0 }
        for node in network.nodes {
            #expect(node.problems.contains(.flush(.wrongAlgorithm)))
            #expect(!node.wantsRejoin)
        }
        #expect(network.nodes.map { $0.views.last?.members.count } == [2, 2, 1])
        let sender = network.nodes[0]
        network.carryOut(try sender.engine.send([5], service: .safe, to: nil, now: network.now), at: sender)
        try network.run()
        #expect(network.nodes.map { $0.messages } == [[[5]], [[5]], []])
    }
}
