import Foundation
import Traces

/// A picture of a run: one HTML page that needs nothing besides itself. It carries the trace as JSON lines and a script
/// that draws it as a space-time diagram: a line for each name, time to the right, messages as arrows, the robust
/// machine's states as segments of the line, views and keys as bands, partitions as hatching, violations in red.
///
/// The script, the style and the frame are files of their own in Resources, which the build puts into this module.
public enum Page {
    /// The page of a trace, with what the oracles found amiss in it.
    public static func html(_ trace: Trace, violations: [Violation]) -> String {
        let parts = [
            "style": text(PackageResources.page_css),
            "legend": text(PackageResources.legend_html),
            "trace": harmless(trace.jsonLines),
            "violations": harmless(json(violations)),
            "script": scripts.map(text).joined(separator: "\n"),
        ]
        return filled(text(PackageResources.page_html), with: parts)
    }

    /// In the order in which they need each other.
    private static var scripts: [[UInt8]] {
        [
            PackageResources.trace_js, PackageResources.words_js, PackageResources.layout_js, PackageResources.draw_js,
            PackageResources.page_js,
        ]
    }

    private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    private static func json(_ violations: [Violation]) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // Strings and integers: there is nothing in a violation that JSON cannot say.
        guard let data = try? encoder.encode(violations) else { preconditionFailure("a violation is no JSON") }
        return String(decoding: data, as: UTF8.self)
    }

    /// JSON in which nothing can end the element that holds it, or begin another: names and reasons are other people's
    /// words. Outside of strings JSON has no such sign, and in a string the escape means the same.
    private static func harmless(_ json: String) -> String {
        json.replacing("<", with: "\\u003c").replacing("\u{2028}", with: "\\u2028").replacing(
            "\u{2029}", with: "\\u2029")
    }

    /// Puts each part in place of its name between @@ and @@, in one pass: what a part says is never searched.
    private static func filled(_ frame: String, with parts: [String: String]) -> String {
        var page = ""
        for (index, piece) in frame.components(separatedBy: "@@").enumerated() {
            page += index.isMultiple(of: 2) ? piece : parts[piece, default: ""]
        }
        return page
    }
}
