import Arithmetic
import Flush
import KeyAgreement
import Primitives
import Testing

@testable import SecureGroup

/// A robust algorithm driving one of the agreements.
struct RobustCase: CustomStringConvertible {
    let algorithm: RobustAlgorithm
    let agreement: AgreementProtocol

    static let all = RobustAlgorithm.allCases.flatMap { algorithm in
        AgreementProtocol.allCases.map { RobustCase(algorithm: algorithm, agreement: $0) }
    }

    var description: String { "\(algorithm) \(agreement)" }

    var network: Network { Network(algorithm, suite: Suite(forBenchmarksIn: .paper512, agreement)) }
}

@Suite struct SecureGroupScenarioTests {
    @Test(arguments: RobustCase.all, 1...8)
    func formation(_ robust: RobustCase, _ count: Int) throws {
        let network = robust.network
        let ids = try network.fresh(count)
        network.change([ids])
        network.run()
        network.expectSecure(ids)
        let view = try #require(network.node(ids[0]).views.last)
        #expect(
            view.transitionalSet == [ids[0]] && view.joined.map { $0.id } == Array(ids.dropFirst()) && view.left == [])
    }

    @Test(arguments: RobustCase.all)
    func joinsLeavesMergesPartitionsAndRefreshes(_ robust: RobustCase) throws {
        let network = robust.network
        var ids = try network.fresh(1)
        network.change([ids])
        for _ in 0..<4 {
            ids += try network.fresh(1)
            network.change([ids])
            network.run()
            network.expectSecure(ids)
        }
        // A refresh.
        network.change([ids])
        network.run()
        network.expectSecure(ids)
        #expect(network.node(ids[2]).views.last?.transitionalSet == ids)
        // The first one leaves; nobody but the controller sends, and that once. Basic begins from scratch: of n members
        // each gets the final token and the key list, all but one a partial token, and the last n - 1 factor-outs.
        ids.removeFirst()
        let before = network.deliveries
        network.change([ids])
        network.run()
        network.expectSecure(ids)
        switch (robust.agreement, robust.algorithm) {
        case (.gdh, .optimized): #expect(network.deliveries - before == ids.count)
        case (.gdh, .basic): #expect(network.deliveries - before == 4 * ids.count - 2)
        // The sponsor's path and the confirmation.
        case (.tgdh, .optimized), (.str, .optimized): #expect(network.deliveries - before == 2 * ids.count)
        // A blinded leaf of each, the path of each right child or that of the one below all, and the confirmation.
        case (.tgdh, .basic): #expect(network.deliveries - before == (ids.count + ids.count / 2 + 1) * ids.count)
        case (.str, .basic): #expect(network.deliveries - before == (ids.count + 2) * ids.count)
        // That was the controller: the new one's value to all, an answer of each other one, and the key list.
        case (.ckd, _): #expect(network.deliveries - before == 3 * ids.count - 1)
        // Two values of each, and the confirmation.
        case (.bd, _): #expect(network.deliveries - before == (2 * ids.count + 1) * ids.count)
        }
        #expect(network.node(ids[0]).views.last?.left.count == 1)
        // The controller leaves.
        ids.removeLast()
        network.change([ids])
        network.run()
        network.expectSecure(ids)
        // A partition into two, then a bundled event (one leaves, two come), then the merge.
        let (left, right) = (Array(ids.prefix(2)), Array(ids.dropFirst(2)))
        network.change([left, right])
        network.run()
        network.expectSecure(left)
        network.expectSecure(right)
        let grown = [left[1]] + (try network.fresh(2))
        network.change([grown])
        network.run()
        network.expectSecure(grown)
        network.change([right + grown])
        network.run()
        network.expectSecure(right + grown)
        #expect(network.nodes.allSatisfy { $0.refusals.isEmpty })
    }

    @Test(arguments: RobustAlgorithm.allCases)
    func messagesReachEverybodyOnceAndInOrder(_ algorithm: RobustAlgorithm) throws {
        let network = Network(algorithm)
        let ids = try network.fresh(3)
        network.change([ids])
        network.run()
        for (index, service) in [Service.fifo, .causal, .agreed, .safe].enumerated() {
            for id in ids {
                let node = network.node(id)
                node.take(try node.machine.userMessage([UInt8(index)], service: service))
            }
        }
        network.run()
        let long = [UInt8](repeating: 7, count: 200_000)
        network.node(ids[0]).take(try network.node(ids[0]).machine.userMessage(long, service: .safe))
        network.node(ids[0]).take(try network.node(ids[0]).machine.userMessage([9], service: .fifo, to: ids[2]))
        network.run()
        network.change([ids])
        network.run()
        network.expectSecure(ids)
        #expect(network.node(ids[1]).delivered[0].count == 13)
        #expect(network.node(ids[2]).delivered[0].count == 14)
        #expect(network.node(ids[2]).delivered[0].last?.isPrivate == true)
        #expect(network.node(ids[1]).delivered[0].last?.payload == long)
        #expect(throws: SecureGroupError.unknownDestination) {
            try network.node(ids[0]).machine.userMessage([1], service: .fifo, to: 5)
        }
        let exported = try ids.map { id in
            try network.node(id).machine.export(label: [1], context: [2], count: 40).withBytes { Array($0) }
        }
        #expect(exported[0] == exported[1] && exported[1] == exported[2])
    }

    /// Between the final token and the key list a flush request must wait: what all get, all install (reference, item
    /// 12).
    @Test(arguments: RobustAlgorithm.allCases)
    func flushRequestBetweenFinalTokenAndKeyList(_ algorithm: RobustAlgorithm) throws {
        let network = Network(algorithm)
        let ids = try network.fresh(3)
        network.change([ids])
        let component = network.components[0]
        while !ids.allSatisfy({ network.node($0).machine.isWaitingForKeyList }) { network.step(component) }
        let joined = ids + (try network.fresh(1))
        network.change([joined], style: .signalLast)
        for id in ids { #expect(network.node(id).views.count == 1) }
        network.run()
        network.expectSecure(joined)
    }

    /// Members leave and come while a key is agreed: at each step, in each order of request, messages and signal.
    @Test(arguments: RobustCase.all, Network.Style.allCases)
    func cascades(_ robust: RobustCase, _ style: Network.Style) throws {
        for first in 0..<4 {
            var stepCount = 0
            var isFinished = false
            while !isFinished {
                for second in 0..<5 {
                    let network = robust.network
                    var ids = try network.fresh(4)
                    network.change([ids])
                    network.run()
                    for id in ids {
                        network.node(id).take(try network.node(id).machine.userMessage([1], service: .agreed))
                    }
                    switch first {
                    case 0: ids += try network.fresh(2)
                    case 1: ids.removeLast()
                    case 2: ids = Array(ids.dropFirst(2)) + (try network.fresh(1))
                    default: break
                    }
                    network.change([ids], style: style)
                    var sides = [ids]
                    isFinished = false
                    for _ in 0..<stepCount where !isFinished {
                        isFinished = !network.components.map { network.step($0) }.contains(true)
                    }
                    switch second {
                    case 0: sides = [ids + (try network.fresh(1))]
                    case 1: sides = [Array(ids.dropFirst())]
                    case 2: sides = [Array(ids.dropLast())]
                    case 3: sides = [Array(ids.prefix(2)), Array(ids.dropFirst(2))]
                    default: sides = [Array(ids.prefix(1)) + (try network.fresh(1)), Array(ids.dropFirst())]
                    }
                    let note = "\(robust) \(style) first \(first) step \(stepCount) second \(second)"
                    network.change(sides, style: style)
                    network.run()
                    for side in sides { network.expectSecure(side, note) }
                    network.change([sides.flatMap { $0 }], style: style)
                    network.run()
                    network.expectSecure(sides.flatMap { $0 }, note)
                    #expect(network.nodes.allSatisfy { $0.machine.counters.restarts == 0 }, "\(note)")
                }
                stepCount += 1
            }
        }
    }

    /// A Flush layer that gives no signal of its own: the application still gets exactly one (item 15).
    @Test(arguments: RobustAlgorithm.allCases)
    func signalIsMadeUpWhereFlushGivesNone(_ algorithm: RobustAlgorithm) throws {
        let network = Network(algorithm)
        let ids = try network.fresh(3)
        network.change([ids])
        network.run()
        network.change([Array(ids.dropLast())], isSignalled: false)
        network.run()
        network.expectSecure(Array(ids.dropLast()))
        #expect(network.node(ids[0]).signals == [1, 0])
    }

    /// Random changes at random moments. To replay: put the seed into `arguments`.
    @Test(arguments: RobustCase.all, [UInt64](1...60))
    func random(_ robust: RobustCase, _ seed: UInt64) throws {
        var state = seed &* 0x9E37_79B9_7F4A_7C15
        func draw(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        let note = "\(robust) seed \(seed): swift test --filter SecureGroupScenarioTests/random"
        let network = robust.network
        network.change([try network.fresh(1 + draw(4))])
        for _ in 0..<8 {
            for _ in 0..<draw(12) {
                let index = draw(network.components.count)
                network.step(network.components[index])
            }
            for node in network.nodes where node.isSecure && draw(2) == 0 {
                node.take(
                    try node.machine.userMessage([UInt8(draw(256))], service: Service(rawValue: UInt8(1 + draw(4)))!))
            }
            var ids = network.present.flatMap { $0 }
            if draw(2) == 0, ids.count > 1 { ids.remove(at: draw(ids.count)) }
            if draw(2) == 0, ids.count < 7 { ids += try network.fresh(1 + draw(2)) }
            var sides: [[UInt64]] = [[], []]
            let isSplit = draw(3) == 0
            for id in ids { sides[isSplit ? draw(2) : 0].append(id) }
            network.change(sides.filter { !$0.isEmpty }, style: Network.Style.allCases[draw(4)])
        }
        network.run()
        for side in network.present { network.expectSecure(side, note) }
        let all = network.present.flatMap { $0 }
        network.change([all])
        network.run()
        network.expectSecure(all, note)
        #expect(network.nodes.allSatisfy { $0.machine.counters.restarts == 0 && $0.refusals.isEmpty }, "\(note)")
    }
}
