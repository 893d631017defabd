import KeyOracle
import Traces

// What the oracle of keys sees of a run.
extension Simulation {
    /// Shows the oracle what a member holds and sends, besides what its recorder writes down.
    func witness(_ node: Node) { keys.attach(to: &node.engine) }

    /// What does not hold of the keys of this run: a sentence of the oracle begins with its claim, such as "(d)".
    public func keyViolations() -> [Violation] {
        keys.violations().map { Violation(property: "keys \($0.prefix(3)) (§2)", sentence: $0) }
    }
}
