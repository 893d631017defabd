import Primitives
import Testing

@Suite struct TextComparisonTests {
    @Test("texts are the same when their bytes are, not when they look the same")
    func bytes() {
        let composed = "Ren\u{e9}"
        let decomposed = "Rene\u{301}"
        #expect(composed == decomposed)
        #expect(!composed.isSame(as: decomposed) && !decomposed.isSame(as: composed))
        for text in ["", "anna", composed, decomposed, "a name that is longer than fifteen bytes"] {
            #expect(text.isSame(as: String(decoding: Array(text.utf8), as: UTF8.self)))
            #expect(!text.isSame(as: text + "x") && !(text + "x").isSame(as: text))
        }
        #expect(!"anna".isSame(as: "anne"))
    }
}
