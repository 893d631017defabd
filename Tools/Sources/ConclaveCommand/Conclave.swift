import CConclave

/// What the library or the system refused: a status of the library and one line of text.
struct Failure: Error {
    let status: Int
    let message: String

    init(_ status: Int, _ message: String) {
        self.status = status
        self.message = message
    }

    /// A failed call; an empty message is replaced by the library's sentence for the status.
    init(_ status: conclave_status, _ message: UnsafePointer<CChar>?) {
        self.status = Int(status)
        let detail = text(message)
        self.message = detail.isEmpty ? text(conclave_status_text(status)) : detail
    }

    var name: String { text(conclave_status_name(conclave_status(truncatingIfNeeded: status))) }
    var isFatal: Bool { conclave_status_is_fatal(conclave_status(truncatingIfNeeded: status)) }
}

/// An Ed25519 public key.
struct PublicKey: Equatable {
    let bytes: [UInt8]

    /// nil unless there are exactly as many bytes as a key has.
    init?(_ bytes: [UInt8]) {
        guard bytes.count == Int(CONCLAVE_PUBLIC_KEY_SIZE) else { return nil }
        self.bytes = bytes
    }

    /// SHA-256 of the key: what people compare.
    func fingerprint() throws(Failure) -> [UInt8] {
        var fingerprint = [UInt8](repeating: 0, count: Int(CONCLAVE_FINGERPRINT_SIZE))
        try check(conclave_fingerprint(bytes, &fingerprint))
        return fingerprint
    }
}

final class Identity {
    let handle: OpaquePointer

    init(name: String) throws(Failure) {
        handle = try opened { conclave_identity_new(name, $0, $1) }
    }

    init(path: String, passphrase: [UInt8]?) throws(Failure) {
        handle = try opened { conclave_identity_load(path, passphrase, passphrase?.count ?? 0, $0, $1) }
    }

    deinit { conclave_identity_free(handle) }

    func save(path: String, passphrase: [UInt8]?) throws(Failure) {
        try reported { conclave_identity_save(handle, path, passphrase, passphrase?.count ?? 0, $0) }
    }

    var name: String { text(conclave_identity_name(handle)) }

    func publicKey() throws(Failure) -> PublicKey {
        var bytes = [UInt8](repeating: 0, count: Int(CONCLAVE_PUBLIC_KEY_SIZE))
        try check(conclave_identity_public_key(handle, &bytes))
        return try readKey(bytes)
    }
}

final class Trust {
    fileprivate let handle: OpaquePointer

    init() throws(Failure) {
        handle = try opened { conclave_trust_new($0, $1) }
    }

    init(path: String) throws(Failure) {
        handle = try opened { conclave_trust_load(path, $0, $1) }
    }

    deinit { conclave_trust_free(handle) }

    func save(path: String) throws(Failure) {
        try reported { conclave_trust_save(handle, path, $0) }
    }

    func add(_ key: PublicKey, label: String) throws(Failure) {
        try check(conclave_trust_add(handle, key.bytes, label))
    }

    func remove(_ key: PublicKey) throws(Failure) {
        try check(conclave_trust_remove(handle, key.bytes))
    }

    func entries() throws(Failure) -> [(key: PublicKey, label: String)] {
        var entries: [(key: PublicKey, label: String)] = []
        for index in 0..<conclave_trust_count(handle) {
            var bytes = [UInt8](repeating: 0, count: Int(CONCLAVE_PUBLIC_KEY_SIZE))
            var label: UnsafePointer<CChar>?
            try check(conclave_trust_get(handle, index, &bytes, &label))
            entries.append((try readKey(bytes), text(label)))
        }
        return entries
    }
}

final class Hub {
    let handle: OpaquePointer

    /// Where it listens: at a path, or on a socket that a service manager has made.
    enum Place {
        case path(String)
        case descriptor(Int32)
    }

    init(_ place: Place, clientLimit: UInt32) throws(Failure) {
        var options = conclave_hub_options()
        try check(conclave_hub_options_init(&options, MemoryLayout<conclave_hub_options>.size))
        options.client_limit = clientLimit
        handle = try opened { [options] handle, error in
            withUnsafePointer(to: options) {
                switch place {
                case .path(let path): conclave_hub_new(path, $0, handle, error)
                case .descriptor(let number): conclave_hub_adopt(number, $0, handle, error)
                }
            }
        }
    }

