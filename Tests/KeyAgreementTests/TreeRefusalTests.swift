import Arithmetic
import Primitives
import Testing

@testable import KeyAgreement

/// Tokens of key trees that are none, or not whose they should be: a typed error and no change.
@Suite struct TreeRefusalTests {
    typealias Kind = TokenEnvelope.Kind

    /// Members 1 to 5 have agreed, 2 has left, 6 and 7 are coming; everything that is sent at the beginning is waiting.
    static func bundled(_ agreement: AgreementProtocol, _ group: NumberGroup = .paper512) throws -> Scenario {
        let scenario = Scenario(AgreementSuite(forBenchmarksIn: group, agreement))
        try scenario.agree([1], base: 1)
        try scenario.agree([1, 2, 3, 4, 5], base: 1)
        for id in [6, 7] as [UInt64] { try scenario.addMember(id) }
        try scenario.begin(scenario.run([1, 3, 4, 5, 6, 7], base: 4))
        return scenario
    }

    static let ids: [UInt64] = [1, 3, 4, 5, 6, 7]

    private static func kinds(_ agreement: AgreementProtocol) -> TreeTokenKinds {
        TreeTokenKinds(TreeScenarioTests.growth(agreement))
    }

    private static func refusal(
        _ scenario: Scenario, _ bytes: [UInt8], from sender: UInt64, to id: UInt64
    ) -> AgreementError? {
        let context = scenario[id].context.phase
        let awaited = scenario[id].context.awaited
        var refusal: AgreementError? = nil
        do throws(AgreementError) {
            _ = try scenario[id].context.receive(bytes, from: sender)
        } catch {
            refusal = error
        }
        if refusal != nil {
            #expect(scenario[id].context.phase == context)
            #expect(scenario[id].context.awaited == awaited)
        }
        return refusal
    }

    /// A token with another body, properly signed by its sender, as its next.
    private static func forge(
        _ scenario: Scenario, _ kind: Kind, from sender: UInt64, body: [UInt8]
    ) throws -> [UInt8] {
        var run = try #require(scenario[sender].run)
        for _ in 0..<4 { _ = try run.seal(kind, to: nil, body: body, engine: &scenario[sender].context.engine) }
        return try run.seal(kind, to: nil, body: body, engine: &scenario[sender].context.engine)
    }

    private static func next(_ scenario: Scenario, _ kind: Kind) throws -> Scenario.Token {
        while let token = scenario.queue.first, TokenEnvelopeKind(token.bytes) != kind {
            try scenario.deliver(scenario.queue.removeFirst())
        }
        return try #require(scenario.queue.first)
    }

