import Arithmetic
import Primitives
import Testing

@testable import KeyAgreement

/// What is refused, and that a refusal changes nothing.
@Suite struct GDHRefusalTests {
    private typealias Kind = TokenEnvelope.Kind

    /// Four members that have agreed and begin to let in a fifth.
    private static func join(in group: NumberGroup = .paper512) throws -> Scenario {
        let scenario = Scenario(AgreementSuite(forBenchmarksIn: group))
        try scenario.agree([1, 2, 3, 4], base: 1, fromScratch: true)
        try scenario.addMember(5)
        try scenario.begin(scenario.run([1, 2, 3, 4, 5], base: 4))
        return scenario
    }

    /// Delivers until a token of a kind is next in the queue.
    private static func advance(_ scenario: Scenario, to kind: Kind) throws -> Scenario.Token {
        while let token = scenario.queue.first, TokenEnvelopeKind(token.bytes) != kind {
            try scenario.deliver(scenario.queue.removeFirst())
        }
        return try #require(scenario.queue.first)
    }

    private static func refusal(_ scenario: Scenario, _ bytes: [UInt8], from sender: UInt64, to id: UInt64)
        -> AgreementError?
    {
        let member = scenario[id]
        let phase = member.context.phase
        let awaited = member.context.awaited
        let fingerprint = member.context.fingerprint
        var refusal: AgreementError? = nil
        do throws(AgreementError) { _ = try member.context.receive(bytes, from: sender) } catch { refusal = error }
        if refusal != nil {
            #expect(member.context.phase == phase)
            #expect(member.context.awaited == awaited)
            #expect(member.context.fingerprint == fingerprint)
        }
        return refusal
    }

    /// A token that its sender really signs, with another body.
    private static func forge(
        _ scenario: Scenario, _ kind: Kind, from sender: UInt64, to destination: Int?, body: [UInt8]
    ) throws -> [UInt8] {
        var run = try #require(scenario[sender].run)
        _ = try run.seal(kind, to: destination, body: body, engine: &scenario[sender].context.engine)
        return try run.seal(kind, to: destination, body: body, engine: &scenario[sender].context.engine)
    }

    @Test(
        "any changed byte of any token of a join of five is refused, and the join then succeeds", arguments: [1, 0x80])
    func changedBytes(_ change: UInt8) throws {
        let scenario = try Self.join()
        var refusals = 0
        while !scenario.queue.isEmpty {
            let token = scenario.queue.removeFirst()
            for id in token.destination.map({ [$0] }) ?? scenario.sortedMembers(of: token) {
                for index in token.bytes.indices {
                    var changed = token.bytes
                    changed[index] ^= change
                    let refusal = Self.refusal(scenario, changed, from: token.sender, to: id)
                    #expect(refusal != nil, "byte \(index) of \(String(describing: TokenEnvelopeKind(token.bytes)))")
                    refusals += 1
                }
                try scenario.deliver(token, to: id)
            }
        }
        #expect(refusals > 4_000)
        try scenario.expectAgreement([1, 2, 3, 4, 5])
    }

    @Test("tokens cut short or extended are malformed")
    func sizes() throws {
        let scenario = try Self.join()
        for kind in [Kind.partialToken, .finalToken, .factorOutToken, .keyList] {
            let token = try Self.advance(scenario, to: kind)
            let id = token.destination ?? (token.sender == 1 ? 2 : 1)
            for size in token.bytes.indices {
                let cut = Array(token.bytes.prefix(size))
                #expect(Self.refusal(scenario, cut, from: token.sender, to: id) == .malformed)
            }
            #expect(Self.refusal(scenario, token.bytes + [0], from: token.sender, to: id) == .malformed)
            // Bodies of another size, under a good signature.
            let position = token.destination.flatMap { scenario[id].context.run?.position(of: $0) }
            let body = try TokenEnvelope(reading: token.bytes).body
            for bad in [Array(body.dropLast()), body + [0], []] {
                let forged = try Self.forge(scenario, kind, from: token.sender, to: position, body: bad)
                #expect(Self.refusal(scenario, forged, from: token.sender, to: id) == .malformed)
            }
        }
        try scenario.deliverAll()
        try scenario.expectAgreement([1, 2, 3, 4, 5])
    }

