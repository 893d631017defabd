import Primitives
import Testing

@testable import KeyAgreement

/// The tokens of CKD and BD as bytes.
@Suite struct CKDAndBDWireTests {
    /// A merge of two members with two others, in the order of sending.
    private static func tokens(_ agreement: AgreementProtocol) throws -> [[UInt8]] {
        let scenario = Scenario(agreement.smallSuite)
        try scenario.agree([1, 2], base: 1, fromScratch: true)
        try scenario.agree([1, 2, 3, 4], base: 2)
        return scenario.sent.map { $0.bytes }
    }

    @Test("tokens of seeded members are these bytes")
    func golden() throws {
        let ckd = try Self.tokens(.ckd)
        #expect(
            ckd.map { TokenEnvelopeKind($0) } == [.controllerValue, .memberValue, .memberValue, .ckdKeyList])
        let bd = try Self.tokens(.bd)
        #expect(
            bd.map { TokenEnvelopeKind($0) }
                == Array(repeating: .bdFirstValue, count: 4) + Array(repeating: .bdSecondValue, count: 4)
                + [.bdConfirmation])
        for token in ckd + bd { #expect(try TokenEnvelope(reading: token).bytes == token) }
        // The whole of each kind's first, and a digest of all.
        let bodies = try [ckd[0], ckd[1], ckd[3], bd[0], bd[4], bd[8]].map {
            hexadecimal(try TokenEnvelope(reading: $0).body)
        }
        #expect(bodies == goldenCKDAndBDBodies)
        let digests = try (ckd + bd).map { hexadecimal(Array(try Digest.sha256($0).prefix(8))) }
        #expect(digests == goldenCKDAndBDDigests)
    }

    @Test("each body has one spelling: read and written again it is the same")
    func canonical() throws {
        for token in try Self.tokens(.ckd) + Self.tokens(.bd) {
            let envelope = try TokenEnvelope(reading: token)
            let body = envelope.body
            let read: [UInt8]
            switch envelope.kind {
            case .controllerValue: read = try ControllerValueToken(reading: body, elementSize: 64).body
            case .memberValue: read = try MemberValueToken(reading: body, elementSize: 64).body
            case .ckdKeyList: read = try KeyList(reading: body, elementSize: 64).body
            case .bdFirstValue: read = try BDFirstToken(reading: body, elementSize: 64).body
            case .bdSecondValue: read = try BDSecondToken(reading: body, elementSize: 64).body
            default: read = try BDConfirmation(reading: body).body
            }
            #expect(read == body)
        }
        #expect(try BDSecondToken(reading: [0], elementSize: 64).body == [0])
    }
}
