import Certificates
import Foundation
import Primitives
import Testing

@testable import Encrypt

/// Admission by certificate, as attacks. The certificates are made anew in each run.
@Suite struct CertificateTests {
    private static var now: Int64 { Int64(Date().timeIntervalSince1970) + 60 }

    private static func policy(
        _ authority: Authority, names: [CertificateRules.Name] = [.anyName], revocationLists: [UInt8] = [],
        depth: Int = 4
    ) throws -> AdmissionPolicy {
        let store = try CertificateStore(
            anchors: authority.certificate, revocationLists: revocationLists, depth: depth)
        return .certificates(try CertificateRules(store: store, names: names))
    }

    private static func refusal(
        _ policy: AdmissionPolicy, _ introduction: Introduction, now: Int64 = now
    ) -> AdmissionRefusal? {
        do throws(AdmissionRefusal) {
            try policy.check(introduction, cluster: introduction.cluster, now: now)
            return nil
        } catch {
            return error
        }
    }

    private static func introduce(
        _ issued: IssuedCertificate, as name: String = "ada"
    ) throws -> Introduction {
        try Members.introduce(
            Credential(identity: Members.identity(name), certificate: Members.certified(issued)))
    }

    @Test(
        "a certificate of each algorithm admits", arguments: [Authority.Key.p256, .rsa2048, .ed25519])
    func admitted(key: Authority.Key) throws {
        let authority = try Authority()
        let introduction = try Self.introduce(authority.issue("ada", key: key))
        #expect(introduction.isAuthentic(cluster: Members.cluster))
        #expect(Self.refusal(try Self.policy(authority), introduction) == nil)
    }

    @Test("what is wrapped to the key of an RSA certificate opens with it")
    func wrapping() throws {
        let issued = try Authority().issue("ada", key: .rsa2048)
        let credential = try Credential(
            identity: Members.identity("ada"), wrapping: .rsa, certificate: Members.certified(issued))
        let (introduction, keys) = try credential.introduce(
            cluster: Members.cluster, address: [1], entropy: .seeded(1))
        #expect(introduction.wrappingKind == .rsa && introduction.isAuthentic(cluster: Members.cluster))
        let wrapper = try KeyWrapper(kind: .rsa, entropy: .seeded(2))
        let wrapped = try wrapper.wrap(
            SecretBytes(copying: [UInt8](0..<32).span), to: introduction.wrappingKey, context: [1])
        #expect(wrapped.count == 256)
        let opened = try keys.unwrap(wrapped, shared: wrapper.shared, context: [1])
        #expect(opened.withBytes { [UInt8]($0) } == [UInt8](0..<32))
    }

    @Test("a chain over an intermediate authority is believed, up to the bound of the depth")
    func intermediate() throws {
        let root = try Authority("root")
        let issued = try Authority("middle", under: root).issue("ada")
        let introduction = try Self.introduce(issued)
        #expect(Self.refusal(try Self.policy(root), introduction) == nil)
        #expect(Self.refusal(try Self.policy(root, depth: 0), introduction) == .certificateUntrusted)
    }

    // MARK: - Attacks on who vouches

    @Test("no certificate, a self-made chain and one of another authority stay outside")
    func untrusted() throws {
        let authority = try Authority()
        let policy = try Self.policy(authority)
        let none = try Members.introduce(Credential(identity: Members.identity("ada")))
        #expect(Self.refusal(policy, none) == .certificateUntrusted)
        #expect(Self.refusal(policy, try Self.introduce(Authority.selfSigned("ada"))) == .certificateUnfit)
        // The same name as the right one's: only keys count.
        let twin = try Authority()
        #expect(Self.refusal(policy, try Self.introduce(twin.issue("ada"))) == .certificateUntrusted)
        // Nor does it help to add the right one's certificate.
        let ada = try twin.issue("ada")
        let forged = IssuedCertificate(
            chain: ada.chain + authority.certificate, privateKey: ada.privateKey, serial: 0)
        #expect(Self.refusal(policy, try Self.introduce(forged)) == .certificateUntrusted)
    }

