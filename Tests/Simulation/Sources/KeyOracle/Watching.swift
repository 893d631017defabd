import Flush
import Traces

@testable import KeyAgreement
@testable import SecureGroup

extension KeyOracle {
    /// Watches an engine from its beginning to its end, next to whoever watches it already: nothing else has to be said
    /// to the oracle about this membership.
    public func attach(to engine: inout GroupEngine) {
        let others = engine.observe
        engine.observe = { [self] crossing, secure in
            others?(crossing, secure)
            if case .answered(let actions) = crossing { note(actions, secure) }
        }
    }

    /// The robust machine has taken an event.
    private func note(_ actions: [SecureGroupAction], _ secure: borrowing SecureGroup) {
        if case .agreeing = secure.state, let evidence = secure.context.evidence {
            held(member: secure.id, evidence: evidence)
        }
        for action in actions {
            switch action {
            case .send(let payload, _, _): transmitted(payload: payload, by: secure.id)
            case .secureViewInstalled(let view, let members):
                guard let evidence = secure.context.evidence else { continue }
                let hash = view.hash.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
                installed(
                    view: ViewName(counter: view.counter, hash: hash), member: secure.id, members: members,
                    evidence: evidence)
            case .flushOk, .deliverFlushRequest, .deliverTransitionalSignal, .deliverView, .deliverMessage, .refused,
                .ignored, .leaveAndRejoin, .failed:
                break
            }
        }
    }
}
