/// How often each thing was refused, by cause. A sum of all is what was received and came to nothing.
public struct RefusalCounters: Equatable, Sendable {
    private var counts = [UInt64](repeating: 0, count: 20)

    public init() {}

    /// How often something was refused for a cause; the causes of `notAdmitted` and of `primitives` count as one.
    public subscript(error: EncryptError) -> UInt64 { counts[Self.place(of: error)] }

    /// All refusals.
    public var total: UInt64 { counts.reduce(0, &+) }

    mutating func count(_ error: EncryptError) { counts[Self.place(of: error)] &+= 1 }

    private static func place(of error: EncryptError) -> Int {
        switch error {
        case .malformed: 0
        case .unsupportedVersion: 1
        case .wrongCluster: 2
        case .unknownEpoch: 3
        case .unknownSender: 4
        case .wrongSender: 5
        case .wrongDestination: 6
        case .badSignature: 7
        case .badSeal: 8
        case .replayed: 9
        case .stale: 10
        case .notAwaited: 11
        case .notAdmitted: 12
        case .badArgument: 13
        case .tooLong: 14
        case .noKey: 15
        case .hasLeft: 16
        case .unknownKey: 17
        case .exhausted: 18
        case .primitives: 19
        }
    }
}
