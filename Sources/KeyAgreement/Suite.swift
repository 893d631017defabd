public import Arithmetic
public import Primitives

/// How a suite's members sign. The numbers 2 and 3 are kept for ECDSA P-256 and RSA-PSS 3072.
public enum SignatureAlgorithm: UInt8, Sendable, Equatable {
    /// Ed25519 (RFC 8032).
    case ed25519 = 1
    #if SIMULATION
        /// Keyed-hash tags that anybody can make, for the simulator alone.
        case simulated = 15
    #endif
}

/// Everything that two members must have in common. Its number travels on the wire: four bits each, from the top, for
/// agreement, group of numbers, signature, and cipher with hash (SHA-256 with both).
public struct Suite: Equatable, Sendable {
    /// The key agreement.
    public let agreement: AgreementProtocol
    /// The group of numbers that it computes in.
    public let group: NumberGroup
    /// The signature on its tokens.
    public let signature: SignatureAlgorithm
    /// The cipher of application messages.
    public let cipher: CipherAlgorithm

    /// GDH, P-256, Ed25519, AES-256-GCM with SHA-256: 0x1511.
    public static let standard = Suite(.gdh, .p256, .ed25519, .aes256GCM)

    private init(
        _ agreement: AgreementProtocol, _ group: NumberGroup, _ signature: SignatureAlgorithm, _ cipher: CipherAlgorithm
    ) {
        self.agreement = agreement
        self.group = group
        self.signature = signature
        self.cipher = cipher
    }

    /// The suite of a number; nil for one that this build does not have. Groups that protect nothing have no suite.
    public init?(number: UInt16) {
        func digit(_ position: UInt16) -> UInt8 { UInt8(truncatingIfNeeded: number >> (4 * position) & 15) }
        guard let agreement = AgreementProtocol(rawValue: digit(3)), let group = NumberGroup(rawValue: digit(2)),
            let signature = SignatureAlgorithm(rawValue: digit(1)), let cipher = CipherAlgorithm(rawValue: digit(0)),
            !group.isForBenchmarks
        else { return nil }
        self.init(agreement, group, signature, cipher)
    }

    /// The one door to the paper's group sizes: for benchmarks and tests, never for a group that should keep a secret.
    public init(forBenchmarksIn group: NumberGroup, _ agreement: AgreementProtocol = .gdh) {
        self.init(agreement, group, .ed25519, .aes256GCM)
    }

    #if SIMULATION
        /// What the simulator computes in when it should be fast. It protects nothing; only a build for the simulator
        /// knows its number, 0x1df1.
        public static let simulation = Suite(simulating: .gdh)

        /// The same with another agreement: 0x2df1 and so on.
        public init(simulating agreement: AgreementProtocol) {
            self.init(agreement, .simulation64, .simulated, .aes256GCM)
        }
    #endif

    /// The number that travels on the wire.
    public var number: UInt16 {
        UInt16(agreement.rawValue) << 12 | UInt16(group.rawValue) << 8 | UInt16(signature.rawValue) << 4
            | UInt16(cipher.rawValue)
    }
}
