import Arithmetic
import Primitives
import Testing

@testable import KeyAgreement

/// What CKD and BD refuse, and that a refusal changes nothing.
@Suite struct CKDAndBDRefusalTests {
    private typealias Kind = TokenEnvelope.Kind

    /// Three members that have agreed and begin to let in two more.
    private static func merge(_ agreement: AgreementProtocol) throws -> Scenario {
        let scenario = Scenario(agreement.smallSuite)
        try scenario.agree([1, 2, 3], base: 1, fromScratch: true)
        for id in [4, 5] as [UInt64] { try scenario.addMember(id) }
        try scenario.begin(scenario.run(ids, base: 3))
        return scenario
    }

    private static let ids: [UInt64] = [1, 2, 3, 4, 5]

    /// Delivers until a token of a kind is next in the queue.
    private static func advance(_ scenario: Scenario, to kind: Kind) throws -> Scenario.Token {
        while let token = scenario.queue.first, TokenEnvelopeKind(token.bytes) != kind {
            try scenario.deliver(scenario.queue.removeFirst())
        }
        return try #require(scenario.queue.first)
    }

    /// nil when the token is taken or passed over; in the second case nothing has changed either.
    private static func refusal(
        _ scenario: Scenario, _ bytes: [UInt8], from sender: UInt64, to id: UInt64
    ) -> (error: AgreementError?, isPassedOver: Bool) {
        let context = (scenario[id].context.phase, scenario[id].context.awaited, scenario[id].context.fingerprint)
        var refusal: AgreementError? = nil
        var isPassedOver = false
        do throws(AgreementError) {
            isPassedOver = try scenario[id].context.receive(bytes, from: sender) == [.passedOver]
        } catch {
            refusal = error
        }
        if refusal != nil || isPassedOver {
            #expect(scenario[id].context.phase == context.0 && scenario[id].context.awaited == context.1)
            #expect(scenario[id].context.fingerprint == context.2)
        }
        return (refusal, isPassedOver)
    }

    /// A token that its sender really signs, with another body, as a later one of its.
    private static func forge(
        _ scenario: Scenario, _ kind: Kind, from sender: UInt64, to destination: Int? = nil, body: [UInt8]
    ) throws -> [UInt8] {
        var run = try #require(scenario[sender].run)
        for _ in 0..<4 { _ = try run.seal(kind, to: destination, body: body, engine: &scenario[sender].context.engine) }
        return try run.seal(kind, to: destination, body: body, engine: &scenario[sender].context.engine)
    }

    /// 0, 1, all ones and a number outside the subgroup.
    private static func badValues(_ group: NumberGroup) -> [[UInt8]] {
        let size = group.elementSize
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
        "any changed byte is refused, or the token passed over, and the run then succeeds",
        arguments: AgreementProtocol.allCases)
    func changedBytes(_ agreement: AgreementProtocol) throws {
        let scenario = try Self.merge(agreement)
        var refusals = 0
        while !scenario.queue.isEmpty {
            let token = scenario.queue.removeFirst()
            for id in token.destination.map({ [$0] }) ?? Self.ids {
                for index in token.bytes.indices where index < 4 || (index + Int(id)) % 5 == 0 {
                    var changed = token.bytes
                    changed[index] ^= index % 2 == 0 ? 1 : 0x80
                    let answer = Self.refusal(scenario, changed, from: token.sender, to: id)
                    #expect(answer.error != nil || answer.isPassedOver, "byte \(index)")
                    refusals += 1
                }
                try scenario.deliver(token, to: id)
            }
        }
        #expect(refusals > 500)
        try scenario.expectAgreement(Self.ids)
    }

    @Test(
        "tokens of another suite, kinds of another agreement, replays and other sizes",
        arguments: [.ckd, .bd] as [AgreementProtocol])
    func envelopes(_ agreement: AgreementProtocol) throws {
        let scenario = try Self.merge(agreement)
        var old: [Scenario.Token] = []
        while let token = scenario.queue.first {
            let ids = token.destination.map { [$0] } ?? Self.ids
            let id = try #require(
                ids.first { $0 != token.sender && Self.needs(scenario, token, $0) })
            var envelope = try TokenEnvelope(reading: token.bytes)
            envelope.suite ^= 0x7000
            #expect(Self.refusal(scenario, envelope.bytes, from: token.sender, to: id).error == .wrongSuite)
            for kind in Kind.allCases where kind.agreement != agreement {
                envelope = try TokenEnvelope(reading: token.bytes)
                envelope.kind = kind
                #expect(Self.refusal(scenario, envelope.bytes, from: token.sender, to: id).error == .wrongSuite)
            }
            let kind = try #require(TokenEnvelopeKind(token.bytes))
            let place = token.destination.flatMap { scenario[id].run?.position(of: $0) }
            let body = try TokenEnvelope(reading: token.bytes).body
            for bad in [Array(body.dropLast()), body + [0], []] {
                let forged = try Self.forge(scenario, kind, from: token.sender, to: place, body: bad)
                #expect(Self.refusal(scenario, forged, from: token.sender, to: id).error == .malformed)
            }
            try scenario.deliver(scenario.queue.removeFirst())
            old.append(token)
            for token in old {
                for id in token.destination.map({ [$0] }) ?? Self.ids {
                    let again = Self.refusal(scenario, token.bytes, from: token.sender, to: id)
                    #expect(again.error != nil || again.isPassedOver)
                }
            }
        }
        try scenario.expectAgreement(Self.ids)
    }

    /// Whether a member looks into a token at all.
    private static func needs(_ scenario: Scenario, _ token: Scenario.Token, _ id: UInt64) -> Bool {
        switch TokenEnvelopeKind(token.bytes) {
        case .controllerValue: id > 3
        case .bdFirstValue: (id + 1) % 5 == token.sender % 5 || (token.sender + 1) % 5 == id % 5
        default: true
        }
    }
}

