import CConclave
import Glibc

/// Keeps the numbers of a membership in a file, as Prometheus' text: for `conclave status`, and for the textfile
/// collector of the node exporter. It is replaced as a whole, and gone when the membership has ended in order.
final class StatusFile {
    private static let interval = Duration.seconds(1)
    private let path: String
    private var last: ContinuousClock.Instant?

    init(path: String) { self.path = path }

    deinit { unlink(path) }

    /// Writes when the last time is long enough ago, or something has changed that a reader would miss.
    func update(_ group: Group, hasChanged: Bool) throws(Failure) {
        if !hasChanged, let last, ContinuousClock.now - last < Self.interval { return }
        last = .now
        let awaited = try group.waitingFor().map { printable($0.name) }
        var text = try group.metricsText()
        if !awaited.isEmpty { text += "# waiting for: \(awaited.joined(separator: ", "))\n" }
        let temporary = "\(path).\(getpid())"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        if descriptor < 0 { throw Failure.system(temporary) }
        try File(descriptor: descriptor, path: temporary).write(Array(text.utf8)[...])
        if rename(temporary, path) != 0 { throw Failure.system(path) }
    }
}
