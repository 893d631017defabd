internal import CCorosync
internal import CPlatform
internal import Primitives
internal import ProcessGroups

/// libcpg, opened at run time, and one connection to the daemon: what `CorosyncChannel` needs of it.
///
/// Every function may block while the daemon is stopped in its tracks (not: gone), for libcpg waits for its answer.
@safe
struct ProcessGroupLibrary {
    private var functions: conclave_cpg_library

    /// Nil when libcpg is not installed.
    init?() {
        var functions = conclave_cpg_library()
        guard unsafe conclave_cpg_open(&functions) else { return nil }
        self.functions = functions
    }

    /// What the daemon answered.
    enum Answer: Equatable {
        case done
        case tryAgain
        case denied
        case failed(Int32)

        init(_ code: Int32) {
            switch code {
            case Int32(CONCLAVE_CS_OK): self = .done
            case Int32(CONCLAVE_CS_TRY_AGAIN): self = .tryAgain
            case Int32(CONCLAVE_CS_ACCESS), Int32(CONCLAVE_CS_SECURITY): self = .denied
            default: self = .failed(code)
            }
        }
    }

    func connect() -> (answer: Answer, handle: UInt64) {
        var handle: UInt64 = 0
        let code = unsafe withUnsafePointer(to: functions) { (library) in
            unsafe conclave_cpg_connect(library, &handle, deliver, change, changeRing)
        }
        return (Answer(code), handle)
    }

    func disconnect(_ handle: UInt64) { _ = functions.finalize(handle) }

    func join(_ handle: UInt64, group: [UInt8]) -> Answer {
        unsafe withUnsafePointer(to: functions) { (library) in
            Answer(unsafe conclave_cpg_join(library, handle, group, group.count))
        }
    }

    /// Sends a message of two pieces.
    func multicast(_ handle: UInt64, _ head: [UInt8], _ bytes: ArraySlice<UInt8>) -> Answer {
        unsafe withUnsafePointer(to: functions) { (library) in
            unsafe bytes.withUnsafeBytes { (body) in
                Answer(
                    unsafe conclave_cpg_multicast(library, handle, head, head.count, body.baseAddress, body.count))
            }
        }
    }

    /// Tells the receiver of one thing if something is there; `tryAgain` when nothing is.
    func dispatchOne(_ handle: UInt64, to receiver: CorosyncChannel) -> Answer {
        let token = unsafe Unmanaged.passUnretained(receiver).toOpaque()
        return unsafe withUnsafePointer(to: functions) { (library) in
            Answer(unsafe conclave_cpg_dispatch_one(library, handle, token))
        }
    }

    /// Readable when there is something to dispatch, or the daemon is gone.
    func descriptor(_ handle: UInt64) -> Int32? {
        var descriptor: Int32 = -1
        return Answer(unsafe functions.descriptor(handle, &descriptor)) == .done ? descriptor : nil
    }

    /// Whether the daemon reads what announces messages to it; if it is gone, the next call says so.
    func isRead(_ handle: UInt64) -> Bool { descriptor(handle).map { conclave_is_writable($0) } ?? true }

    /// This machine's node id.
    func node(_ handle: UInt64) -> UInt32? {
        var node: UInt32 = 0
        return Answer(unsafe functions.node(handle, &node)) == .done ? node : nil
    }
}

// MARK: - What libcpg calls. Nothing is done here but to write down what came.

private var receiver: CorosyncChannel? {
    guard let token = unsafe conclave_cpg_receiver()?.pointee else { return nil }
    return unsafe Unmanaged<CorosyncChannel>.fromOpaque(token).takeUnretainedValue()
}

private let deliver: conclave_cpg_deliver = { (_, _, node, process, bytes, size) in
    guard let receiver else { return }
    let buffer = unsafe UnsafeRawBufferPointer(start: bytes, count: bytes == nil ? 0 : size)
    unsafe receiver.record(.frame([UInt8](copying: buffer), from: ProcessAddress(node: node, process: process)))
}

private let change: conclave_cpg_change = { (_, _, members, memberCount, left, leftCount, _, _) in
    guard let receiver else { return }
    unsafe receiver.record(.membership(addresses(members, memberCount), left: addresses(left, leftCount)))
}

private let changeRing: conclave_cpg_ring_change = { (_, ring, _, _) in
    guard let receiver else { return }
    receiver.record(.ring(node: ring.node, sequence: ring.sequence))
}

@unsafe
private func addresses(_ list: UnsafePointer<conclave_cpg_address>?, _ count: Int) -> [ProcessAddress] {
    guard let list = unsafe list, count > 0 else { return [] }
    var addresses: [ProcessAddress] = []
    for index in 0..<count {
        addresses.append(unsafe ProcessAddress(node: list[index].node, process: list[index].process))
    }
    return addresses
}
