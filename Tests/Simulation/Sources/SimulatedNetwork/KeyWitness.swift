import Flush
import KeyOracle
import Observation
import Traces

@testable import KeyAgreement
@testable import SecureGroup

// What the oracle of keys sees of a run.
extension Simulation {
    /// Shows the oracle what a member holds and sends, besides what its recorder writes down.
    func witness(_ node: Node) {
        let (oracle, id, record) = (keys, node.id, node.engine.observe)
        node.engine.observe = { crossing, secure in
            switch crossing {
            case .answered: if let evidence = secure.context.evidence { oracle.held(member: id, evidence: evidence) }
            case .carriedOut(.send(let payload, _, _)): oracle.transmitted(payload: payload, by: id)
            case .carriedOut(.deliverView(let view)):
                if let evidence = secure.context.evidence {
                    oracle.installed(
                        view: ViewName(view.id), member: id, members: view.members.map { $0.id }, evidence: evidence)
                }
            case .carriedOut, .flushed, .userMessage, .secureFlushOk, .tick, .refusedByFlush: break
            }
            record?(crossing, secure)
        }
    }

    /// What does not hold of the keys of this run: a sentence of the oracle begins with its claim, such as "(d)".
    public func keyViolations() -> [Violation] {
        keys.violations().map { Violation(property: "keys \($0.prefix(3)) (§2)", sentence: $0) }
    }
}
