import Arithmetic
import Primitives
import Testing

@testable import KeyAgreement

/// One context at a time: event in, action out.
@Suite struct AgreementContextTests {
    @Test("three members agree, line by line")
    func dialogue() throws {
        let scenario = Scenario()
        for id in [1, 2, 3] as [UInt64] { try scenario.addMember(id) }
        let run = scenario.run([1, 2, 3], base: 1, fromScratch: true)
        func unicast(_ actions: [AgreementAction], _ kind: TokenEnvelope.Kind, to id: UInt64) throws -> [UInt8] {
            guard actions.count == 1, case .unicast(id, let bytes) = actions[0] else {
                throw AgreementError.malformed
            }
            #expect(TokenEnvelopeKind(bytes) == kind)
            return bytes
        }
        #expect(try scenario[2].context.begin(run) == [])
        #expect(try scenario[3].context.begin(run) == [])
        let first = try unicast(scenario[1].context.begin(run), .partialToken, to: 2)
        #expect(scenario[1].context.phase == .waitForFinalToken)
        #expect(scenario[2].context.phase == .waitForPartialToken)
        #expect(scenario[3].context.awaited == [2])
        let second = try unicast(scenario[2].context.receive(first, from: 1), .partialToken, to: 3)
        #expect(scenario[2].context.phase == .waitForFinalToken)
        guard case .multicast(let final)? = try scenario[3].context.receive(second, from: 2).first else {
            throw AgreementError.malformed
        }
        #expect(scenario[3].context.phase == .collectFactOuts)
        #expect(scenario[3].context.awaited == [1, 2])
        let one = try unicast(scenario[1].context.receive(final, from: 3), .factorOutToken, to: 3)
        let two = try unicast(scenario[2].context.receive(final, from: 3), .factorOutToken, to: 3)
        #expect(scenario[2].context.phase == .waitForKeyList)
        #expect(try scenario[3].context.receive(two, from: 2) == [])
        #expect(scenario[3].context.awaited == [1])
        guard case .multicastAgreed(let list)? = try scenario[3].context.receive(one, from: 1).first else {
            throw AgreementError.malformed
        }
        // The final token may come back to its sender late.
        #expect(try scenario[3].context.receive(final, from: 3) == [])
        #expect(scenario[3].context.awaited == [3])
        #expect(scenario[3].context.fingerprint == [])
        for id in [1, 2, 3] as [UInt64] {
            #expect(try scenario[id].context.receive(list, from: 3) == [.install])
            #expect(scenario[id].context.phase == .idle)
        }
        try scenario.expectAgreement([1, 2, 3])
    }

