import CPlatform
import Drivers
import Flush
import KeyAgreement
import LocalHub
import Primitives
import SecureGroup
import Testing

@Suite struct GroupDriverTests {
    @Test("a message that the transport does not carry is told for what it is, and the membership goes on")
    func messageExceedsTransport() throws {
        let room = try Room(limits: try HubLimits(frameBytes: 2_048))
        let identity = try Identity(name: "ada", seed: try SecretBytes(random: 32, from: Entropy.system()))
        let driver = try GroupDriver.join(
            .address(.local(path: Array(room.path.utf8))), group: "g", identity: identity, trust: TrustStore(),
            options: GroupDriverOptions(suite: .standard))
        var views = 0
        var problems: [GroupProblem] = []
        var messages: [[UInt8]] = []
        func takeEvents() {
            driver.process(now: conclave_monotonic_milliseconds())
            while let event = driver.nextEvent() {
                switch event {
                case .group(.view): views += 1
                case .group(.problem(let problem, _)): problems.append(problem)
                case .group(.message(_, _, _, let payload)): messages.append(payload)
                case .group, .left: break
                }
            }
        }
        func until(_ condition: () -> Bool) -> Bool {
            room.drive {
                takeEvents()
                return condition()
            }
        }
        #expect(until { views == 1 })
        let now = conclave_monotonic_milliseconds()
        try driver.send([UInt8](repeating: 7, count: 2_048), service: .agreed, to: nil, now: now)
        #expect(until { !problems.isEmpty })
        guard case .messageExceedsTransport(let size, let limit) = problems.first else {
            Issue.record("told \(problems)")
            return
        }
        #expect(size > 2_048 && limit == 2_048 - HubWire.messageOverhead)
        try driver.send([8], service: .agreed, to: nil, now: now)
        #expect(until { messages == [[8]] })
    }
}