    /// A member's own certificate does not make it an authority for others.
    @Test("a certificate issued by a member, who is no authority, is not believed")
    func memberAsAuthority() throws {
        let authority = try Authority()
        let member = try Authority("ada", under: authority, isAuthority: false)
        let introduction = try Self.introduce(member.issue("bob"), as: "bob")
        #expect(
            [.certificateUntrusted, .certificateUnfit].contains(Self.refusal(try Self.policy(authority), introduction)))
    }

    @Test("before and after its time a certificate admits nobody")
    func expired() throws {
        let authority = try Authority()
        let introduction = try Self.introduce(authority.issue("ada", days: 5))
        let policy = try Self.policy(authority)
        #expect(Self.refusal(policy, introduction, now: Self.now + 4 * Members.day) == nil)
        #expect(Self.refusal(policy, introduction, now: Self.now + 6 * Members.day) == .certificateExpired)
        #expect(Self.refusal(policy, introduction, now: Self.now - 2 * Members.day) == .certificateExpired)
        #expect(Self.refusal(policy, introduction, now: 0) == .certificateExpired)
    }

    @Test("a revoked certificate admits nobody, and neither does any when the list is missing or old")
    func revoked() throws {
        let authority = try Authority()
        let ada = try authority.issue("ada")
        let bob = try authority.issue("bob")
        authority.revoke(ada)
        let list = try authority.revocationList(days: 3)
        let policy = try Self.policy(authority, revocationLists: list)
        #expect(Self.refusal(policy, try Self.introduce(ada)) == .certificateRevoked)
        #expect(Self.refusal(policy, try Self.introduce(bob, as: "bob")) == nil)
        #expect(Self.refusal(try Self.policy(authority), try Self.introduce(ada)) == nil)
        #expect(
            Self.refusal(policy, try Self.introduce(bob, as: "bob"), now: Self.now + 4 * Members.day)
                == .certificateExpired)
        let otherList = try Authority("other").revocationList()
        let missing = try Self.policy(authority, revocationLists: otherList)
        #expect(Self.refusal(missing, try Self.introduce(bob, as: "bob")) == .certificateUntrusted)
    }

    /// Such an anchor's issuer is nowhere, and so no list of the issuer's can be verified.
    @Test("with revocation lists, an intermediate authority or a member's own certificate is an anchor all the same")
    func listsAndOtherAnchors() throws {
        let root = try Authority("root")
        let middle = try Authority("middle", under: root)
        let ada = try middle.issue("ada")
        let bob = try middle.issue("bob")
        middle.revoke(ada)
        let lists = try middle.revocationList() + root.revocationList()
        func refusal(_ issued: IssuedCertificate, anchors: [UInt8], lists: [UInt8]) throws -> AdmissionRefusal? {
            let store = try CertificateStore(anchors: anchors, revocationLists: lists)
            let policy = try AdmissionPolicy.certificates(CertificateRules(store: store, names: [.anyName]))
            return Self.refusal(policy, try Self.introduce(issued))
        }
        for anchors in [middle.certificate, root.certificate, root.certificate + middle.certificate] {
            #expect(try refusal(bob, anchors: anchors, lists: lists) == nil)
            #expect(try refusal(ada, anchors: anchors, lists: lists) == .certificateRevoked)
            // What is not an anchor still needs its issuer's list, and so does an authority that vouches for itself.
            #expect(try refusal(bob, anchors: anchors, lists: root.revocationList()) == .certificateUntrusted)
        }
        #expect(try refusal(bob, anchors: middle.certificate, lists: middle.revocationList()) == nil)
        #expect(try refusal(bob, anchors: root.certificate, lists: middle.revocationList()) == .certificateUntrusted)
        let own = try #require(Self.first(of: bob.chain))
        #expect(try refusal(bob, anchors: own, lists: lists) == nil)
        #expect(try refusal(try middle.issue("eve"), anchors: own, lists: lists) == .certificateUntrusted)
        // Under an anchor that vouches for itself an authority is looked up like everybody.
        root.revoke(IssuedCertificate(chain: [], privateKey: [], serial: middle.ownSerial))
        let revoked = try middle.revocationList() + root.revocationList()
        #expect(try refusal(bob, anchors: root.certificate, lists: revoked) == .certificateRevoked)
    }

    private static func first(of chain: [UInt8]) -> [UInt8]? {
        let text = String(decoding: chain, as: UTF8.self)
        let end = "-----END CERTIFICATE-----\n"
        guard let range = text.range(of: end) else { return nil }
        return Array(text[..<range.upperBound].utf8)
    }

    @Test("too weak a key, or one of another curve, is not even read")
    func weak() throws {
        let authority = try Authority()
        for key in [Authority.Key.rsa1024, .p384] {
            let issued = try authority.issue("ada", key: key)
            #expect(throws: PrimitivesError.badKeyFile) { try Members.key(issued) }
            let good = try Members.key(authority.issue("ada"))
            #expect(throws: CertificateError.unfit) { try CertifiedKey(chain: issued.chain, key: good) }
        }
    }

    @Test("a certificate that is not for signatures does not vouch for an identity")
    func usage() throws {
        let authority = try Authority()
        let issued = try authority.issue("ada", usage: "keyEncipherment")
        #expect(Self.refusal(try Self.policy(authority), try Self.introduce(issued)) == .certificateUnfit)
    }

    @Test(
        "a certificate that the same authority made for another purpose does not vouch for a member",
        arguments: [
            ("codeSigning", false), ("emailProtection,timeStamping", false), ("clientAuth", true),
            ("serverAuth", true), ("anyExtendedKeyUsage", true), ("codeSigning,clientAuth", true),
        ])
    func purpose(_ purposes: String, isFit: Bool) throws {
        let authority = try Authority()
        let issued = try authority.issue(
            "ada",
            extensions: "basicConstraints=CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=\(purposes)\n")
        let refusal = Self.refusal(try Self.policy(authority), try Self.introduce(issued))
        #expect(refusal == (isFit ? nil : .certificateUnfit))
    }

    // MARK: - Attacks on what is vouched for

    @Test("a certificate with the private key of another one cannot be used")
    func otherKey() throws {
        let authority = try Authority()
        let ada = try authority.issue("ada")
        let key = try Members.key(authority.issue("bob"))
        #expect(throws: CertificateError.unfit) { try CertifiedKey(chain: ada.chain, key: key) }
    }

    /// "Authentication tokens are static: whoever observes one join can join."
    @Test("recorded evidence fits no other identity, cluster or start")
    func recorded() throws {
        let authority = try Authority()
        let policy = try Self.policy(authority)
        let identity = try Members.identity("ada")
        let recorded = try Self.introduce(authority.issue("ada"))
        #expect(Self.refusal(policy, try Members.changed(recorded, signedBy: identity)) == nil)
        let stolen = try Members.changed(recorded, signedBy: Members.identity("eve"))
        #expect(stolen.isAuthentic(cluster: Members.cluster))
        #expect(Self.refusal(policy, stolen) == .certificateUnfit)
        #expect(
            Self.refusal(policy, try Members.changed(recorded, cluster: [65], signedBy: identity)) == .certificateUnfit)
        let again = try Members.changed(recorded, incarnation: recorded.incarnation ^ 2, signedBy: identity)
        #expect(Self.refusal(policy, again) == .certificateUnfit)
        #expect(
            Self.refusal(policy, try Members.changed(recorded, evidence: [], signedBy: identity))
                == .certificateUntrusted)
    }

    @Test("another member's evidence before one's own key is no use")
    func otherChain() throws {
        let authority = try Authority()
        let ada = try Self.introduce(authority.issue("ada"))
        let twin = try Self.introduce(Authority().issue("eve"), as: "eve")
        let chain = try CertificateEvidence(reading: ada.evidence).chain
        let signature = try CertificateEvidence(reading: twin.evidence).signature
        let mixed = try Members.changed(
            twin, evidence: CertificateEvidence(chain: chain, signature: signature).bytes,
            signedBy: Members.identity("eve"))
        #expect(Self.refusal(try Self.policy(authority), mixed) == .certificateUnfit)
    }

    // MARK: - Names

    private static func name(_ rule: (TextPattern) -> CertificateRules.Name, _ text: String) throws
        -> CertificateRules.Name
    {
        rule(try TextPattern(Array(text.utf8)))
    }

    @Test("a certificate for another name admits nobody")
    func names() throws {
        let authority = try Authority()
        let introduction = try Self.introduce(
            authority.issue("ada", alternativeNames: "DNS:Ada.orders.example,URI:spiffe://orders/member/ada"))
        for (rule, fits) in [
            (try Self.name(CertificateRules.Name.dns, "ada.orders.example"), true),
            (try Self.name(CertificateRules.Name.dns, "*.orders.EXAMPLE"), true),
            (try Self.name(CertificateRules.Name.dns, "*.example"), false),
            (try Self.name(CertificateRules.Name.dns, "bob.orders.example"), false),
            (try Self.name(CertificateRules.Name.dns, "ada.orders.example."), false),
            (try Self.name(CertificateRules.Name.uri, "spiffe://orders/member/*"), true),
            (try Self.name(CertificateRules.Name.uri, "spiffe://orders/*"), false),
            (try Self.name(CertificateRules.Name.uri, "spiffe://other/member/ada"), false),
            (try Self.name(CertificateRules.Name.commonName, "ada"), true),
            (try Self.name(CertificateRules.Name.commonName, "ad"), false),
            (.memberName, true), (.anyName, true),
        ] {
            let expected = fits ? nil : AdmissionRefusal.certificateWrongName
            #expect(Self.refusal(try Self.policy(authority, names: [rule]), introduction) == expected, "\(rule)")
        }
        let either = try [Self.name(CertificateRules.Name.commonName, "bob"), .memberName]
        #expect(Self.refusal(try Self.policy(authority, names: either), introduction) == nil)
    }

    @Test("a member cannot take a name that its certificate is not for")
    func takenName() throws {
        let authority = try Authority()
        let introduction = try Self.introduce(authority.issue("eve"), as: "ada")
        #expect(Self.refusal(try Self.policy(authority, names: [.memberName]), introduction) == .certificateWrongName)
        #expect(Self.refusal(try Self.policy(authority), introduction) == nil)
    }

    @Test("a certificate for many hosts names no member")
    func wildcard() throws {
        let authority = try Authority()
        let introduction = try Self.introduce(authority.issue("x", alternativeNames: "DNS:*.orders.example"))
        for text in ["*.orders.example", "ada.orders.example", "\\*.orders.example"] {
            let policy = try Self.policy(authority, names: [Self.name(CertificateRules.Name.dns, text)])
            #expect(Self.refusal(policy, introduction) == .certificateWrongName)
        }
    }

    @Test("rules that ask for no name, stores without an anchor, and what cannot be read are refused when made")
    func badRules() throws {
        let authority = try Authority()
        let store = try CertificateStore(anchors: authority.certificate)
        #expect(throws: EncryptError.badArgument) { try CertificateRules(store: store, names: []) }
        #expect(throws: CertificateError.unfit) { try CertificateStore(anchors: []) }
        #expect(throws: CertificateError.unfit) { try CertificateStore(anchors: Array("nothing".utf8)) }
        let cut = Array(authority.certificate.dropLast(40))
        #expect(throws: CertificateError.unfit) { try CertificateStore(anchors: authority.certificate + cut) }
        #expect(throws: CertificateError.unfit) {
            try CertificateStore(anchors: authority.certificate, revocationLists: Array("none".utf8))
        }
        #expect(throws: CertificateError.unfit) { try CertificateStore(anchors: authority.certificate, depth: 9) }
    }

    // MARK: - Garbage

    @Test("altered certificates and evidence are refused, whatever is altered, and nothing traps")
    func garbage() throws {
        let authority = try Authority()
        let policy = try Self.policy(authority)
        let identity = try Members.identity("ada")
        let introduction = try Self.introduce(authority.issue("ada", alternativeNames: "DNS:a.example,URI:x:y"))
        var random = try Entropy.seeded(77).publicBytes(8_000)[...]
        func number(_ bound: Int) -> Int { (Int(random.popFirst() ?? 0) << 8 | Int(random.popFirst() ?? 0)) % bound }
        for round in 0..<600 {
            var evidence = introduction.evidence
            switch round % 3 {
            case 0: evidence[number(evidence.count)] ^= UInt8(1 << number(8))
            case 1: evidence = Array(evidence.prefix(1 + number(evidence.count - 1)))
            default: for _ in 0..<8 { evidence[number(evidence.count)] = UInt8(number(256)) }
            }
            guard evidence != introduction.evidence else { continue }
            let altered = try Members.changed(introduction, evidence: evidence, signedBy: identity)
            #expect(Self.refusal(policy, altered) != nil, "round \(round)")
        }
    }
}
