public import Primitives

/// Whom a member admits to the cluster. A value that never changes: a changed trust store, a renewed list or secret is
/// another policy, handed in for the old one.
///
/// A policy always asks for something: one of nothing cannot be made.
public struct AdmissionPolicy: Sendable {
    /// How deep policies may lie in each other.
    public static let depthLimit = 8
    /// How many policies `all` and `any` hold at most.
    public static let countLimit = 64

    private indirect enum Rule: Sendable {
        case acceptedKeys(TrustStore)
        case certificates(CertificateRules)
        case preSharedSecret(PreSharedSecret)
        case names(MembershipPattern)
        case all([AdmissionPolicy])
        case any([AdmissionPolicy])
    }

    private let rule: Rule
    private let depth: Int

    private init(_ rule: Rule, depth: Int = 1) {
        self.rule = rule
        self.depth = depth
    }

    /// The identity's public key is in a trust store; an empty one admits nobody.
    public static func acceptedKeys(_ store: TrustStore) -> AdmissionPolicy { AdmissionPolicy(.acceptedKeys(store)) }

    /// A certificate vouches for the member.
    public static func certificates(_ rules: CertificateRules) -> AdmissionPolicy {
        AdmissionPolicy(.certificates(rules))
    }

    /// The member holds the pre-shared secret.
    public static func preSharedSecret(_ secret: PreSharedSecret) -> AdmissionPolicy {
        AdmissionPolicy(.preSharedSecret(secret))
    }

    /// Name and address fit. This proves nothing by itself: see `MembershipPattern`.
    public static func names(_ pattern: MembershipPattern) -> AdmissionPolicy { AdmissionPolicy(.names(pattern)) }

    /// All of several policies admit the member. Throws `.badArgument` for none, too many, or too deep a nesting.
    public static func all(_ policies: [AdmissionPolicy]) throws(EncryptError) -> AdmissionPolicy {
        AdmissionPolicy(.all(policies), depth: try depth(of: policies))
    }

    /// One of several policies admits the member. Throws `.badArgument` for none, too many, or too deep a nesting.
    public static func any(_ policies: [AdmissionPolicy]) throws(EncryptError) -> AdmissionPolicy {
        AdmissionPolicy(.any(policies), depth: try depth(of: policies))
    }

    private static func depth(of policies: [AdmissionPolicy]) throws(EncryptError) -> Int {
        let depth = 1 + (policies.map { $0.depth }.max() ?? 0)
        guard (1...countLimit).contains(policies.count), depth <= depthLimit else { throw .badArgument }
        return depth
    }
}

// MARK: - Checking

extension AdmissionPolicy {
    /// Whether an introduction, whose authenticity was checked before, is of a member that is admitted to a cluster
    /// now, in seconds of the wall clock since 1970. Throws why not.
    ///
    /// The answer depends on the introduction and on time alone, so that it can be kept by the digest for a while.
    public func check(
        _ introduction: Introduction, cluster: [UInt8], now: Int64
    ) throws(AdmissionRefusal) {
        try check(introduction, cluster: cluster, now: now, proof: nil)
    }

    /// The same, and where a pre-shared secret is asked for the live proof has to be right as well.
    func check(
        _ introduction: Introduction, cluster: [UInt8], now: Int64, proof: LiveProof?
    ) throws(AdmissionRefusal) {
        guard introduction.cluster == cluster else { throw .other }
        switch rule {
        case .acceptedKeys(let store):
            guard store.contains(introduction.publicKey) else { throw .unknownKey }
        case .certificates(let rules):
            try rules.check(introduction, now: now)
        case .preSharedSecret(let secret):
            guard secret.verify(introduction.preSharedTag, .introduction, introduction.taggedParts),
                proof.map({ secret.verify($0.tag, $0.purpose, $0.parts) }) ?? true
            else { throw .wrongSecret }
        case .names(let pattern):
            guard pattern.fits(name: introduction.name, address: introduction.address) else {
                throw .patternMismatch
            }
        case .all(let policies):
            for policy in policies { try policy.check(introduction, cluster: cluster, now: now, proof: proof) }
        case .any(let policies):
            var first: AdmissionRefusal? = nil
            for policy in policies {
                do throws(AdmissionRefusal) {
                    try policy.check(introduction, cluster: cluster, now: now, proof: proof)
                    return
                } catch {
                    first = first ?? error
                }
            }
            throw first ?? .other
        }
    }
}

/// A proof of a pre-shared secret made for this moment.
struct LiveProof {
    let tag: [UInt8]
    let purpose: PreSharedSecret.Purpose
    let parts: [[UInt8]]
}
