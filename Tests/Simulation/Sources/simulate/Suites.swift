import KeyAgreement
import SimulatedNetwork

/// The suites that a run can have.
enum Suites {
    /// Every name that --suite takes; the first is the one for speed.
    static let names = ["simulation", "modp2048-256", "ffdhe2048", "ffdhe3072"]

    static func suite(_ name: String, _ agreement: AgreementProtocol = .gdh) -> Suite? {
        let first = UInt16(agreement.rawValue) << 12
        return switch name {
        case "simulation": Suite(simulating: agreement)
        case "modp2048-256": Suite(number: first | 0x411)
        case "ffdhe2048": Suite(number: first | 0x111)
        case "ffdhe3072": Suite(number: first | 0x211)
        default: nil
        }
    }

    /// Every name that --agreement takes.
    static let agreements = AgreementProtocol.allCases.map { $0.name.description.lowercased() }

    static func agreement(_ name: String) -> AgreementProtocol? {
        AgreementProtocol.allCases.first { $0.name.description.lowercased() == name }
    }
}
