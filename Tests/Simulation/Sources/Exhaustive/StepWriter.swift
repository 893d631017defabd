import Flush
import Observation
import Traces

@testable import SecureGroup

/// Writes down what a machine made of an event: for the trace, for the network, and for whoever looks for what must not
/// happen.
struct StepWriter {
    let automaton: Automaton
    let catalogue: Catalogue
    let state: Automaton.State
    private(set) var history: [EventKind] = []
    private var event = RobustEvent.garbage
    private var outcome = RobustOutcome.accepted
    private var sends: [Int] = []
    private var acknowledges = false
    private var record: [EventKind] = []
    private var problems: [String] = []

    init(automaton: Automaton, catalogue: Catalogue, state: Automaton.State) {
        self.automaton = automaton
        self.catalogue = catalogue
        self.state = state
    }

    func step(to target: Int) -> LocalStep {
        LocalStep(
            target: target, event: event, outcome: outcome, sends: sends, acknowledges: acknowledges, record: record,
            problems: problems)
    }

    mutating func write(_ local: LocalEvent, refusedWith error: SecureGroupError) {
        introduce(local)
        problems.append("\(event.rawValue) is refused in \(state.phase): \(error)")
        outcome = .refused
        record.append(.robust(event, before: state.phase, after: state.phase, .refused, why: "\(error)"))
    }

    mutating func write(_ local: LocalEvent, _ actions: [SecureGroupAction], _ text: [UInt8], _ after: Phase) {
        introduce(local)
        let why = judge(actions)
        record.append(.robust(event, before: state.phase, after: after, outcome, why: why))
        var carries: UInt64? = nil
        if case .answer = local { seen(.flushOk) }
        if case .send(let service) = local {
            carries = messageNumber(text, from: automaton.id)
            seen(
                .sent(
                    MessageRecord(
                        number: messageNumber(text, from: automaton.id), sender: automaton.id,
                        service: ServiceName(service), what: textName(text.count))))
        }
        for action in actions { carryOut(action, carries) }
    }

    /// What the application sees or does: part of the state.
    private mutating func seen(_ kind: EventKind) {
        record.append(kind)
        history.append(kind)
    }

    private mutating func introduce(_ local: LocalEvent) {
        switch local {
        case .flushRequest:
            event = .flushRequest
            record.append(.vsFlushRequest)
        case .signal:
            event = .transitionalSignal
            record.append(.vsSignal)
        case .view(let place, let together):
            event = .membership
            let view = catalogue.views[place]
            let set = view.members.map { $0.id }.filter { together & 1 << UInt8($0 - 101) != 0 }
            record.append(
                .vsView(
                    ViewRecord(
                        name: ViewName(view.id), members: view.members.map { $0.id }, transitionalSet: set)))
        case .message(let place):
            let message = catalogue.messages[place]
            event = message.event
            record.append(.vsDelivered(self.message(place)))
        case .answer: event = .secureFlushOk
        case .send: event = .userMessage
        }
    }

    private func message(_ place: Int) -> MessageRecord {
        let message = catalogue.messages[place]
        let sender = 101 + UInt64(message.sender)
        return MessageRecord(
            number: messageNumber(message.payload, from: sender), sender: sender,
            service: ServiceName(message.service), destination: message.destination.map { 101 + UInt64($0) },
            what: message.what, carries: message.carries)
    }

    private mutating func judge(_ actions: [SecureGroupAction]) -> String {
        for action in actions {
            switch action {
            case .refused(let error, _):
                problems.append("\(event.rawValue) is refused in \(state.phase): \(error)")
                outcome = .refused
                return "\(error)"
            case .leaveAndRejoin(let error), .failed(let error):
                problems.append("\(event.rawValue) in \(state.phase) ends the membership: \(error)")
                return "\(error)"
            case .ignored(let reason, _):
                outcome = .ignored
                return "\(reason)"
            case .send, .flushOk, .deliverFlushRequest, .deliverTransitionalSignal, .secureViewInstalled,
                .deliverView, .deliverMessage:
                continue
            }
        }
        return ""
    }

    private mutating func carryOut(_ action: SecureGroupAction, _ carries: UInt64?) {
        switch action {
        case .send(let payload, let service, let destination):
            let (event, what) = classify(payload)
            let place = catalogue.place(
                of: CatalogueMessage(
                    sender: automaton.number, service: service, destination: destination.map { Int($0) - 101 },
                    payload: payload, event: event, what: what, carries: carries))
            sends.append(place)
            record.append(.vsSent(message(place)))
        case .flushOk:
            if acknowledges { problems.append("acknowledges twice") }
            acknowledges = true
            record.append(.vsFlushOk)
        case .deliverFlushRequest: seen(.flushRequest)
        case .deliverTransitionalSignal: seen(.signal)
        case .secureViewInstalled: break
        case .deliverView(let view): seen(.view(ViewRecord(view)))
        case .deliverMessage(let sender, let service, let isPrivate, let payload):
            seen(
                .delivered(
                    MessageRecord(
                        number: messageNumber(payload, from: sender), sender: sender, service: ServiceName(service),
                        destination: isPrivate ? automaton.id : nil, what: textName(payload.count))))
        case .refused(let error, _): record.append(.problem("\(error)"))
        case .leaveAndRejoin(let error): record.append(.rejoining("\(error)"))
        case .ignored, .failed: break
        }
    }
}