    private static func finish(_ scenario: Scenario) throws {
        try scenario.deliverAll()
        for id in ids { #expect(scenario[id].context.phase == .idle) }
        #expect(Set(ids.map { scenario[$0].context.fingerprint }).count == 1)
    }

    @Test("trees that are not trees are refused by those who come", arguments: TreeScenarioTests.both)
    func trees(_ agreement: AgreementProtocol) throws {
        let scenario = try Self.bundled(agreement)
        let kind = Self.kinds(agreement).tree
        let token = try Self.next(scenario, kind)
        let size = scenario.suite.group.elementSize
        let good = try KeyTreeToken(reading: TokenEnvelope(reading: token.bytes).body, elementSize: size)
        func refusal(from sender: UInt64 = 1, _ change: (inout KeyTreeToken) -> Void) throws -> AgreementError? {
            var tree = good
            change(&tree)
            let forged = try Self.forge(scenario, kind, from: sender, body: tree.body)
            return Self.refusal(scenario, forged, from: sender, to: 6)
        }
        let leaves = good.nodes.indices.filter { good.nodes[$0].place != nil }
        let value = try #require(good.nodes.lazy.compactMap { $0.blinded }.first)
        let whole = try #require(leaves.first { good.nodes[$0].blinded != nil })
        let other = try #require(leaves.last { good.nodes[$0].blinded != nil && $0 != whole })
        // A member twice, a member of the base missing, one who is only coming, one who is not in the run.
        #expect(try refusal { $0.nodes[whole].place = good.nodes[other].place } == .malformed)
        #expect(try refusal { $0.nodes.remove(at: whole) } == .malformed)
        #expect(try refusal { $0.nodes[whole].place = 4 } == .malformed)
        #expect(try refusal { $0.nodes[whole].place = 999 } == .malformed)
        // Two trees, a parent without children, nothing.
        #expect(try refusal { $0.nodes.removeLast() } == .malformed)
        #expect(try refusal { $0.nodes.swapAt(0, $0.nodes.count - 1) } == .malformed)
        #expect(try refusal { $0.nodes = [] } == .malformed)
        #expect(try refusal { $0.nodes.append(KeyTreeToken.Node(place: nil, blinded: nil)) } == .malformed)
        // A root with a blinded key, a second leaf without one.
        #expect(try refusal { $0.nodes[$0.nodes.count - 1].blinded = value } == .malformed)
        #expect(try refusal { $0.nodes[whole].blinded = nil } == .malformed)
        // A node with a blinded key above one that has none.
        let inner = try #require(good.nodes.indices.first { good.nodes[$0].place == nil })
        if good.nodes[inner].blinded == nil {
            #expect(try refusal { $0.nodes[inner].blinded = value } == .malformed)
        }
        // Another member's tree, and values that are none.
        #expect(try refusal(from: 3) { _ in } == .wrongSender)
        #expect(try refusal(from: 7) { _ in } == .wrongSender)
        let zero = [UInt8](repeating: 0, count: size)
        let one = [UInt8](repeating: 0, count: size - 1) + [1]
        for bad in [zero, one] {
            let answers = try leaves.filter { good.nodes[$0].blinded != nil }.map { leaf in
                let copy = try Self.bundled(agreement)
                _ = try Self.next(copy, kind)
                var tree = good
                tree.nodes[leaf].blinded = bad
                let forged = try Self.forge(copy, kind, from: 1, body: tree.body)
                return Self.refusal(copy, forged, from: 1, to: 6)
            }
            // Checked when it is used: what is not beside the path is only kept.
            #expect(answers.allSatisfy { $0 == nil || $0 == .badElement })
        }
        try Self.finish(scenario)
    }

    @Test("paths: of others than who has to send them, too short, too long, twice, and with values that are none")
    func paths() throws {
        for agreement in TreeScenarioTests.both {
            for group in [NumberGroup.paper512, .p256] {
                let scenario = try Self.bundled(agreement, group)
                let kind = Self.kinds(agreement).path
                let token = try Self.next(scenario, kind)
                let size = group.elementSize
                let good = try BlindedPathToken(reading: TokenEnvelope(reading: token.bytes).body, elementSize: size)
                // Some of what is sent is beside its path.
                let receiver: UInt64 = token.sender == 1 ? 3 : 5
                func refusal(
                    from sender: UInt64, _ change: (inout BlindedPathToken) -> Void
                ) throws -> AgreementError? {
                    var path = good
                    change(&path)
                    let forged = try Self.forge(scenario, kind, from: sender, body: path.body)
                    return Self.refusal(scenario, forged, from: sender, to: receiver)
                }
                #expect(try refusal(from: token.sender) { $0.blinded.removeLast() } == .malformed)
                #expect(try refusal(from: token.sender) { $0.blinded = [] } == .malformed)
                #expect(try refusal(from: token.sender) { $0.blinded.append($0.blinded[0]) } == .malformed)
                #expect(try refusal(from: token.sender) { $0.previous[0] ^= 1 } == .wrongRun)
                let zero = [UInt8](repeating: 0, count: size)
                #expect(
                    try refusal(from: token.sender) {
                        for index in $0.blinded.indices { $0.blinded[index] = zero }
                    } == .badElement)
                let idle = Self.ids.filter { id in
                    id != receiver && !scenario.queue.contains { $0.sender == id }
                        && scenario[id].context.phase == .waitForKeyList
                }
                for id in idle { #expect(try refusal(from: id) { _ in } == .wrongSender) }
                try scenario.deliver(scenario.queue.removeFirst())
                // Once it has been taken there is nothing of that sender's to come.
                #expect(try refusal(from: token.sender) { _ in } == .wrongSender)
                try Self.finish(scenario)
            }
        }
    }

    @Test(
        "blinded leaves: of the base, twice, of another size, and values that are none",
        arguments: TreeScenarioTests.both)
    func leaves(_ agreement: AgreementProtocol) throws {
        let scenario = try Self.bundled(agreement)
        let kind = Self.kinds(agreement).leaf
        let token = try Self.next(scenario, kind)
        let body = try TokenEnvelope(reading: token.bytes).body
        func refusal(from sender: UInt64, _ body: [UInt8], to receiver: UInt64) throws -> AgreementError? {
            let forged = try Self.forge(scenario, kind, from: sender, body: body)
            return Self.refusal(scenario, forged, from: sender, to: receiver)
        }
        #expect(try refusal(from: 3, body, to: 1) == .wrongSender)
        #expect(try refusal(from: 3, body, to: 7) == .wrongSender)
        #expect(try refusal(from: 6, Array(body.dropLast()), to: 1) == .malformed)
        #expect(try refusal(from: 6, body + [0], to: 7) == .malformed)
        // The sponsor has it beside its path.
        let zero = [UInt8](repeating: 0, count: body.count)
        #expect(try refusal(from: 6, zero, to: agreement == .tgdh ? 5 : 1) == .badElement)
        try scenario.deliver(scenario.queue.removeFirst())
        #expect(try refusal(from: token.sender, body, to: 1) == .replayed)
        try Self.finish(scenario)
    }

    @Test("confirmations: too early, of another member, for another key", arguments: TreeScenarioTests.both)
    func confirmations(_ agreement: AgreementProtocol) throws {
        let scenario = try Self.bundled(agreement)
        let kind = Self.kinds(agreement).confirmation
        let previous = try #require(scenario[1].completed).binding
        let early = TreeConfirmation(previous: previous, confirmation: [UInt8](repeating: 1, count: 32))
        let forgedEarly = try Self.forge(scenario, kind, from: 1, body: early.body)
        for id in Self.ids.dropFirst() { #expect(Self.refusal(scenario, forgedEarly, from: 1, to: id) == .wrongPhase) }
        let token = try Self.next(scenario, kind)
        let good = try TreeConfirmation(reading: TokenEnvelope(reading: token.bytes).body)
        func refusal(
            from sender: UInt64 = 1, _ change: (inout TreeConfirmation) -> Void
        ) throws -> AgreementError? {
            var confirmation = good
            change(&confirmation)
            let forged = try Self.forge(scenario, kind, from: sender, body: confirmation.body)
            return Self.refusal(scenario, forged, from: sender, to: 4)
        }
        #expect(try refusal(from: 3) { _ in } == .wrongSender)
        #expect(try refusal { $0.confirmation[31] ^= 1 } == .keyConfirmation)
        #expect(try refusal { $0.previous[0] ^= 1 } == .wrongRun)
        try Self.finish(scenario)
        #expect(Self.refusal(scenario, token.bytes, from: 1, to: 4) == .replayed)
    }

    @Test("any changed byte of any token is refused, and the run then succeeds", arguments: TreeScenarioTests.both)
    func changedBytes(_ agreement: AgreementProtocol) throws {
        let scenario = try Self.bundled(agreement)
        while !scenario.queue.isEmpty {
            let token = scenario.queue.removeFirst()
            for index in stride(from: 0, to: token.bytes.count, by: 7) {
                var bytes = token.bytes
                bytes[index] ^= 0x20
                for id in Self.ids where id != token.sender {
                    guard Self.refusal(scenario, bytes, from: token.sender, to: id) == nil else { continue }
                    // Who is in the base does not look into the tree that is for those who come.
                    #expect(TokenEnvelopeKind(token.bytes) == Self.kinds(agreement).tree && id < 6)
                }
            }
            try scenario.deliver(token)
        }
        try Self.finish(scenario)
    }
}
