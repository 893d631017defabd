import ArgumentParser
import CConclave
import Glibc

struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Show what members keep in their status files.",
        discussion: """
            `conclave join … --status FILE` keeps the numbers of a membership in a file, in Prometheus' text format. This \
            shows them for people: where the member stands, whom its group waits for, what it has done and what it has \
            refused. A file that nobody has written for ten seconds is called old: its member hangs, or was killed.
            """)

    @Argument(help: "Status files.", completion: .file())
    var files: [String]

    func run() throws {
        for (index, path) in files.enumerated() {
            if index > 0 { Console.say("") }
            try show(path)
        }
    }

    private func show(_ path: String) throws(Failure) {
        let file = try File(reading: path)
        let status = PrometheusText(String(decoding: try file.read(limit: 1 << 20), as: UTF8.self))
        guard let group = status.group, let member = status.member else {
            throw Failure(CONCLAVE_E_INVALID_ARGUMENT, "\(path): not a status file")
        }
        let age = try file.age()
        Console.say("\(printable(member)) in \(printable(group))" + (age > 10 ? ", \(age) seconds old" : ""))
        for line in status.lines { Console.say("  " + line) }
    }
}

/// The numbers of a status file.
private struct PrometheusText {
    private var values: [(name: Substring, labels: String, value: String)] = []
    private(set) var group: String?
    private(set) var member: String?
    private var awaited = ""

    init(_ text: String) {
        let waiting = "# waiting for: "
        for line in text.split(separator: "\n") {
            if line.hasPrefix(waiting) { awaited = String(line.dropFirst(waiting.count)) }
            guard !line.hasPrefix("#"), let open = line.firstIndex(of: "{"), let close = line.lastIndex(of: "}") else {
                continue
            }
            var labels: [String] = []
            for (name, value) in Self.labels(line[line.index(after: open)..<close]) {
                switch name {
                case "group": group = value
                case "member": member = value
                default: labels.append(value)
                }
            }
            let value = String(line[line.index(after: close)...].drop { $0 == " " })
            values.append((line[..<open], labels.joined(separator: " "), value))
        }
    }

    /// Pairs of `name="value"`, with what is escaped in the values.
    private static func labels(_ text: Substring) -> [(name: String, value: String)] {
        var pairs: [(name: String, value: String)] = []
        var rest = text
        while let equals = rest.firstIndex(of: "=") {
            let name = String(rest[..<equals].drop { $0 == "," })
            var value = ""
            var index = rest.index(equals, offsetBy: 2, limitedBy: rest.endIndex) ?? rest.endIndex
            while index < rest.endIndex, rest[index] != "\"" {
                if rest[index] == "\\" { index = rest.index(after: index) }
                guard index < rest.endIndex else { break }
                value.append(rest[index])
                index = rest.index(after: index)
            }
            pairs.append((name, value))
            rest = index < rest.endIndex ? rest[rest.index(after: index)...] : ""
        }
        return pairs
    }

    private func value(_ name: String, _ labels: String = "") -> String {
        values.first { $0.name == name && $0.labels == labels }?.value ?? "0"
    }

    private func size(_ name: String, _ labels: String = "") -> String { readable(UInt64(value(name, labels)) ?? 0) }

    var lines: [String] {
        var lines = [
            value("conclave_members") == "0"
                ? "no secure view yet"
                : "view \(value("conclave_view_counter")) with \(value("conclave_members")) members"
        ]
        if !awaited.isEmpty { lines.append("waiting for \(awaited)") }
        lines.append(
            "\(value("conclave_secure_views_total")) secure views, the last after \(value("conclave_flush_seconds_last")) s"
                + " of flush and \(value("conclave_agreement_seconds_last")) s of agreement")
        lines.append(
            "\(value("conclave_cascades_total")) cascades, \(value("conclave_agreement_restarts_total")) restarts,"
                + " \(value("conclave_rejoins_total")) rejoins, \(value("conclave_exponentiations_total")) exponentiations"
        )
        for direction in ["sent", "received"] {
            lines.append(
                "\(direction) \(value("conclave_messages_total", direction)) messages of"
                    + " \(size("conclave_message_bytes_total", direction)), on the transport"
                    + " \(size("conclave_transport_bytes_total", direction))")
        }
        lines.append(
            "queues: \(size("conclave_send_queue_bytes")) to send, \(value("conclave_event_queue_events")) events to fetch"
        )
        let refusals = values.filter { $0.name == "conclave_refusals_total" }
        if !refusals.isEmpty {
            lines.append("refused or amiss: " + refusals.map { "\($0.labels) \($0.value)" }.joined(separator: ", "))
        }
        return lines
    }
}
