import Foundation

/// A trace as text, one JSON object a line: the format in which a run is kept, in which the pages carry it, and in
/// which real members record (`conclave join --record`). Lines of these three shapes, empty ones passed over:
///
///     {"trace":{"title":"seed 17 of cascades","replay":"scripts/simulate --seed 17","algorithm":"optimized",
///         "hasOneClock":true,"isComplete":true,"members":[],"events":[]}}                       (in one line)
///     {"membership":{"id":1234,"name":"anna","isStranger":false,"isWhole":true}}
///     {"event":{"time":1500,"member":0,"kind":{"crashed":{}}}}
///
/// The first line is the head: a `Trace` whose members and events follow in lines of their own. Memberships are
/// numbered from 0 in the order of their lines; a membership's line stands before the first event that names it. Times
/// are microseconds. A case of `EventKind` is an object with one member, the name of the case; its parts have their
/// labels, and those that have none the name of their place: _0, _1, …. Numbers have up to 64 bits, so that a reader
/// must not take them for floating point.
extension Trace {
    /// The whole trace, each line ended by a line feed. The keys stand in alphabetical order, so that equal traces give
    /// equal text.
    public var jsonLines: String {
        var head = self
        head.members = []
        head.events = []
        var lines = [JSONLine(trace: head)]
        lines += members.map { JSONLine(membership: $0) }
        lines += events.map { JSONLine(event: $0) }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        var text = ""
        for line in lines {
            // Strings, booleans and integers: there is nothing in a line that JSON cannot say.
            guard let data = try? encoder.encode(line) else { preconditionFailure("a line is no JSON") }
            text += String(decoding: data, as: UTF8.self) + "\n"
        }
        return text
    }

    /// Reads what `jsonLines` and recording members write. A last line that was cut short, because its writer was
    /// killed, is passed over if `toleratesCutEnd`.
    public init(jsonLines text: String, toleratesCutEnd: Bool = false) throws(JSONLinesError) {
        self.init(title: "")
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() where !line.allSatisfy(\.isWhitespace) {
            do throws(JSONLinesError) {
                try take(JSONLine.read(line, number: index + 1), number: index + 1)
            } catch {
                guard toleratesCutEnd, index == lines.count - 1, index > 0 else { throw error }
            }
        }
    }

    private mutating func take(_ line: JSONLine, number: Int) throws(JSONLinesError) {
        if let head = line.trace {
            guard members.isEmpty, events.isEmpty else {
                throw JSONLinesError(line: number, reason: "a second head")
            }
            self = head
        }
        if let membership = line.membership { members.append(membership) }
        if let event = line.event {
            guard (-1..<members.count).contains(event.member) else {
                throw JSONLinesError(line: number, reason: "an event of a membership that has no line before it")
            }
            events.append(event)
        }
    }
}

/// Why a text is no trace.
public struct JSONLinesError: Error, CustomStringConvertible {
    /// Counted from 1.
    public let line: Int
    public let reason: String

    public var description: String { "line \(line): \(reason)" }
}

/// One line; exactly one of the three is there.
private struct JSONLine: Codable {
    var trace: Trace?
    var membership: Membership?
    var event: Event?

    static func read(_ text: Substring, number: Int) throws(JSONLinesError) -> JSONLine {
        let line: JSONLine
        do {
            line = try JSONDecoder().decode(JSONLine.self, from: Data(text.utf8))
        } catch {
            throw JSONLinesError(line: number, reason: "not a line of a trace: \(error)")
        }
        let count = (line.trace == nil ? 0 : 1) + (line.membership == nil ? 0 : 1) + (line.event == nil ? 0 : 1)
        guard count == 1 else {
            throw JSONLinesError(line: number, reason: "\(count) of trace, membership and event, not one")
        }
        return line
    }
}