    deinit { conclave_hub_free(handle) }

    /// Serves until `conclave_hub_wake` is called.
    func run() throws(Failure) {
        let status = conclave_hub_run(handle)
        if Int(status) != CONCLAVE_E_INTERRUPTED { try check(status) }
    }

    func counters() throws(Failure) -> conclave_hub_counters {
        var counters = conclave_hub_counters()
        counters.size = MemoryLayout<conclave_hub_counters>.stride
        try check(conclave_hub_counters_read(handle, &counters))
        return counters
    }
}

struct Member {
    let id: UInt64
    let name: String
    let isSelf: Bool
    let isTransitional: Bool
    let hasJoined: Bool
}

struct View {
    let id: [UInt8]
    let counter: UInt64
    let keyFingerprint: [UInt8]
    let members: [Member]
    let left: [Member]
    let selfID: UInt64
}

struct Message {
    let service: UInt32
    let sender: UInt64
    let senderName: String
    let data: [UInt8]
    let isPrivate: Bool
}

enum Event {
    case flushRequest
    case transitionalSignal
    case view(View)
    case message(Message)
    case left(Failure)
    case error(Failure)

    var isView: Bool {
        if case .view = self { true } else { false }
    }
}

final class Group {
    private let handle: OpaquePointer

    init(
        transport: String, name: String, identity: Identity, trust: Trust, suite: UInt16?, algorithm: RobustAlgorithm,
        admissionTimeout: UInt32, manualFlush: Bool = false
    ) throws(Failure) {
        var options = conclave_group_options()
        try check(conclave_group_options_init(&options, MemoryLayout<conclave_group_options>.size))
        options.admission_timeout_ms = admissionTimeout
        options.algorithm = algorithm.number
        if let suite { options.suite = suite }
        options.manual_flush = manualFlush
        handle = try opened { [options] handle, error in
            withUnsafePointer(to: options) {
                conclave_group_join(transport, name, identity.handle, trust.handle, $0, handle, error)
            }
        }
    }

    deinit { conclave_group_free(handle) }

    func descriptor() throws(Failure) -> Int32 {
        var descriptor: Int32 = -1
        try check(conclave_group_descriptor(handle, &descriptor))
        return descriptor
    }

    /// Milliseconds until `process` must be called; nil when there is no such time.
    func deadline() throws(Failure) -> Int64? {
        var milliseconds: Int64 = -1
        try check(conclave_group_deadline(handle, &milliseconds))
        return milliseconds < 0 ? nil : milliseconds
    }

    func process() throws(Failure) {
        try checkGroup(conclave_group_process(handle))
    }

    /// The next event; nil when nothing has happened.
    func nextEvent() throws(Failure) -> Event? {
        var event = conclave_event()
        event.size = MemoryLayout<conclave_event>.stride
        let status = conclave_group_next_event(handle, &event)
        if Int(status) == CONCLAVE_E_NO_EVENT { return nil }
        try checkGroup(status)
        switch Int(event.kind) {
        case CONCLAVE_EVENT_FLUSH_REQUEST: return .flushRequest
        case CONCLAVE_EVENT_TRANSITIONAL_SIGNAL: return .transitionalSignal
        case CONCLAVE_EVENT_VIEW: return .view(try view())
        case CONCLAVE_EVENT_MESSAGE: return .message(message(of: event))
        case CONCLAVE_EVENT_LEFT: return .left(Failure(event.status, event.message))
        default: return .error(Failure(event.status, event.message))
        }
    }

    /// Sends to all in agreed order; false when it is not possible now (a full queue or a pending flush).
    func send(_ bytes: [UInt8]) throws(Failure) -> Bool {
        let status = conclave_group_send(handle, UInt32(CONCLAVE_SERVICE_AGREED), bytes, bytes.count)
        if Int(status) == CONCLAVE_E_QUEUE_FULL || Int(status) == CONCLAVE_E_FLUSH_PENDING { return false }
        try checkGroup(status)
        return true
    }

    /// Acknowledges a flush request, where the group was joined with `manualFlush`; false when the request is no longer
    /// there, because this member has to join again.
    func flush() throws(Failure) -> Bool {
        let status = conclave_group_flush(handle)
        if Int(status) == CONCLAVE_E_WRONG_STATE { return false }
        try checkGroup(status)
        return true
    }

    func leave() throws(Failure) {
        try checkGroup(conclave_group_leave(handle))
    }