    @Test("each field of the envelope has its own refusal")
    func envelope() throws {
        let scenario = try Self.join()
        let token = try Self.advance(scenario, to: .finalToken)
        let good = try TokenEnvelope(reading: token.bytes)
        func refusal(_ change: (inout TokenEnvelope) -> Void, from sender: UInt64 = 5) -> AgreementError? {
            var envelope = good
            change(&envelope)
            return Self.refusal(scenario, envelope.bytes, from: sender, to: 1)
        }
        #expect(refusal { $0.suite = 0x1211 } == .wrongSuite)
        #expect(refusal { $0.group = Array("another".utf8) } == .wrongGroup)
        #expect(refusal { $0.view[3] ^= 1 } == .wrongView)
        #expect(refusal { $0.run[3] ^= 1 } == .wrongRun)
        #expect(refusal { $0.membership[3] ^= 1 } == .memberListMismatch)
        #expect(refusal { $0.sender = 4 } == .wrongSender)
        #expect(refusal({ $0.sender = 4 }, from: 4) == .wrongSender)
        #expect(refusal({ $0.sender = 77 }, from: 77) == .wrongSender)
        #expect(refusal({ _ in }, from: 4) == .wrongSender)
        #expect(refusal { $0.destination = 1 } == .wrongDestination)
        #expect(refusal { $0.sequence = 0 } == .replayed)
        #expect(refusal { $0.sequence = 7 } == .badSignature)
        #expect(refusal { $0.signature[0] ^= 1 } == .badSignature)
        #expect(refusal { $0.body[40] ^= 1 } == .badSignature)
        #expect(refusal { $0.kind = .keyList } == .wrongPhase)
        #expect(Self.refusal(scenario, [9] + token.bytes.dropFirst(), from: 5, to: 1) == .unsupportedVersion)
        #expect(Self.refusal(scenario, [], from: 5, to: 1) == .malformed)
        #expect(refusal { _ in } == nil)
        #expect(refusal { _ in } == .replayed)
    }

    @Test("a unicast reaches nobody but whom it is for, and only its successor may be passed the token")
    func unicasts() throws {
        let scenario = Scenario()
        try scenario.agree([1, 2], base: 1, fromScratch: true)
        for id in [3, 4] as [UInt64] { try scenario.addMember(id) }
        try scenario.begin(scenario.run([1, 2, 3, 4], base: 2))
        let token = scenario.queue[0]
        #expect(token.destination == 3)
        #expect(Self.refusal(scenario, token.bytes, from: 2, to: 4) == .wrongDestination)
        #expect(Self.refusal(scenario, token.bytes, from: 2, to: 1) == .wrongDestination)
        #expect(Self.refusal(scenario, token.bytes, from: 2, to: 2) == .wrongDestination)
        let body = try TokenEnvelope(reading: token.bytes).body
        let shortcut = try Self.forge(scenario, .partialToken, from: 2, to: 3, body: body)
        #expect(Self.refusal(scenario, shortcut, from: 2, to: 4) == .wrongSender)
        let usurped = try Self.forge(scenario, .finalToken, from: 3, to: nil, body: body)
        #expect(Self.refusal(scenario, usurped, from: 3, to: 1) == .wrongSender)
        try scenario.deliverAll()
        try scenario.expectAgreement([1, 2, 3, 4])
    }

    @Test("tokens of an earlier run, and all tokens a second time, are refused")
    func replay() throws {
        let scenario = try Self.join()
        let tokens = scenario.sent
        #expect(tokens.count == 1)
        try scenario.deliverAll()
        let all = scenario.sent
        #expect(all.count == 7)
        func refusals() -> [AgreementError?] {
            all.flatMap { token in
                (token.destination.map { [$0] } ?? scenario.sortedMembers(of: token)).map {
                    Self.refusal(scenario, token.bytes, from: token.sender, to: $0)
                }
            }
        }
        #expect(Set(refusals()) == [.replayed])
        try scenario.begin(scenario.run([1, 2, 3, 4, 5], base: 5))
        #expect(Set(refusals()) == [.wrongView])
        try scenario.deliverAll()
        try scenario.expectAgreement([1, 2, 3, 4, 5])
    }

    @Test("a context that has begun nothing, or abandoned what it began, awaits no token")
    func idle() throws {
        let scenario = try Self.join()
        let token = scenario.queue[0]
        try scenario.addMember(6)
        #expect(Self.refusal(scenario, token.bytes, from: 4, to: 6) == .wrongPhase)
        scenario[5].context.abandon()
        #expect(Self.refusal(scenario, token.bytes, from: 4, to: 5) == .wrongPhase)
    }
}

// MARK: - Values

extension GDHRefusalTests {
    /// 0, 1, -1, p and a member's negative; infinity, a point off the curve, and a point compressed in two ways.
    private static func badValues(_ group: NumberGroup) -> [[UInt8]] {
        let size = group.elementSize
        guard group != .p256 else {
            let good = ExponentiationContext(group: group).generator.bytes
            return [
                [UInt8](repeating: 0, count: size), good.dropLast() + [good[size - 1] ^ 1],
                [2 + good[size - 1] % 2] + good[1...], [6 + good[size - 1] % 2] + good[1...],
            ]
        }
        var context = ExponentiationContext(group: group)
        var candidate = [UInt8](repeating: 0, count: size)
        candidate[size - 1] = 3
        while (try? context.element(checking: candidate)) != nil { candidate[size - 1] += 1 }
        return [
            [UInt8](repeating: 0, count: size), [UInt8](repeating: 0, count: size - 1) + [1],
            [UInt8](repeating: 255, count: size), candidate,
        ]
    }

