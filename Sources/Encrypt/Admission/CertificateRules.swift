public import Primitives

/// Which certificates admit a member: who vouches for them, and for which names.
public final class CertificateRules: Sendable {
    /// A name that a certificate may be for.
    public enum Name: Equatable, Sendable {
        /// A DNS name; `*` and `?` do not stand for dots, and upper and lower case are the same.
        case dns(TextPattern)
        /// A URI; `*` and `?` do not stand for slashes.
        case uri(TextPattern)
        /// The common name.
        case commonName(TextPattern)
        /// The name that the member introduces itself by, as DNS name, URI or common name: then no member takes
        /// another's name.
        case memberName
        /// Any: the authority vouches for members of this cluster and nothing else.
        case anyName
    }

    /// How many names there are at most.
    public static let nameLimit = 1_024

    /// Whom to believe.
    public let store: CertificateStore
    private let names: [Name]

    /// The certificate has to be for one of `names`. Throws `.badArgument` when there is none, or too many.
    public init(store: CertificateStore, names: [Name]) throws(EncryptError) {
        guard (1...Self.nameLimit).contains(names.count) else { throw .badArgument }
        self.store = store
        self.names = names
    }

    /// Checks the certificate of an introduction at a time, in seconds since 1970: that it can be read, is vouched for,
    /// for the right name, and that its key signed this very introduction.
    func check(_ introduction: Introduction, now: Int64) throws(AdmissionRefusal) {
        guard !introduction.evidence.isEmpty else { throw .certificateUntrusted }
        let (chain, signature) = try Self.read(introduction.evidence)
        try check(chain, memberName: introduction.name, now: now)
        guard chain.first?.isSignature(signature, over: introduction.certifiedBytes) == true else {
            throw .certificateUnfit
        }
    }

    /// Checks a chain that somebody proved to hold the key of; `memberName` is nil where nobody introduced itself.
    func check(_ chain: [Certificate], memberName: [UInt8]?, now: Int64) throws(AdmissionRefusal) {
        guard let first = chain.first, first.mayAuthenticate else { throw .certificateUnfit }
        do throws(CertificateError) { try store.verify(chain, now: now) } catch {
            switch error {
            case .expired: throw .certificateExpired
            case .revoked: throw .certificateRevoked
            case .unfit: throw .certificateUnfit
            case .untrusted, .failed: throw .certificateUntrusted
            }
        }
        guard names.contains(where: { Self.fits($0, first.names, memberName) }) else { throw .certificateWrongName }
    }

    private static func read(
        _ evidence: [UInt8]
    ) throws(AdmissionRefusal) -> (chain: [Certificate], signature: [UInt8]) {
        do throws(EncryptError) {
            let evidence = try CertificateEvidence(reading: evidence)
            var chain: [Certificate] = []
            for bytes in evidence.chain {
                do throws(CertificateError) { chain.append(try Certificate(reading: bytes)) } catch {
                    throw EncryptError.malformed
                }
            }
            return (chain, evidence.signature)
        } catch {
            throw .certificateUnfit
        }
    }

    private static func fits(_ rule: Name, _ names: [CertificateName], _ memberName: [UInt8]?) -> Bool {
        switch rule {
        case .anyName: true
        case .memberName: memberName.map { (own) in names.contains { isName($0, own) } } ?? false
        case .dns(let pattern):
            names.contains {
                $0.kind == .dns && !isWildcard($0) && pattern.lowercased.fits($0.value.map(lowercase), unless: dot)
            }
        case .uri(let pattern): names.contains { $0.kind == .uri && pattern.fits($0.value, unless: slash) }
        case .commonName(let pattern): names.contains { $0.kind == .commonName && pattern.fits($0.value) }
        }
    }

    private static func isName(_ name: CertificateName, _ own: [UInt8]) -> Bool {
        name.kind == .dns ? !isWildcard(name) && name.value.map(lowercase) == own.map(lowercase) : name.value == own
    }

    /// A certificate for many hosts says nothing about which member this is.
    private static func isWildcard(_ name: CertificateName) -> Bool { name.value.contains(UInt8(ascii: "*")) }

    private static let dot = UInt8(ascii: ".")
    private static let slash = UInt8(ascii: "/")
}

/// An ASCII letter in lower case, everything else as it is.
func lowercase(_ byte: UInt8) -> UInt8 {
    (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
}
