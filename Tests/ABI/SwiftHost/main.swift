// A host that is itself written in Swift, with Foundation and concurrency of its own: the runtime that is inside the
// library and the one of the program must not meet. Two members talk, one driven by a task, the other by the main
// thread.
import CConclave
import Foundation

func must(_ status: conclave_status, _ what: String) {
    guard status == 0 else { fatalExit("\(what): \(String(cString: conclave_status_name(status)))") }
}

func fatalExit(_ text: String) -> Never {
    FileHandle.standardError.write(Data("swift host: \(text)\n".utf8))
    exit(1)
}

/// A member of the group "room" over the hub at a path.
final class Member: @unchecked Sendable {
    private var group: OpaquePointer?
    private(set) var heard: [String: Int] = [:]
    private(set) var size = 0

    init(name: String, identity: OpaquePointer, trust: OpaquePointer, hub: String) {
        var error: OpaquePointer?
        let status = conclave_group_join("local:\(hub)", "room", identity, trust, nil, &group, &error)
        if status != 0 { fatalExit("\(name): \(String(cString: conclave_error_message(error)))") }
    }

    func send(_ text: String) {
        let bytes = Array(text.utf8)
        must(conclave_group_send(group, UInt32(CONCLAVE_SERVICE_AGREED), bytes, bytes.count), "send")
    }

    /// Takes what happens within some milliseconds.
    func serve(milliseconds: Int64) {
        var event = conclave_event()
        event.size = MemoryLayout<conclave_event>.size
        while conclave_group_wait_event(group, milliseconds, &event) == 0 {
            if event.kind == UInt32(CONCLAVE_EVENT_VIEW) {
                var view = conclave_view()
                view.size = MemoryLayout<conclave_view>.size
                must(conclave_group_view(group, &view), "view")
                size = view.member_count
            } else if event.kind == UInt32(CONCLAVE_EVENT_MESSAGE) {
                let text = String(
                    decoding: UnsafeBufferPointer(start: event.data, count: event.data_size), as: UTF8.self)
                heard["\(String(cString: event.sender_name)): \(text)", default: 0] += 1
            } else if event.kind == UInt32(CONCLAVE_EVENT_LEFT) {
                fatalExit("left: \(String(cString: event.message))")
            }
        }
    }

    func leave() {
        conclave_group_free(group)
        group = nil
    }
}

let folder = NSTemporaryDirectory() + "/conclave-swift-host-\(getpid())"
try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
defer { try? FileManager.default.removeItem(atPath: folder) }

var hub: OpaquePointer?
var trust: OpaquePointer?
must(conclave_hub_new(folder + "/hub", nil, &hub, nil), "hub")
must(conclave_trust_new(&trust, nil), "trust")
let names = ["ada", "barbara"]
let identities: [OpaquePointer] = names.map { name in
    var identity: OpaquePointer?
    var key = [UInt8](repeating: 0, count: Int(CONCLAVE_PUBLIC_KEY_SIZE))
    must(conclave_identity_new(name, &identity, nil), "identity")
    must(conclave_identity_public_key(identity, &key), "public key")
    must(conclave_trust_add(trust, key, name), "trust")
    return identity!
}
nonisolated(unsafe) let served = hub
let server = Thread { while conclave_hub_run(served) != conclave_status(CONCLAVE_E_INTERRUPTED) {} }
server.start()

let members = zip(names, identities).map { Member(name: $0, identity: $1, trust: trust!, hub: folder + "/hub") }
let second = members[1]
let conversation = Task.detached {
    for _ in 0..<2000 where second.size < 2 { second.serve(milliseconds: 5) }
    second.send("hello from a task")
    for _ in 0..<2000 where second.heard.count < 2 { second.serve(milliseconds: 5) }
    return second.heard.keys.sorted()
}
for _ in 0..<2000 where members[0].size < 2 { members[0].serve(milliseconds: 5) }
members[0].send("hello from the main thread")
for _ in 0..<2000 where members[0].heard.count < 2 { members[0].serve(milliseconds: 5) }
let heard = await conversation.value
guard heard == ["ada: hello from the main thread", "barbara: hello from a task"],
    heard == members[0].heard.keys.sorted()
else {
    fatalExit("heard \(heard) and \(members[0].heard.keys.sorted())")
}
for member in members { member.leave() }
must(conclave_hub_wake(hub), "wake")
while !server.isFinished { usleep(1000) }
conclave_hub_free(hub)
conclave_trust_free(trust)
for identity in identities { conclave_identity_free(identity) }
print("a Swift host: two members, one in a task, agreed and talked")