    /// Its numbers, in Prometheus' text format.
    func metricsText() throws(Failure) -> String {
        var lent: UnsafePointer<CChar>?
        try checkGroup(conclave_group_metrics_text(handle, &lent, nil))
        return text(lent)
    }

    /// Tells on standard error what the group does, from now on.
    func log(_ level: LogLevel) throws(Failure) {
        let write: conclave_log_callback = { _, level, line in
            let mark = level == UInt32(CONCLAVE_LOG_WARNING) ? "warning: " : ""
            Console.note("conclave: \(mark)\(printable(text(line)))")
        }
        try checkGroup(conclave_group_set_log(handle, level.number, write, nil))
    }

    /// Whom the group waits for just now.
    func waitingFor() throws(Failure) -> [Member] {
        try listed { conclave_group_waiting_for(handle, $0, $1) }
    }

    private func view() throws(Failure) -> View {
        var view = conclave_view()
        view.size = MemoryLayout<conclave_view>.stride
        try checkGroup(conclave_group_view(handle, &view))
        return View(
            id: withUnsafeBytes(of: view.id) { Array($0) }, counter: view.counter,
            keyFingerprint: withUnsafeBytes(of: view.key_fingerprint) { Array($0) },
            members: try listed(view.member_count) { conclave_group_member(handle, $0, $1) },
            left: try listed(view.left_count) { conclave_group_left_member(handle, $0, $1) }, selfID: view.`self`)
    }

    private func message(of event: conclave_event) -> Message {
        Message(
            service: event.service, sender: event.sender, senderName: text(event.sender_name),
            data: Array(UnsafeBufferPointer(start: event.data, count: event.data == nil ? 0 : event.data_size)),
            isPrivate: event.is_private)
    }

    /// Reads `count` members, or without a count all there are.
    private func listed(
        _ count: Int? = nil, _ read: (Int, UnsafeMutablePointer<conclave_member>) -> conclave_status
    ) throws(Failure) -> [Member] {
        var members: [Member] = []
        while members.count != count {
            var member = conclave_member()
            member.size = MemoryLayout<conclave_member>.stride
            let status = read(members.count, &member)
            if count == nil, Int(status) == CONCLAVE_E_NOT_FOUND { break }
            try checkGroup(status)
            members.append(
                Member(
                    id: member.id, name: text(member.name), isSelf: member.is_self,
                    isTransitional: member.is_transitional, hasJoined: member.has_joined))
        }
        return members
    }

    private func checkGroup(_ status: conclave_status) throws(Failure) {
        if Int(status) != CONCLAVE_OK { throw Failure(status, conclave_group_message(handle)) }
    }
}

/// The suites that the library has; with the first cipher before the second.
let allSuites: [(number: UInt16, name: String)] = (0x1000...0x5fff).compactMap { (number: UInt16) in
    conclave_suite_name(number).map { (number, String(cString: $0)) }
}

func libraryVersion() -> (version: String, interface: UInt32) {
    (text(conclave_version()), conclave_abi_date())
}

// MARK: - Manners of the ABI

typealias Slot = UnsafeMutablePointer<OpaquePointer?>

func text(_ pointer: UnsafePointer<CChar>?) -> String {
    pointer.map { String(cString: $0) } ?? ""
}

func check(_ status: conclave_status) throws(Failure) {
    if Int(status) != CONCLAVE_OK { throw Failure(status, nil) }
}

private func readKey(_ bytes: [UInt8]) throws(Failure) -> PublicKey {
    guard let key = PublicKey(bytes) else { throw Failure(CONCLAVE_E_INVALID_ARGUMENT, "not a public key") }
    return key
}

/// Runs a call that tells its failure in an owned error object.
func reported(_ call: (Slot) -> conclave_status) throws(Failure) {
    var error: OpaquePointer?
    let status = call(&error)
    defer { conclave_error_free(error) }
    if Int(status) != CONCLAVE_OK { throw Failure(status, error == nil ? nil : conclave_error_message(error)) }
}

/// Runs a call that makes a handle.
func opened(_ call: (Slot, Slot) -> conclave_status) throws(Failure) -> OpaquePointer {
    var handle: OpaquePointer?
    try reported { error in
        withUnsafeMutablePointer(to: &handle) { call($0, error) }
    }
    guard let handle else { throw Failure(CONCLAVE_E_BAD_HANDLE, "the library made no handle") }
    return handle
}
