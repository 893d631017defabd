import KeyAgreement
import SimulatedNetwork

/// The suites that a run can have.
enum Suites {
    /// Every name that --suite takes; the first is the one for speed.
    static let names = ["simulation", "modp2048-256", "ffdhe2048", "ffdhe3072"]

    static func suite(_ name: String) -> Suite? {
        switch name {
        case "simulation": .simulation
        case "modp2048-256": Suite(number: 0x1411)
        case "ffdhe2048": Suite(number: 0x1111)
        case "ffdhe3072": .standard
        default: nil
        }
    }
}