    @Test(
        "identity elements, values outside the subgroup and points off the curve are refused in every token",
        arguments: [NumberGroup.paper512, .p256])
    func badElements(_ group: NumberGroup) throws {
        let scenario = try Self.join(in: group)
        let previous = try #require(scenario[1].completed).binding
        for value in Self.badValues(scenario.suite.group) {
            let body = PartialToken(previous: previous, value: value).body
            let forged = try Self.forge(scenario, .partialToken, from: 4, to: 4, body: body)
            #expect(Self.refusal(scenario, forged, from: 4, to: 5) == .badElement)
        }
        _ = try Self.advance(scenario, to: .finalToken)
        for value in Self.badValues(scenario.suite.group) {
            let body = FinalToken(previous: previous, value: value).body
            let forged = try Self.forge(scenario, .finalToken, from: 5, to: nil, body: body)
            #expect(Self.refusal(scenario, forged, from: 5, to: 1) == .badElement)
        }
        _ = try Self.advance(scenario, to: .factorOutToken)
        for value in Self.badValues(scenario.suite.group) {
            let forged = try Self.forge(scenario, .factorOutToken, from: 2, to: 4, body: value)
            #expect(Self.refusal(scenario, forged, from: 2, to: 5) == .badElement)
        }
        let token = try Self.advance(scenario, to: .keyList)
        let body = try TokenEnvelope(reading: token.bytes).body
        for value in Self.badValues(scenario.suite.group) {
            var list = try KeyList(reading: body, elementSize: value.count)
            list.entries[1].partialKey = value
            let forged = try Self.forge(scenario, .keyList, from: 5, to: nil, body: list.body)
            #expect(Self.refusal(scenario, forged, from: 5, to: 2) == .badElement)
        }
        try scenario.deliverAll()
        try scenario.expectAgreement([1, 2, 3, 4, 5])
    }

    @Test("a key list with another list of members, another key or another confirmation is refused")
    func keyLists() throws {
        let scenario = try Self.join()
        let token = try Self.advance(scenario, to: .keyList)
        let size = scenario.suite.group.elementSize
        let good = try KeyList(reading: TokenEnvelope(reading: token.bytes).body, elementSize: size)
        func refusal(_ change: (inout KeyList) -> Void) throws -> AgreementError? {
            var list = good
            change(&list)
            let forged = try Self.forge(scenario, .keyList, from: 5, to: nil, body: list.body)
            return Self.refusal(scenario, forged, from: 5, to: 2)
        }
        #expect(try refusal { $0.confirmation[0] ^= 1 } == .keyConfirmation)
        #expect(try refusal { $0.entries[1].partialKey = $0.entries[0].partialKey } == .keyConfirmation)
        #expect(try refusal { $0.entries[0].partialKey = $0.entries[2].partialKey } == .keyConfirmation)
        #expect(try refusal { $0.entries[4].partialKey = $0.entries[0].partialKey } == .badElement)
        #expect(try refusal { $0.entries.swapAt(0, 1) } == .memberListMismatch)
        #expect(try refusal { $0.entries.removeLast() } == .memberListMismatch)
        #expect(try refusal { $0.entries = [] } == .memberListMismatch)
        #expect(try refusal { $0.previous[0] ^= 1 } == .wrongRun)
        try scenario.deliverAll()
        try scenario.expectAgreement([1, 2, 3, 4, 5])
    }

    @Test("a factor-out token of another member's value leads to no key at anybody")
    func wrongFactorOut() throws {
        let scenario = try Self.join()
        _ = try Self.advance(scenario, to: .factorOutToken)
        // Member 2 takes its share out twice: a member of the subgroup, but not the right one.
        let index = try #require(scenario.queue.firstIndex { $0.sender == 2 })
        let value = try TokenEnvelope(reading: scenario.queue[index].bytes).body
        var arithmetic = ExponentiationContext(group: scenario.suite.group)
        let wrong = try arithmetic.power(
            arithmetic.element(checking: value), scenario[2].share.scalar)
        scenario.queue[index].bytes = try Self.forge(
            scenario, .factorOutToken, from: 2, to: 4, body: wrong.bytes)
        let list = try Self.advance(scenario, to: .keyList)
        #expect(Self.refusal(scenario, list.bytes, from: 5, to: 2) == .keyConfirmation)
        #expect(Self.refusal(scenario, list.bytes, from: 5, to: 1) == nil)
        #expect(scenario[1].context.fingerprint != scenario[2].context.fingerprint)
    }

    @Test("members who continue from different runs refuse each other")
    func differentPast() throws {
        let scenario = Scenario()
        try scenario.agree([1, 2, 3], base: 1, fromScratch: true)
        // The key list of a refresh reaches 2 and 3, not 1.
        try scenario.begin(scenario.run([1, 2, 3], base: 3))
        let list = scenario.queue.removeFirst()
        for id in [2, 3] as [UInt64] { try scenario.deliver(list, to: id) }
        try scenario.addMember(4)
        try scenario.begin(scenario.run([1, 2, 3, 4], base: 3))
        let final = try Self.advance(scenario, to: .finalToken)
        #expect(Self.refusal(scenario, final.bytes, from: 4, to: 1) == .wrongRun)
        #expect(Self.refusal(scenario, final.bytes, from: 4, to: 2) == nil)
        try scenario.begin(scenario.run([1, 2, 3], base: 3))
        #expect(Self.refusal(scenario, scenario.queue[0].bytes, from: 3, to: 1) == .wrongRun)
    }
}
