import Traces

/// Collects what a check finds.
struct Report {
    let property: String
    private(set) var violations: [Violation] = []

    /// A broken run breaks a property at many places: so many tell what is wrong.
    private static let limit = 8

    init(property: String) {
        self.property = property
    }

    /// Reports a violation; the sentence is only made while there is room for it.
    mutating func add(_ event: Int?, _ sentence: @autoclosure () -> String) {
        guard violations.count < Self.limit else { return }
        violations.append(Violation(property: property, sentence: sentence(), event: event))
    }
}
