import Flush
import KeyAgreement
import SecureGroup

/// How members are made.
public struct Settings: Sendable {
    public var suite: Suite
    /// What `--suite` calls it.
    public var suiteName: String
    public var algorithm: RobustAlgorithm
    public var flushLimits = FlushLimits(flushTimeout: 5_000, admissionTimeout: 10_000, repeatInterval: 1_000)
    public var secureLimits = SecureGroupLimits(agreementTimeout: 2_000, restartLimit: 3)
    /// What the trace has.
    public enum Recording: Sendable {
        /// Nothing, and no key is judged: only counts are wanted.
        case nothing
        /// What the oracles need: all but what the transport does.
        case machines
        /// What the pictures show besides.
        case everything
    }

    public var recording = Recording.everything

    public init(suite: Suite, suiteName: String, algorithm: RobustAlgorithm) {
        self.suite = suite
        self.suiteName = suiteName
        self.algorithm = algorithm
    }

    public var algorithmName: String { algorithm.name }

    /// Within so many microseconds after the last event every component has one secure view.
    public var bound: UInt64 {
        let agreement = secureLimits.agreementTimeout * (UInt64(secureLimits.restartLimit) + 1)
        return 3 * (flushLimits.flushTimeout + agreement) * 1_000
    }
}

extension RobustAlgorithm {
    /// What `--algorithm` and traces call it.
    public var name: String {
        switch self {
        case .optimized: "optimized"
        case .basic: "basic"
        }
    }
}
