import Flush
import Traces

@testable import SecureGroup

/// Writes down what happens inside one engine: what crosses between Flush, robust machine and application, and every
/// event that the robust machine takes, with its state before and after.
public final class EngineRecorder {
    private let id: UInt64
    private let emit: (EventKind) -> Void
    /// An event that the secure group is taking, and the state it found.
    private var taking: (event: RobustEvent, before: Phase)? = nil
    private var sentRestarts: [UInt64: UInt64] = [:]
    private var deliveredRestarts: [UInt64: UInt64] = [:]
    private var userMessage: MessageRecord? = nil
    /// The application's message whose records are being sent, and how many of them are still to come.
    private var carried: (number: UInt64, records: Int)? = nil

    /// - Parameters:
    ///   - id: the member's incarnation.
    ///   - emit: gets every event, in order.
    public init(id: UInt64, emit: @escaping (EventKind) -> Void) {
        self.id = id
        self.emit = emit
    }

    /// Begins to record an engine.
    public func attach(to engine: inout GroupEngine) {
        engine.observe = { [self] crossing, secure in note(crossing, Phase(secure)) }
    }

    /// The engine threw instead of taking the application's call.
    public func refused(_ error: SecureGroupError) {
        guard let taking else { return }
        self.taking = nil
        userMessage = nil
        emit(.robust(taking.event, before: taking.before, after: taking.before, .refused, why: "\(error)"))
    }

    private func note(_ crossing: EngineCrossing, _ phase: Phase) {
        switch crossing {
        case .flushed(let action): flushed(action, phase)
        case .userMessage(let payload, let service, let destination):
            userMessage = MessageRecord(
                number: messageNumber(payload, from: id), sender: id, service: ServiceName(service),
                destination: destination, what: textName(payload.count))
            taking = (.userMessage, phase)
        case .secureFlushOk: taking = (.secureFlushOk, phase)
        case .tick: taking = (.tick, phase)
        case .answered(let actions): answered(actions, phase)
        case .carriedOut(let action): carriedOut(action)
        case .refusedByFlush(let error): emit(.problem("flush refused: \(error)"))
        }
    }

    private func flushed(_ action: FlushAction, _ phase: Phase) {
        switch action {
        case .requestFlush:
            emit(.vsFlushRequest)
            taking = (.flushRequest, phase)
        case .signal:
            emit(.vsSignal)
            taking = (.transitionalSignal, phase)
        case .install(let view):
            emit(.vsView(ViewRecord(view)))
            taking = (.membership, phase)
        case .deliver(let sender, let service, let isPrivate, let payload):
            let payload = [UInt8](payload)
            let (event, what) = classify(payload)
            emit(
                .vsDelivered(
                    MessageRecord(
                        number: number(payload, from: sender, event, counting: &deliveredRestarts), sender: sender,
                        service: ServiceName(service), destination: isPrivate ? id : nil, what: what)))
            taking = (event, phase)
        case .refuse(let error, _): emit(.problem("flush: \(error)"))
        case .reportNotAdmitted(let error): emit(.problem("not admitted: \(error)"))
        case .multicast, .unicast, .ignore, .rejoinExcluded, .endReplaced: break
        }
    }

    /// Two answers about a restart can be alike: they are counted. Flush keeps each sender's order, so that both ends
    /// count the same.
    private func number(
        _ payload: [UInt8], from sender: UInt64, _ event: RobustEvent, counting counts: inout [UInt64: UInt64]
    ) -> UInt64 {
        let number = messageNumber(payload, from: sender)
        guard event == .restart else { return number }
        let occurrence = counts[number, default: 0]
        counts[number] = occurrence + 1
        return occurrence == 0 ? number : messageNumber(payload, from: sender, occurrence: occurrence)
    }

    private func answered(_ actions: [SecureGroupAction], _ after: Phase) {
        guard let (event, before) = taking else { return }
        taking = nil
        // Time passes all the time: only what it brings is an event.
        if event == .tick, actions.isEmpty, before == after { return }
        let (outcome, why) = judge(actions)
        if event == .secureFlushOk { emit(.flushOk) }
        emit(.robust(event, before: before, after: after, outcome, why: why))
        guard let message = userMessage else { return }
        userMessage = nil
        carried = (message.number, actions.count)
        emit(.sent(message))
    }

    /// How the event was taken: by what was done first. A message that is delivered was accepted, although the report
    /// that others before it are missing comes first.
    private func judge(_ actions: [SecureGroupAction]) -> (RobustOutcome, String) {
        let isDelivered = actions.contains { if case .deliverMessage = $0 { true } else { false } }
        switch actions.first {
        case .refused(let error, _): return (isDelivered ? .accepted : .refused, "\(error)")
        case .ignored(let reason, _): return (.ignored, "\(reason)")
        case .leaveAndRejoin(let error), .failed(let error): return (.accepted, "\(error)")
        case .send, .flushOk, .deliverFlushRequest, .deliverTransitionalSignal, .secureViewInstalled, .deliverView,
            .deliverMessage, nil:
            return (.accepted, "")
        }
    }

    private func carriedOut(_ action: SecureGroupAction) {
        switch action {
        case .send(let payload, let service, let destination):
            let (event, what) = classify(payload)
            emit(
                .vsSent(
                    MessageRecord(
                        number: number(payload, from: id, event, counting: &sentRestarts), sender: id,
                        service: ServiceName(service), destination: destination, what: what,
                        carries: event == .dataMessage ? completed() : nil)))
        case .flushOk: emit(.vsFlushOk)
        case .deliverFlushRequest: emit(.flushRequest)
        case .deliverTransitionalSignal: emit(.signal)
        case .secureViewInstalled: break
        case .deliverView(let view): emit(.view(ViewRecord(view)))
        case .deliverMessage(let sender, let service, let isPrivate, let payload):
            emit(
                .delivered(
                    MessageRecord(
                        number: messageNumber(payload, from: sender), sender: sender, service: ServiceName(service),
                        destination: isPrivate ? id : nil, what: textName(payload.count))))
        case .refused(let error, _): emit(.problem("\(error)"))
        case .ignored, .leaveAndRejoin, .failed: break
        }
    }

    /// The number of the application's message, when the record that is being sent is its last one.
    private func completed() -> UInt64? {
        guard let (number, records) = carried else { return nil }
        carried = records > 1 ? (number, records - 1) : nil
        return records > 1 ? nil : number
    }
}