// MARK: - CKD

extension CKDAndBDRefusalTests {
    @Test("CKD: values outside the subgroup, and tokens of who may not send them")
    func values() throws {
        let scenario = try Self.merge(.ckd)
        let group = scenario.suite.group
        let previous = scenario.lastBinding
        for value in Self.badValues(group) {
            let body = ControllerValueToken(previous: previous, value: value).body
            let forged = try Self.forge(scenario, .controllerValue, from: 1, body: body)
            #expect(Self.refusal(scenario, forged, from: 1, to: 4).error == .badElement)
            // Who keeps its key needs no value.
            #expect(Self.refusal(scenario, forged, from: 1, to: 2).isPassedOver)
        }
        let good = try TokenEnvelope(reading: scenario.queue[0].bytes).body
        let usurped = try Self.forge(scenario, .controllerValue, from: 2, body: good)
        for id in [1, 3, 4] as [UInt64] { #expect(Self.refusal(scenario, usurped, from: 2, to: id).error != nil) }
        let answer = try Self.advance(scenario, to: .memberValue)
        #expect(answer.sender == 4)
        for value in Self.badValues(group) {
            let forged = try Self.forge(scenario, .memberValue, from: 4, to: 0, body: value)
            #expect(Self.refusal(scenario, forged, from: 4, to: 1).error == .badElement)
        }
        // Who has a pairwise key does not send another.
        let body = try TokenEnvelope(reading: answer.bytes).body
        let unasked = try Self.forge(scenario, .memberValue, from: 3, to: 0, body: body)
        #expect(Self.refusal(scenario, unasked, from: 3, to: 1).error == .wrongSender)
        try scenario.deliver(scenario.queue.removeFirst())
        let doubled = try Self.forge(scenario, .memberValue, from: 4, to: 0, body: body)
        #expect(Self.refusal(scenario, doubled, from: 4, to: 1).error == .wrongSender)
        try scenario.deliverAll()
        try scenario.expectAgreement(Self.ids)
    }

    @Test("CKD: key lists with another list of members, another key or another confirmation")
    func keyLists() throws {
        let scenario = try Self.merge(.ckd)
        let token = try Self.advance(scenario, to: .ckdKeyList)
        let size = scenario.suite.group.elementSize
        let good = try KeyList(reading: TokenEnvelope(reading: token.bytes).body, elementSize: size)
        func refusal(_ change: (inout KeyList) -> Void, to id: UInt64 = 2) throws -> AgreementError? {
            var list = good
            change(&list)
            let forged = try Self.forge(scenario, .ckdKeyList, from: 1, body: list.body)
            return Self.refusal(scenario, forged, from: 1, to: id).error
        }
        for id in [2, 5] as [UInt64] {
            #expect(try refusal({ $0.confirmation[0] ^= 1 }, to: id) == .keyConfirmation)
            #expect(try refusal({ $0.entries[Int(id) - 2] = $0.entries[2] }, to: id) == .memberListMismatch)
            #expect(try refusal({ $0.entries.removeLast() }, to: id) == .memberListMismatch)
            #expect(try refusal({ $0.entries = [] }, to: id) == .memberListMismatch)
            #expect(try refusal({ $0.entries.swapAt(0, 1) }, to: id) == .memberListMismatch)
            #expect(try refusal({ $0.previous[0] ^= 1 }, to: id) == .wrongRun)
            // The value meant for another.
            let other = good.entries[1].partialKey
            #expect(try refusal({ $0.entries[Int(id) - 2].partialKey = other }, to: id) == .keyConfirmation)
            for value in Self.badValues(scenario.suite.group) {
                #expect(try refusal({ $0.entries[Int(id) - 2].partialKey = value }, to: id) == .badElement)
            }
        }
        let usurped = try Self.forge(scenario, .ckdKeyList, from: 3, body: good.body)
        #expect(Self.refusal(scenario, usurped, from: 3, to: 2).error == .wrongSender)
        #expect(Self.refusal(scenario, usurped, from: 3, to: 1).error == .wrongSender)
        try scenario.deliverAll()
        try scenario.expectAgreement(Self.ids)
    }
}

// MARK: - BD

extension CKDAndBDRefusalTests {
    @Test("BD: values outside the subgroup, doubled ones, and those of nobody's neighbour")
    func circleValues() throws {
        let scenario = try Self.merge(.bd)
        for value in Self.badValues(scenario.suite.group) {
            let forged = try Self.forge(scenario, .bdFirstValue, from: 2, body: value)
            #expect(Self.refusal(scenario, forged, from: 2, to: 1).error == .badElement)
            #expect(Self.refusal(scenario, forged, from: 2, to: 4).isPassedOver)
        }
        let first = try Self.advance(scenario, to: .bdFirstValue)
        try scenario.deliver(scenario.queue.removeFirst())
        let body = try TokenEnvelope(reading: first.bytes).body
        let doubled = try Self.forge(scenario, .bdFirstValue, from: 1, body: body)
        #expect(Self.refusal(scenario, doubled, from: 1, to: 2).error == .replayed)
        let second = try Self.advance(scenario, to: .bdSecondValue)
        for value in Self.badValues(scenario.suite.group) {
            let forged = try Self.forge(
                scenario, .bdSecondValue, from: second.sender, body: BDSecondToken(value: value).body)
            for id in Self.ids where id != second.sender {
                #expect(Self.refusal(scenario, forged, from: second.sender, to: id).error == .badElement)
            }
        }
        for body in [[], [0, 0], [2] + (try TokenEnvelope(reading: second.bytes).body).dropFirst(), [1]] as [[UInt8]] {
            let forged = try Self.forge(scenario, .bdSecondValue, from: second.sender, body: body)
            #expect(Self.refusal(scenario, forged, from: second.sender, to: second.sender % 5 + 1).error == .malformed)
        }
        try scenario.deliverAll()
        try scenario.expectAgreement(Self.ids)
    }

