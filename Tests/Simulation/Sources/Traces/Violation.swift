/// Something that must hold, and did not.
public struct Violation: Codable, Sendable, Equatable {
    /// Its number and name in the paper: "8 Virtual Synchrony (§3.1)", "A.6 (appendix A.1.7)".
    public var property: String
    /// Who did what, in a sentence.
    public var sentence: String
    /// The event in `Trace.events` at which it shows; nil when it is about something that never happened.
    public var event: Int?

    public init(property: String, sentence: String, event: Int? = nil) {
        self.property = property
        self.sentence = sentence
        self.event = event
    }
}
