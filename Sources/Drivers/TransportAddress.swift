/// Where a transport is, from its URL.
public enum TransportAddress: Equatable, Sendable {
    /// The Unix socket of a local hub: 1 to 107 bytes without a zero byte.
    case local(path: [UInt8])
    /// The Corosync daemon of this machine.
    case corosync

    /// The longest path of a Unix socket, in bytes.
    public static let localPathLimit = 107

    /// Understands `local:PATH`, the path taken as it is, without escapes; and `corosync:`, which has nothing behind
    /// it: there is one daemon on a machine, and it is found by itself.
    public static func parse(_ url: [UInt8]) throws(TransportError) -> TransportAddress {
        if url == Array("corosync:".utf8) { return .corosync }
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
