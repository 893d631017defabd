public import CConclave
internal import Drivers
internal import KeyAgreement
internal import SecureGroup

/// One number of a group, with the name under which Prometheus knows it.
struct Metric {
    enum Unit: UInt32 {
        case count = 1
        case bytes = 2
        case milliseconds = 3
    }

    let name: StaticString
    let help: StaticString
    let isCounter: Bool
    let unit: Unit
    /// What tells several series of one name apart, such as `direction="sent"`; empty for one alone.
    let labels: [UInt8]
    let value: UInt64
}

/// Every number of a group, those of one name next to each other.
struct MetricList {
    private(set) var metrics: [Metric] = []

    init(_ reading: GroupReading) {
        views(reading)
        agreement(reading.counters.secure)
        for token in reading.counters.tokens {
            let kind = Self.label("kind", token.kind.name)
            count("conclave_tokens_total", "agreement messages by kind", token.sent, kind + Self.sent)
            count("conclave_tokens_total", "agreement messages by kind", token.received, kind + Self.received)
        }
        traffic(reading)
        refusals(reading.counters.refusals)
        gauge("conclave_send_queue_bytes", "waiting to be sent", .bytes, UInt64(clamping: reading.sendQueueBytes))
        gauge(
            "conclave_event_queue_bytes", "events waiting to be fetched", .bytes,
            UInt64(clamping: reading.eventQueueBytes))
        gauge(
            "conclave_event_queue_events", "events waiting to be fetched", .count,
            UInt64(clamping: reading.eventQueueEvents))
        gauge("conclave_waiting_for_members", "members waited for just now", .count, UInt64(reading.waitingFor))
        gauge("conclave_members", "members of the secure view", .count, UInt64(reading.members))
        gauge("conclave_view_counter", "counter of the secure view", .count, reading.viewCounter)
    }

    private mutating func views(_ reading: GroupReading) {
        let counters = reading.counters
        count("conclave_secure_views_total", "secure views installed", counters.secure.views)
        count("conclave_vs_views_total", "views of the flush layer, before their keys", counters.vsViews)
        count("conclave_cascades_total", "views that changed again before their key was agreed", counters.cascades)
        count("conclave_flush_requests_total", "flush requests", counters.flushRequests)
        count("conclave_agreement_restarts_total", "agreements begun again within a view", counters.secure.restarts)
        count("conclave_rejoins_total", "times this member came again with a new incarnation", reading.rejoins)
        time("conclave_flush_seconds_total", "from flush request to view", counters.flush.total, isCounter: true)
        time("conclave_flush_seconds_last", "the same for the last view", counters.flush.last)
        time("conclave_agreement_seconds_total", "from view to key", counters.agreement.total, isCounter: true)
        time("conclave_agreement_seconds_last", "the same for the last key", counters.agreement.last)
    }

    private mutating func agreement(_ secure: SecureGroupCounters) {
        let total = secure.agreement
        count("conclave_exponentiations_total", "exponentiations of the agreement", total.exponentiations)
        count("conclave_membership_checks_total", "received values checked to be in the group", total.membershipChecks)
        count("conclave_signatures_total", "signatures of the agreement", total.signatures &+ secure.signatures)
        count(
            "conclave_verifications_total", "signatures verified in the agreement",
            total.verifications &+ secure.verifications)
        let name: StaticString = "conclave_records_total"
        count(name, "records of sealed messages", secure.sealed, Self.label("operation", "sealed"))
        count(name, "records of sealed messages", secure.opened, Self.label("operation", "opened"))
    }

    private mutating func traffic(_ reading: GroupReading) {
        let counters = reading.counters
        both(
            "conclave_messages_total", "messages of the application", .count, counters.sent.messages,
            counters.received.messages)
        both(
            "conclave_message_bytes_total", "bytes of the application's messages", .bytes, counters.sent.bytes,
            counters.received.bytes)
        both(
            "conclave_transport_messages_total", "messages on the transport", .count, reading.sent.messages,
            reading.received.messages)
        both(
            "conclave_transport_bytes_total", "bytes on the transport", .bytes, reading.sent.bytes,
            reading.received.bytes)
    }

    /// Several causes may have one status: they are one series.
    private mutating func refusals(_ refusals: [RefusalCount]) {
        var rows: [(status: conclave_status, count: UInt64)] = []
        for refusal in refusals {
            let status = Failure(refusal.problem).status
            if let index = rows.firstIndex(where: { $0.status == status }) {
                rows[index].count &+= refusal.count
            } else {
                rows.append((status, refusal.count))
            }
        }
        for row in rows {
            count(
                "conclave_refusals_total", "what was refused or went amiss, by status", row.count,
                Self.label("cause", statusName(row.status)))
        }
    }

    // MARK: - One metric

    private static var sent: [UInt8] { comma + label("direction", "sent") }
    private static var received: [UInt8] { comma + label("direction", "received") }
    private static var comma: [UInt8] { [UInt8(ascii: ",")] }

    private static func label(_ name: StaticString, _ value: StaticString) -> [UInt8] {
        unsafe bytes(name) + [UInt8]("=\"".utf8) + bytes(value) + [UInt8(ascii: "\"")]
    }

    private mutating func count(
        _ name: StaticString, _ help: StaticString, _ value: UInt64, _ labels: [UInt8] = []
    ) {
        metrics.append(Metric(name: name, help: help, isCounter: true, unit: .count, labels: labels, value: value))
    }

    private mutating func both(
        _ name: StaticString, _ help: StaticString, _ unit: Metric.Unit, _ sent: UInt64, _ received: UInt64
    ) {
        for (direction, value) in [("sent" as StaticString, sent), ("received", received)] {
            let labels = Self.label("direction", direction)
            metrics.append(Metric(name: name, help: help, isCounter: true, unit: unit, labels: labels, value: value))
        }
    }

    private mutating func time(_ name: StaticString, _ help: StaticString, _ value: UInt64, isCounter: Bool = false) {
        metrics.append(
            Metric(name: name, help: help, isCounter: isCounter, unit: .milliseconds, labels: [], value: value))
    }

    private mutating func gauge(_ name: StaticString, _ help: StaticString, _ unit: Metric.Unit, _ value: UInt64) {
        metrics.append(Metric(name: name, help: help, isCounter: false, unit: unit, labels: [], value: value))
    }
}

/// The bytes of a literal.
@unsafe
func bytes(_ text: StaticString) -> [UInt8] {
    unsafe Array(UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
}
