import Arithmetic
import Primitives
import Testing

@testable import KeyAgreement

/// The tokens of key trees as bytes.
@Suite struct TreeWireTests {
    /// A join of the third member, in the order of sending.
    private static func tokens(_ agreement: AgreementProtocol) throws -> [[UInt8]] {
        let scenario = Scenario(AgreementSuite(forBenchmarksIn: .paper512, agreement))
        try scenario.agree([1, 2], base: 1, fromScratch: true)
        try scenario.agree([1, 2, 3], base: 2)
        return scenario.sent.map { $0.bytes }
    }

    @Test("tokens of seeded members are these bytes", arguments: TreeScenarioTests.both)
    func golden(_ agreement: AgreementProtocol) throws {
        let tokens = try Self.tokens(agreement)
        let kinds = TreeTokenKinds(TreeScenarioTests.growth(agreement))
        #expect(tokens.map { TokenEnvelopeKind($0) } == [kinds.tree, kinds.path, kinds.leaf, kinds.confirmation])
        for token in tokens { #expect(try TokenEnvelope(reading: token).bytes == token) }
        let bodies = try tokens.map { hexadecimal(try TokenEnvelope(reading: $0).body) }
        #expect(bodies == (agreement == .tgdh ? goldenTGDHBodies : goldenSTRBodies))
        // What is around a body is the same for all agreements (GDHWireTests).
        let digests = try tokens.map { hexadecimal(Array(try Digest.sha256($0).prefix(8))) }
        #expect(digests == (agreement == .tgdh ? goldenTGDHDigests : goldenSTRDigests))
    }

    @Test("each body has one spelling: read and written again it is the same", arguments: TreeScenarioTests.both)
    func canonical(_ agreement: AgreementProtocol) throws {
        for token in try Self.tokens(agreement) {
            let envelope = try TokenEnvelope(reading: token)
            let body = envelope.body
            let read: [UInt8]
            switch envelope.kind {
            case .tgdhTree, .strTree: read = try KeyTreeToken(reading: body, elementSize: 64).body
            case .tgdhPath, .strPath: read = try BlindedPathToken(reading: body, elementSize: 64).body
            case .tgdhConfirmation, .strConfirmation: read = try TreeConfirmation(reading: body).body
            default: read = try BlindedLeafToken(reading: body, elementSize: 64).body
            }
            #expect(read == body)
        }
    }
}
