import Foundation
import Pages
import Testing
import Traces

@Suite struct PageTests {
    private let run = SampleRun(members: 5, length: 200).trace

    @Test func thePageCarriesTheTrace() throws {
        let page = Page.html(run, violations: [])
        let read = try Trace(jsonLines: carried(by: page, in: "trace"))
        #expect(read.members == run.members)
        #expect(read.events == run.events)
        #expect(read.title == run.title && read.replay == run.replay && read.algorithm == run.algorithm)
        #expect(read.isComplete && read.hasOneClock)
    }

    @Test func thePageCarriesTheViolations() throws {
        let violations = [Violation(property: "8 Virtual Synchrony", sentence: "anna </script> & bert", event: 7)]
        let page = Page.html(run, violations: violations)
        let read = try JSONDecoder().decode([Violation].self, from: Data(carried(by: page, in: "judgement").utf8))
        #expect(read == violations)
    }

    @Test func nothingIsLoaded() {
        let page = Page.html(run, violations: [])
        for sign in ["http:", "https:", "src=", "href=", "url(http", "@import", "import("] {
            #expect(!page.contains(sign), "\(sign) in the page")
        }
    }

    /// Names come from others: none may end the element that carries the trace.
    @Test func aNameIsNoMarkup() throws {
        var hostile = run
        hostile.members[0].name = "</script><script>alert(1)</script><!-- @@script@@ \u{2028}"
        let page = Page.html(hostile, violations: [])
        #expect(try Trace(jsonLines: carried(by: page, in: "trace")).members[0].name == hostile.members[0].name)
        #expect(!page.contains("alert(1)</script>"))
    }

    private func carried(by page: String, in element: String) throws -> String {
        let begin = try #require(page.range(of: "id=\"\(element)\">"))
        let end = try #require(page.range(of: "</script>", range: begin.upperBound..<page.endIndex))
        return String(page[begin.upperBound..<end.lowerBound])
    }
}