    @Test("BD: the identity is a value of round two; with a wrong one nobody installs")
    func identity() throws {
        let scenario = try Self.merge(.bd)
        let second = try Self.advance(scenario, to: .bdSecondValue)
        let forged = try Self.forge(scenario, .bdSecondValue, from: second.sender, body: BDSecondToken(value: nil).body)
        let victim = second.sender % 5 + 1
        #expect(Self.refusal(scenario, forged, from: second.sender, to: victim).error == nil)
        #expect(Self.refusal(scenario, second.bytes, from: second.sender, to: victim).error != nil)
        scenario.queue.removeFirst()
        for id in Self.ids where id != victim { try scenario.deliver(second, to: id) }
        let confirmation = try Self.advance(scenario, to: .bdConfirmation)
        if victim == 1 {
            for id in Self.ids.dropFirst() {
                #expect(Self.refusal(scenario, confirmation.bytes, from: 1, to: id).error == .keyConfirmation)
            }
        } else {
            #expect(Self.refusal(scenario, confirmation.bytes, from: 1, to: victim).error == .keyConfirmation)
        }
    }

    @Test("BD: a confirmation of another key, of another member, or before all values")
    func confirmations() throws {
        let scenario = try Self.merge(.bd)
        let early = try Self.forge(
            scenario, .bdConfirmation, from: 1, body: [UInt8](repeating: 3, count: 32))
        #expect(Self.refusal(scenario, early, from: 1, to: 3).error == .wrongPhase)
        let token = try Self.advance(scenario, to: .bdConfirmation)
        var body = try TokenEnvelope(reading: token.bytes).body
        let usurped = try Self.forge(scenario, .bdConfirmation, from: 4, body: body)
        #expect(Self.refusal(scenario, usurped, from: 4, to: 3).error == .wrongSender)
        body[0] ^= 1
        let wrong = try Self.forge(scenario, .bdConfirmation, from: 1, body: body)
        #expect(Self.refusal(scenario, wrong, from: 1, to: 3).error == .keyConfirmation)
        try scenario.deliverAll()
        try scenario.expectAgreement(Self.ids)
    }

    @Test("BD: two members refuse a value of round two")
    func two() throws {
        let scenario = Scenario(AgreementProtocol.bd.smallSuite)
        for id in [1, 2] as [UInt64] { try scenario.addMember(id) }
        try scenario.begin(scenario.run([1, 2], base: 1, fromScratch: true))
        let forged = try Self.forge(scenario, .bdSecondValue, from: 2, body: BDSecondToken(value: nil).body)
        #expect(Self.refusal(scenario, forged, from: 2, to: 1).error == .wrongPhase)
        try scenario.deliverAll()
        try scenario.expectAgreement([1, 2])
    }
}
