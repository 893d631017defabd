import Primitives
import Testing

@testable import Encrypt

/// Policies without certificates, and the proofs of a pre-shared secret, as attacks.
@Suite struct AdmissionTests {
    private static func refusal(
        _ policy: AdmissionPolicy, _ introduction: Introduction, cluster: [UInt8] = Members.cluster
    ) -> AdmissionRefusal? {
        do throws(AdmissionRefusal) {
            try policy.check(introduction, cluster: cluster, now: 0)
            return nil
        } catch {
            return error
        }
    }

    private static func accepting(_ names: String...) throws -> AdmissionPolicy {
        var store = TrustStore()
        for name in names { try store.add(Members.identity(name).publicKey, label: name) }
        return .acceptedKeys(store)
    }

    private static func pattern(_ names: [String], _ addresses: [String] = []) throws -> AdmissionPolicy {
        try .names(
            MembershipPattern(
                names: names.map { (text) throws in try TextPattern(Array(text.utf8)) },
                addresses: addresses.map { (text) throws in try TextPattern(Array(text.utf8)) }))
    }

    // MARK: - Accepted keys

    @Test("only accepted keys come in, and an empty store accepts none")
    func acceptedKeys() throws {
        let ada = try Members.introduce(Credential(identity: Members.identity("Ada")))
        #expect(Self.refusal(try Self.accepting("Ada", "Bob"), ada) == nil)
        #expect(Self.refusal(try Self.accepting("Bob"), ada) == .unknownKey)
        #expect(Self.refusal(.acceptedKeys(TrustStore()), ada) == .unknownKey)
        #expect(Self.refusal(try Self.accepting("Ada"), ada, cluster: [1]) == .other)
    }

    // MARK: - The pre-shared secret

    @Test("who does not hold the secret, or shows none, stays outside")
    func wrongSecret() throws {
        let policy = AdmissionPolicy.preSharedSecret(try Members.secret())
        let identity = try Members.identity("Ada")
        let right = try Members.introduce(Credential(identity: identity, preSharedSecret: Members.secret()))
        let wrong = try Members.introduce(Credential(identity: identity, preSharedSecret: Members.secret(6)))
        let none = try Members.introduce(Credential(identity: identity))
        #expect(Self.refusal(policy, right) == nil)
        #expect(Self.refusal(policy, wrong) == .wrongSecret)
        #expect(Self.refusal(policy, none) == .wrongSecret)
    }

    /// "Authentication tokens are static: whoever observes one join can join."
    @Test("a recorded proof of the secret fits no other identity, cluster or start")
    func recordedTag() throws {
        let policy = AdmissionPolicy.preSharedSecret(try Members.secret())
        let identity = try Members.identity("Ada")
        let recorded = try Members.introduce(Credential(identity: identity, preSharedSecret: Members.secret()))
        let rogue = try Members.identity("Eve")
        let stolen = try Members.changed(recorded, signedBy: rogue)
        #expect(stolen.isAuthentic(cluster: Members.cluster))
        #expect(Self.refusal(policy, stolen) == .wrongSecret)
        let elsewhere = try Members.changed(recorded, cluster: [65], signedBy: identity)
        #expect(Self.refusal(policy, elsewhere, cluster: [65]) == .wrongSecret)
        let again = try Members.changed(recorded, incarnation: recorded.incarnation ^ 2, signedBy: identity)
        #expect(Self.refusal(policy, again) == .wrongSecret)
        let truncated = try Members.changed(recorded, preSharedTag: [], signedBy: identity)
        #expect(Self.refusal(policy, truncated) == .wrongSecret)
        #expect(Self.refusal(policy, try Members.changed(recorded, signedBy: identity)) == nil)
    }

    // MARK: - Challenge and answer

    /// What a newcomer and a coordinator prove to each other, as the machine has it in challenges and answers.
    private struct Pair {
        let newcomer: Introduction
        let coordinator: Introduction
        let proven: [UInt8]

        init(requestNonce: UInt8 = 1, nonce: UInt8 = 2, seed: UInt64 = 8) throws {
            newcomer = try Members.introduce(
                Credential(identity: Members.identity("Ada"), preSharedSecret: Members.secret()), seed: seed)
            coordinator = try Members.introduce(
                Credential(identity: Members.identity("Bob"), preSharedSecret: Members.secret()), seed: 9)
            proven = try Challenge.proven(
                coordinator: #require(MemberDigest(coordinator.digest)),
                newcomer: #require(MemberDigest(newcomer.digest)),
                requestNonce: [UInt8](repeating: requestNonce, count: 16),
                nonce: [UInt8](repeating: nonce, count: 16))
        }

        func proof(_ purpose: PreSharedSecret.Purpose, secret: UInt8 = 5) throws -> [UInt8] {
            try Members.secret(secret).tag(purpose, [proven])
        }

        /// Why a proof of one side does not admit it; nil when it does.
        func refusal(_ proof: [UInt8], _ purpose: PreSharedSecret.Purpose) throws -> AdmissionRefusal? {
            let policy = AdmissionPolicy.preSharedSecret(try Members.secret())
            do throws(AdmissionRefusal) {
                try policy.check(
                    purpose == .challenge ? coordinator : newcomer, cluster: Members.cluster, now: 0,
                    proof: LiveProof(tag: proof, purpose: purpose, parts: [proven]))
                return nil
            } catch {
                return error
            }
        }
    }

