/// Where a transport is, from its URL.
public enum TransportAddress: Equatable, Sendable {
    /// The Unix socket of a local hub: 1 to 107 bytes without a zero byte.
    case local(path: [UInt8])

    /// The longest path of a Unix socket, in bytes.
    public static let localPathLimit = 107

    /// Understands `local:PATH`. The path is taken as it is, without escapes.
    public static func parse(_ url: [UInt8]) throws(TransportError) -> TransportAddress {
        let scheme = Array("local:".utf8)
        guard url.starts(with: scheme) else { throw .badAddress }
        let path = Array(url.dropFirst(scheme.count))
        guard isUsable(localPath: path) else { throw .badAddress }
        return .local(path: path)
    }

    /// Whether a path can name a Unix socket at all.
    static func isUsable(localPath path: [UInt8]) -> Bool {
        (1...localPathLimit).contains(path.count) && !path.contains(0)
    }
}
