internal import CPlatform

/// Memory that is asked for before it is taken: Swift ends the process when it gets none.
public enum Memory {
    /// Bytes from which on memory is asked for; what is smaller is simply taken.
    public static let largeSize = 65_536

    /// Whether so many bytes could be had just now.
    public static func hasRoom(for size: Int) -> Bool { size < largeSize || conclave_has_room(size) }
}