    @Test("both prove to each other that they hold the secret")
    func mutual() throws {
        let pair = try Pair()
        #expect(try pair.refusal(pair.proof(.challenge), .challenge) == nil)
        #expect(try pair.refusal(pair.proof(.answer), .answer) == nil)
    }

    @Test("a proof sent back, of another exchange, or of another start fits nowhere")
    func recordedProof() throws {
        let pair = try Pair()
        #expect(try pair.refusal(pair.proof(.challenge), .answer) == .wrongSecret)
        #expect(try pair.refusal(pair.proof(.answer), .challenge) == .wrongSecret)
        #expect(try pair.refusal(pair.proof(.introduction), .answer) == .wrongSecret)
        #expect(try pair.refusal(pair.newcomer.preSharedTag, .answer) == .wrongSecret)
        for other in [try Pair(requestNonce: 3), try Pair(nonce: 3), try Pair(seed: 10)] {
            #expect(try other.refusal(pair.proof(.answer), .answer) == .wrongSecret)
            #expect(try other.refusal(pair.proof(.challenge), .challenge) == .wrongSecret)
        }
    }

    @Test("who holds another secret, or none, proves nothing")
    func otherSecret() throws {
        let pair = try Pair()
        for purpose in [PreSharedSecret.Purpose.challenge, .answer] {
            #expect(try pair.refusal(pair.proof(purpose, secret: 6), purpose) == .wrongSecret)
            #expect(try pair.refusal([], purpose) == .wrongSecret)
        }
    }

    // MARK: - Patterns and combinations

    @Test(
        "patterns take runs and single characters, and nothing else",
        arguments: [
            ("*", "", true), ("*", "Ada", true), ("A?a", "Ada", true), ("A?a", "Aa", false), ("A*a", "Aa", true),
            ("A*", "Bob", false), ("*d*", "Ada", true), ("*da", "Adadb", false), ("*da", "Adada", true),
            ("?", "é", true), ("??", "é", false), ("*?", "é", true), ("*??", "é", false), ("\\*", "*", true),
            ("\\*", "Ada", false), ("[a-z]*", "ada", false), ("ada", "Ada", false), ("Ada", "Ada ", false),
            ("a*b*c", "a-b-b-c", true), ("a*b*c", "a-c-b", false), ("****a", "bbba", true),
        ])
    func patterns(pattern: String, text: String, fits: Bool) throws {
        #expect(try TextPattern(Array(pattern.utf8)).fits(Array(text.utf8)) == fits)
    }

    @Test("a pattern made to be slow is not")
    func slowPattern() throws {
        let pattern = try TextPattern(Array(String(repeating: "a*", count: 120).utf8) + [66])
        #expect(!pattern.fits([UInt8](repeating: 97, count: 255)))
    }

    @Test("patterns that say nothing cannot be made")
    func badPatterns() {
        for text in ["", "a\\", String(repeating: "a", count: 256)] {
            #expect(throws: EncryptError.badArgument) { try TextPattern(Array(text.utf8)) }
        }
        #expect(throws: EncryptError.badArgument) { try MembershipPattern() }
    }

    @Test("name and address both have to fit")
    func pattern() throws {
        let ada = try Members.introduce(Credential(identity: Members.identity("Ada")))
        #expect(Self.refusal(try Self.pattern(["A*"], ["host-?"]), ada) == nil)
        #expect(Self.refusal(try Self.pattern([], ["host-?"]), ada) == nil)
        #expect(Self.refusal(try Self.pattern(["A*"], ["host-??"]), ada) == .patternMismatch)
        #expect(Self.refusal(try Self.pattern(["B*", "C*"]), ada) == .patternMismatch)
    }

    /// A policy of nothing would admit everybody under `all`.
    @Test("an empty policy cannot be made, and none that is nested without end")
    func emptyPolicy() throws {
        #expect(throws: EncryptError.badArgument) { try AdmissionPolicy.all([]) }
        #expect(throws: EncryptError.badArgument) { try AdmissionPolicy.any([]) }
        var policy = try Self.accepting("Ada")
        for _ in 1..<AdmissionPolicy.depthLimit { policy = try .all([policy]) }
        #expect(throws: EncryptError.badArgument) { try AdmissionPolicy.all([policy]) }
        #expect(throws: EncryptError.badArgument) {
            try AdmissionPolicy.any([AdmissionPolicy](repeating: policy, count: AdmissionPolicy.countLimit + 1))
        }
    }

    @Test("all asks for each, any for one; the first refusal is told")
    func combinations() throws {
        let ada = try Members.introduce(
            Credential(identity: Members.identity("Ada"), preSharedSecret: Members.secret()))
        let secret = AdmissionPolicy.preSharedSecret(try Members.secret())
        let otherSecret = AdmissionPolicy.preSharedSecret(try Members.secret(6))
        let key = try Self.accepting("Ada")
        let otherKey = try Self.accepting("Bob")
        #expect(Self.refusal(try .all([key, secret]), ada) == nil)
        #expect(Self.refusal(try .all([key, otherSecret]), ada) == .wrongSecret)
        #expect(Self.refusal(try .all([otherKey, otherSecret]), ada) == .unknownKey)
        #expect(Self.refusal(try .any([otherKey, secret]), ada) == nil)
        #expect(Self.refusal(try .any([otherSecret, otherKey]), ada) == .wrongSecret)
        #expect(Self.refusal(try .all([.any([otherKey, key]), .any([secret, otherSecret])]), ada) == nil)
    }
}
