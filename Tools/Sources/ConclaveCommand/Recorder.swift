import CConclave
import Glibc

/// Writes down what one member's application sees, so that the recordings of several members can be put together,
/// judged and drawn: `scripts/simulate draw`. JSON lines, as Tests/Simulation/Sources/Traces/JSONLines.swift describes
/// them; times are microseconds of the wall clock. Nothing that was said is written down, only of how many bytes it
/// was.
///
/// A message's number must be the same at its sender and at all that it is delivered to, without a word between them.
/// It is a hash of what all of them can count: the view's id, the sender, the service, whether it is for one member
/// alone, and which one it is of those that the sender sent so in this view. The views of sending and of delivery are
/// the same (property 3), and what is sent with one service is delivered in the order of sending (property 9).
final class Recorder {
    private struct Stream: Hashable {
        let sender: UInt64
        let service: UInt32
        /// 0 for all.
        let destination: UInt64
    }

    private let file: File
    private let name: String
    /// What happened before the first view, which tells the incarnation.
    private var pending: [(time: UInt64, kind: String)] = []
    private var memberships = 0
    private var id: UInt64?
    private var viewID: [UInt8] = []
    private var delivered: [Stream: UInt64] = [:]
    private var sent: [Stream: UInt64] = [:]

    /// Makes the file; one that exists is left as it is, and refused.
    init(path: String, name: String, group: String, algorithm: RobustAlgorithm) throws(Failure) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        if descriptor < 0 { throw Failure.system(path) }
        file = File(descriptor: descriptor, path: path)
        self.name = name
        let title = quoted("\(name) in \(group)")
        try write(
            #"{"trace":{"algorithm":"\#(algorithm.rawValue)","events":[],"hasOneClock":false,"isComplete":false,"#
                + #""members":[],"replay":"","title":\#(title)}}"#)
        try happen(#"{"connected":{}}"#)
    }

    func take(_ event: Event) throws(Failure) {
        switch event {
        case .flushRequest: try happen(#"{"flushRequest":{}}"#)
        case .transitionalSignal: try happen(#"{"signal":{}}"#)
        case .view(let view): try install(view)
        case .message(let message): try deliver(message)
        case .error(let failure): try problem(failure)
        case .left(let reason): try end(reason)
        }
    }

    /// The flush request was acknowledged: nothing more is sent in this view.
    func flushed() throws(Failure) { try happen(#"{"flushOk":{}}"#) }

    /// The group has accepted a message to all, in agreed order.
    func sent(byteCount: Int) throws(Failure) {
        guard let id else { return }
        let stream = Stream(sender: id, service: UInt32(CONCLAVE_SERVICE_AGREED), destination: 0)
        try happen(#"{"sent":{"_0":\#(record(stream, &sent, byteCount))}}"#)
    }

    private func deliver(_ message: Message) throws(Failure) {
        guard let id else { return }
        let stream = Stream(sender: message.sender, service: message.service, destination: message.isPrivate ? id : 0)
        try happen(#"{"delivered":{"_0":\#(record(stream, &delivered, message.data.count))}}"#)
    }

    private func install(_ view: View) throws(Failure) {
        if view.selfID != id {
            if id != nil { try happen(#"{"rejoining":{"_0":"this membership was over"}}"#) }
            let before = pending
            pending = []
            try begin(view.selfID, isStranger: false)
            for event in before { try write(event.kind, at: event.time) }
            if before.isEmpty { try happen(#"{"connected":{}}"#) }
        }
        viewID = view.id
        delivered = [:]
        sent = [:]
        let members = view.members.map { String($0.id) }.joined(separator: ",")
        let transitional = view.members.filter(\.isTransitional).map { String($0.id) }.joined(separator: ",")
        try happen(
            #"{"view":{"_0":{"keyFingerprint":"\#(hexadecimal(view.keyFingerprint))","members":[\#(members)],"#
                + #""name":{"counter":\#(view.counter),"hash":\#(number(view.id.prefix(8)))},"#
                + #""transitionalSet":[\#(transitional)]}}}"#)
    }

    /// The oracles know by its beginning that somebody waits to be admitted, which is nobody's fault.
    private func problem(_ failure: Failure) throws(Failure) {
        let kind = failure.status == CONCLAVE_E_NOT_ADMITTED ? "not admitted: " : ""
        try happen(#"{"problem":{"_0":\#(quoted(kind + failure.message))}}"#)
    }

    /// Who was never admitted has no incarnation that anybody knows: it gets one that nobody else has.
    private func end(_ reason: Failure) throws(Failure) {
        if id == nil {
            let before = pending
            pending = []
            try begin(UInt64.random(in: 1...UInt64.max), isStranger: true)
            for event in before { try write(event.kind, at: event.time) }
        }
        if reason.status == CONCLAVE_OK || reason.status == CONCLAVE_E_LEFT { return try happen(#"{"left":{}}"#) }
        try problem(reason)
        // To the others it is gone without a word.
        try happen(#"{"crashed":{}}"#)
    }

    // MARK: - Lines

    private func begin(_ id: UInt64, isStranger: Bool) throws(Failure) {
        self.id = id
        memberships += 1
        try write(
            #"{"membership":{"id":\#(id),"isStranger":\#(isStranger),"isWhole":true,"name":\#(quoted(name))}}"#)
    }

    private func happen(_ kind: String) throws(Failure) {
        let time = Self.now()
        if id == nil { return pending.append((time, kind)) }
        try write(kind, at: time)
    }

    private func write(_ kind: String, at time: UInt64) throws(Failure) {
        try write(#"{"event":{"kind":\#(kind),"member":\#(memberships - 1),"time":\#(time)}}"#)
    }

    /// At once, so that little is missing when the process is killed.
    private func write(_ line: String) throws(Failure) {
        try file.write(Array((line + "\n").utf8)[...])
    }

    private func record(_ stream: Stream, _ counts: inout [Stream: UInt64], _ byteCount: Int) -> String {
        let place = counts[stream, default: 0]
        counts[stream] = place + 1
        var hash = Hash64()
        hash.add(viewID)
        for part in [stream.sender, UInt64(stream.service), stream.destination, place] { hash.add(part) }
        let destination = stream.destination == 0 ? "" : #""destination":\#(stream.destination),"#
        let service = Self.services[Int(stream.service), default: "fifo"]
        return #"{\#(destination)"number":\#(hash.value),"sender":\#(stream.sender),"service":"\#(service)","#
            + #""what":"text of \#(byteCount) bytes"}"#
    }

    private static let services = [
        Int(CONCLAVE_SERVICE_FIFO): "fifo", Int(CONCLAVE_SERVICE_CAUSAL): "causal",
        Int(CONCLAVE_SERVICE_AGREED): "agreed", Int(CONCLAVE_SERVICE_SAFE): "safe",
    ]

    /// Microseconds since 1970.
    private static func now() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return UInt64(clamping: time.tv_sec) * 1_000_000 + UInt64(clamping: time.tv_nsec) / 1000
    }
}

/// FNV-1a (Fowler, Noll, Vo) of 64 bits: short, and the same in every process.
private struct Hash64 {
    private(set) var value: UInt64 = 0xCBF2_9CE4_8422_2325

    mutating func add(_ bytes: [UInt8]) {
        for byte in bytes { value = (value ^ UInt64(byte)) &* 0x100_0000_01B3 }
    }

    mutating func add(_ number: UInt64) {
        add((0..<8).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) })
    }
}

/// Big-endian.
private func number(_ bytes: ArraySlice<UInt8>) -> UInt64 {
    bytes.reduce(0) { $0 << 8 | UInt64($1) }
}

/// A string of JSON.
private func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "\"": result += "\\\""
        case "\\": result += "\\\\"
        case _ where scalar.value < 32:
            let digits = String(scalar.value, radix: 16)
            result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        default: result.unicodeScalars.append(scalar)
        }
    }
    return result + "\""
}
