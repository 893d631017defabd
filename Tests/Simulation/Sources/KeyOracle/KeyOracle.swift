import KeyAgreement
import Traces

/// Sees everybody's secrets and everything that is transmitted, and says what does not hold of the keys.
public final class KeyOracle {
    public init(suite: Suite, seed: UInt64 = 0) {}

    /// A token as anybody on the network can read it (the bytes of the SecureGroup payload as handed to Flush).
    public func transmitted(payload: [UInt8], by member: UInt64) {}

    /// A membership drew or replaced its share.
    public func held(member: UInt64, evidence: KeyEvidence) {}

    /// A member installed a secure view.
    public func installed(view: ViewName, member: UInt64, members: [UInt64], evidence: KeyEvidence) {}

    /// What does not hold, each as a sentence with the view and the members.
    public func violations() -> [String] { [] }
}
