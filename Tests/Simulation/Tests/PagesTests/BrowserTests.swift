import Foundation
import Pages
import Testing
import Traces

/// The pages in a real browser, where there is one: scripts/test installs none, so that these are skipped, and said to
/// be, where `chromium` is not in the path. With CONCLAVE_PAGES_DIRECTORY the pages are kept there, to be looked at.
@Suite(.enabled(if: Browser.path != nil, "no chromium in the path: what the pages show is not checked"), .serialized)
struct BrowserTests {
    @Test func eachMemberHasALineAndEachMessageItsArrows() throws {
        var run = SampleRun(members: 5, length: 200).trace
        run.title = "five members"
        let shown = try Browser.shown(Page.html(run, violations: []), name: "five")
        #expect(count(of: "<rect class=\"lane\"", in: shown) == 5)
        #expect(count(of: "<g class=\"arrow ", in: shown) == Self.arrows(run))
        #expect(
            count(of: "<g class=\"band\"", in: shown)
                == run.events.count { if case .view = $0.kind { true } else { false } })
        #expect(shown.contains("<title>five members</title>"))
        #expect(count(of: "class=\"alarm\"", in: shown) == 0)
    }

    @Test func aViolationStandsAtItsEventAndAtTheTop() throws {
        let run = SampleRun(members: 3, length: 60).trace
        let violations = [
            Violation(
                property: "5 Self Delivery (§3.1)", sentence: "bert was never delivered <b>his</b> message", event: 30),
            Violation(property: "liveness", sentence: "no view in the end"),
        ]
        let shown = try Browser.shown(Page.html(run, violations: violations), name: "violation")
        #expect(count(of: "class=\"alarm\"", in: shown) == 1)
        #expect(shown.contains("bert was never delivered &lt;b&gt;his&lt;/b&gt; message"))
        #expect(shown.contains("no view in the end"))
    }

    /// What is not in the window is not drawn, however much there is.
    @Test func aLongRunIsDrawnInPart() throws {
        let run = SampleRun(members: 12, length: 5000).trace
        let shown = try Browser.shown(Page.html(run, violations: []), name: "twelve", width: 1600)
        #expect(count(of: "<rect class=\"lane\"", in: shown) == 12)
        let marks = count(of: "<g class=\"mark ", in: shown)
        #expect((50...1500).contains(marks), "\(marks) marks")
    }

    /// What people do on the page, done by a script behind the page's own.
    @Test func aHandOnThePage() throws {
        let run = SampleRun(members: 5, length: 200).trace
        let hand = """
            <script>
            const told = [];
            const tell = (what) => told.push(what);
            const press = (key, shiftKey = false) => document.body.dispatchEvent(
              new KeyboardEvent("keydown", { key, shiftKey, bubbles: true }));
            const lit = () => document.querySelectorAll("#drawing .arrow.lit").length;
            const arrow = document.querySelector("#drawing .sort-partial .reach");
            arrow.dispatchEvent(new MouseEvent("mousemove", { bubbles: true, clientX: 300, clientY: 300 }));
            tell("tip: " + !document.getElementById("tip").hidden);
            tell("hovered: " + lit());
            arrow.dispatchEvent(new MouseEvent("click", { bubbles: true }));
            tell("listed: " + document.querySelector("#details h2").textContent);
            const before = document.querySelector("#details h2").textContent;
            press("ArrowRight");
            tell("stepped: " + (document.querySelector("#details h2").textContent !== before));
            press("Escape");
            tell("nothing: " + (document.querySelector("#details h2") === null));
            const search = document.getElementById("search");
            search.value = "key list";
            search.dispatchEvent(new Event("input", { bubbles: true }));
            tell("search: " + document.getElementById("found").textContent);
            const box = document.querySelector("[data-floor=agreement]");
            box.checked = false;
            box.dispatchEvent(new Event("change", { bubbles: true }));
            requestAnimationFrame(() => {
              tell("tokens: " + document.querySelectorAll("#drawing .sort-partial").length);
              document.title = told.join("; ");
            });
            </script>
            </body>
            """
        let page = Page.html(run, violations: []).replacing("</body>", with: hand)
        let shown = try Browser.shown(page, name: "hand")
        let told = try #require(shown.firstRange(of: /<title>(.*?)<\/title>/)).lowerBound
        let title = shown[told...].prefix { $0 != "\n" }
        for part in [
            "tip: true", "hovered: 1", "listed: bert is delivered partial token", "stepped: true", "nothing: true",
            "tokens: 0",
        ] {
            #expect(title.contains(part), "\(title)")
        }
        let found = run.events.count { event in
            switch event.kind {
            case .vsSent(let message), .vsDelivered(let message): message.what == "key list"
            default: false
            }
        }
        // "Key_List", the machine's event, is no "key list".
        #expect(title.contains("search: \(found) found"), "\(title)")
    }

    /// From each sending to each receiving at another member: tokens, messages of the application, hellos.
    private static func arrows(_ run: Trace) -> Int {
        var count = 0
        for event in run.events where event.member >= 0 {
            let receiver = run.members[event.member].id
            switch event.kind {
            case .arrived, .swallowed: count += 1
            case .vsDelivered(let message), .delivered(let message): count += message.sender == receiver ? 0 : 1
            default: break
            }
        }
        return count
    }

    /// In the diagram alone: the page's script and legend name the same parts.
    private func count(of part: String, in page: String) -> Int {
        guard let begin = page.range(of: "<g id=\"drawing\">"),
            let end = page.range(of: "</svg>", range: begin.upperBound..<page.endIndex)
        else { return -1 }
        return page[begin.upperBound..<end.lowerBound].components(separatedBy: part).count - 1
    }
}

private enum Browser {
    static let path = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        .map { $0 + "/chromium" }.first { FileManager.default.isExecutableFile(atPath: $0) }

    /// The document after the page's script has run.
    static func shown(_ page: String, name: String, width: Int = 16_000) throws -> String {
        let manager = FileManager.default
        let room = manager.temporaryDirectory.appendingPathComponent("conclave-pages-\(UUID().uuidString)")
        try manager.createDirectory(at: room, withIntermediateDirectories: true)
        defer { try? manager.removeItem(at: room) }
        var file = room.appendingPathComponent("\(name).html")
        if let kept = ProcessInfo.processInfo.environment["CONCLAVE_PAGES_DIRECTORY"] {
            file = URL(fileURLWithPath: kept).appendingPathComponent("\(name).html")
        }
        try page.write(to: file, atomically: true, encoding: .utf8)
        let output = room.appendingPathComponent("shown.html")
        _ = manager.createFile(atPath: output.path, contents: nil)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/timeout")
        process.arguments = [
            "60", try #require(path), "--headless", "--no-sandbox", "--disable-gpu",
            "--user-data-dir=\(room.path)/profile",
            "--window-size=\(width),1400", "--virtual-time-budget=3000", "--dump-dom", file.absoluteString,
        ]
        let handle = try FileHandle(forWritingTo: output)
        process.standardOutput = handle
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        return try String(contentsOf: output, encoding: .utf8)
    }
}