    @Test("what a context cannot take part in is refused before anything changes")
    func refusedRuns() throws {
        let scenario = Scenario()
        try scenario.agree([1, 2], base: 1, fromScratch: true)
        try scenario.addMember(3)
        let last = try #require(scenario[1].run)
        func refusal(_ change: (inout AgreementRun) -> Void) -> AgreementError? {
            var run = scenario.run([1, 2, 3], base: 2)
            change(&run)
            do throws(AgreementError) {
                _ = try scenario[1].context.begin(run)
                return nil
            } catch {
                #expect(scenario[1].context.phase == .waitForFinalToken)
                return error
            }
        }
        try scenario.begin(scenario.run([1, 2, 3], base: 2))
        #expect(refusal { $0.members = [] } == .invalidRun)
        #expect(refusal { $0.baseCount = 0 } == .invalidRun)
        #expect(refusal { $0.baseCount = 4 } == .invalidRun)
        #expect(refusal { $0.baseCount = .max } == .invalidRun)
        #expect(refusal { $0.baseCount = .min } == .invalidRun)
        #expect(refusal { $0.baseCount = 3 } == .notContinuing)
        #expect(refusal { $0.view = [] } == .invalidRun)
        #expect(refusal { $0.run = [1] } == .invalidRun)
        #expect(refusal { $0.group = [] } == .invalidRun)
        #expect(refusal { $0.group = [UInt8](repeating: 65, count: 129) } == .invalidRun)
        #expect(refusal { $0.members.append($0.members[2]) } == .invalidRun)
        #expect(refusal { $0.members[2] = Participant(id: 0, publicKey: $0.members[2].publicKey) } == .invalidRun)
        #expect(refusal { $0.members[2] = Participant(id: 3, publicKey: []) } == .invalidRun)
        #expect(refusal { $0.members.removeFirst() } == .notAMember)
        #expect(
            refusal { $0.members[0] = Participant(id: 1, publicKey: $0.members[2].publicKey) } == .notAMember)
        #expect(
            refusal { $0.members[1] = Participant(id: 2, publicKey: $0.members[2].publicKey) } == .notContinuing)
        #expect(refusal { $0.run = scenario[1].context.run!.identifier } == .invalidRun)
        let many = (10...1_010).map { Participant(id: $0, publicKey: scenario[1].identity.publicKey) }
        #expect(refusal { $0.members += many } == .invalidRun)
        let alone = scenario.run([3], base: 1)
        #expect(throws: AgreementError.notAMember) { try scenario[1].context.begin(alone) }
        #expect(last.members.count == 2)
        try scenario.deliverAll()
        try scenario.expectAgreement([1, 2, 3])
    }

    @Test("a member without a last run cannot continue")
    func noLastRun() throws {
        let scenario = Scenario()
        for id in [1, 2] as [UInt64] { try scenario.addMember(id) }
        let run = scenario.run([1, 2], base: 1)
        #expect(throws: AgreementError.notContinuing) { try scenario[1].context.begin(run) }
        let refused = #expect(throws: AgreementError.self) {
            _ = try scenario[1].context.key(label: "a", context: [], count: 1)
        }
        #expect(refused == .noKey)
    }

    @Test("a run that is abandoned in any phase leaves the last key, and the next run succeeds", arguments: 0...8)
    func abandoned(_ deliveries: Int) throws {
        let scenario = Scenario()
        try scenario.agree([1, 2, 3, 4], base: 1, fromScratch: true)
        let fingerprint = scenario[1].context.fingerprint
        try scenario.addMember(5)
        // A bundled event is cut off after some tokens: nobody has installed.
        try scenario.begin(scenario.run([1, 3, 4, 5], base: 3))
        for _ in 0..<deliveries where scenario.queue.count > 0 {
            guard TokenEnvelopeKind(scenario.queue[0].bytes) != .keyList else { break }
            try scenario.deliver(scenario.queue.removeFirst())
        }
        #expect([1, 3, 4].allSatisfy { scenario[$0].context.fingerprint == fingerprint })
        if deliveries % 2 == 0 { for id in [1, 3, 4] as [UInt64] { scenario[id].context.abandon() } }
        // Then a leave of which the list is lost, then a merge.
        try scenario.begin(scenario.run([1, 3, 4], base: 3))
        #expect([1, 3, 4].allSatisfy { scenario[$0].context.fingerprint == fingerprint })
        try scenario.agree([1, 4, 5, 6], base: 2)
        try scenario.expectAgreement([1, 4, 5, 6])
    }

    @Test("contexts of different groups in one process do not touch each other")
    func independent() throws {
        let first = Scenario()
        let second = Scenario()
        for scenario in [first, second] {
            for id in [1, 2] as [UInt64] { try scenario.addMember(id) }
            try scenario.begin(scenario.run([1, 2], base: 1, fromScratch: true))
        }
        while !first.queue.isEmpty || !second.queue.isEmpty {
            for scenario in [first, second] where !scenario.queue.isEmpty {
                try scenario.deliver(scenario.queue.removeFirst())
            }
        }
        try first.expectAgreement([1, 2])
        try second.expectAgreement([1, 2])
    }
}
