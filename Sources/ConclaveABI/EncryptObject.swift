internal import CConclave
internal import Encrypt
internal import Primitives

/// A member lent to C.
@safe
final class LentMember {
    let pointer: UnsafeMutablePointer<conclave_cluster_member>
    private let address: LentBytes
    private let name: LentText

    init(_ member: EncryptMember, isSelf: Bool, isCoordinator: Bool) {
        address = LentBytes(member.address)
        name = LentText(String(decoding: member.introduction.name, as: UTF8.self))
        var lent = unsafe conclave_cluster_member()
        unsafe lent.size = MemoryLayout<conclave_cluster_member>.size
        unsafe lent.address = UnsafePointer(address.pointer)
        unsafe lent.address_size = address.count
        unsafe lent.name = UnsafePointer(name.pointer)
        unsafe withUnsafeMutableBytes(of: &lent.public_key) { (bytes) in
            unsafe bytes.copyBytes(from: member.publicKey)
        }
        unsafe withUnsafeMutableBytes(of: &lent.introduction) { (bytes) in
            unsafe bytes.copyBytes(from: member.introduction.digest)
        }
        unsafe lent.is_self = isSelf
        unsafe lent.is_coordinator = isCoordinator
        unsafe pointer = .allocate(capacity: 1)
        unsafe pointer.initialize(to: lent)
    }

    deinit { unsafe pointer.deallocate() }
}

/// What `conclave_encrypt` stands for.
@safe
final class EncryptObject {
    private enum Event {
        case told(EncryptEvent)
        case message(EncryptMember, counter: UInt64, headers: [UInt8], message: [UInt8])
        case refused(EncryptError)
    }

    /// First in, first out; what was taken is forgotten when all has been.
    private struct Queue<T> {
        private var items: [T] = []
        private var taken = 0

        mutating func append(_ item: T) { items.append(item) }

        mutating func next() -> T? {
            guard taken < items.count else {
                items.removeAll(keepingCapacity: items.count < 64)
                taken = 0
                return nil
            }
            taken += 1
            return items[taken - 1]
        }
    }

    var machine: EncryptMachine
    let wholeMessage: Bool
    /// Room for the messages of one record on their way in.
    let messages: UnsafeMutablePointer<UnsafeBufferPointer<UInt8>>
    /// And on their way out.
    private let opened: UnsafeMutablePointer<conclave_bytes>
    private var outputs = Queue<(to: EncryptDestination, bytes: [UInt8])>()
    private var events = Queue<Event>()
    /// What was lent with the last output and the last event.
    private var lentBytes: [LentBytes] = []
    private var lentMember: LentMember? = nil
    /// The members of the installed view, each when it was first asked for.
    private var members: [LentMember?] = []
    private var message = LentText("")

    init(_ machine: consuming EncryptMachine, wholeMessage: Bool) {
        self.machine = machine
        self.wholeMessage = wholeMessage
        unsafe messages = .allocate(capacity: MessageProtection.batchLimit)
        unsafe messages.initialize(
            repeating: UnsafeBufferPointer(start: nil, count: 0), count: MessageProtection.batchLimit)
        unsafe opened = .allocate(capacity: MessageProtection.batchLimit)
        unsafe opened.initialize(repeating: conclave_bytes(), count: MessageProtection.batchLimit)
    }

    deinit {
        unsafe messages.deallocate()
        unsafe opened.deallocate()
    }

    /// Runs what a call does, and keeps the message of its failure.
    func answering(_ body: () throws(Failure) -> Void) -> conclave_status {
        do throws(Failure) {
            try body()
            return conclave_status(CONCLAVE_OK)
        } catch {
            message = LentText(error.message)
            return error.status
        }
    }

    var lentMessage: UnsafePointer<CChar> { unsafe UnsafePointer(message.pointer) }

    /// Sorts what the machine wants done into what is to be sent and what is to be told.
    func take(_ actions: [EncryptAction]) {
        for action in actions {
            switch action {
            case .send(let to, let bytes): outputs.append((to: to, bytes: bytes))
            case .event(let event):
                if case .view(let view) = event { members = [LentMember?](repeating: nil, count: view.members.count) }
                events.append(.told(event))
            case .deliver(let delivery):
                let opened = delivery.opened
                for message in opened.messages {
                    events.append(
                        .message(
                            delivery.sender, counter: opened.record.counter, headers: opened.headers, message: message))
                }
            case .refused(let error): events.append(.refused(error))
            }
        }
    }

    /// A member of the installed view.
    func member(at place: Int) -> LentMember? {
        guard let view = machine.view, view.members.indices.contains(place) else { return nil }
        if members.count != view.members.count { members = [LentMember?](repeating: nil, count: view.members.count) }
        if let lent = members[place] { return lent }
        let lent = LentMember(
            view.members[place], isSelf: place == view.ownPlace, isCoordinator: place == view.coordinatorPlace)
        members[place] = lent
        return lent
    }

    func nextOutput() -> conclave_encrypt_output? {
        guard let next = outputs.next() else { return nil }
        var lent = unsafe conclave_encrypt_output()
        unsafe lent.size = MemoryLayout<conclave_encrypt_output>.size
        let bytes = LentBytes(next.bytes)
        lentBytes = [bytes]
        unsafe lent.bytes = UnsafePointer(bytes.pointer)
        unsafe lent.byte_count = bytes.count
        switch next.to {
        case .everyone: unsafe lent.to_everyone = true
        case .address(let address):
            let address = LentBytes(address)
            lentBytes.append(address)
            unsafe lent.address = UnsafePointer(address.pointer)
            unsafe lent.address_size = address.count
        }
        return unsafe lent
    }

    func nextEvent() -> conclave_encrypt_event? {
        guard let next = events.next() else { return nil }
        var lent = unsafe conclave_encrypt_event()
        unsafe lent.size = MemoryLayout<conclave_encrypt_event>.size
        lentBytes = []
        lentMember = nil
        switch next {
        case .told(let event): unsafe describe(event, in: &lent)
        case .refused(let error):
            unsafe lent.kind = UInt32(CONCLAVE_ENCRYPT_EVENT_ERROR)
            unsafe lent.status = Failure(error).status
        case .message(let sender, let counter, let headers, let message):
            unsafe lent.kind = UInt32(CONCLAVE_ENCRYPT_EVENT_MESSAGE)
            lentBytes = [LentBytes(message), LentBytes(headers)]
            unsafe lent.data = UnsafePointer(lentBytes[0].pointer)
            unsafe lent.data_size = message.count
            unsafe lent.headers = UnsafePointer(lentBytes[1].pointer)
            unsafe lent.headers_size = headers.count
            unsafe lent.view_counter = counter
            unsafe lend(sender, in: &lent)
        }
        return unsafe lent
    }

    @unsafe
    private func describe(_ event: EncryptEvent, in lent: inout conclave_encrypt_event) {
        switch event {
        case .view(let view):
            unsafe lent.kind = UInt32(CONCLAVE_ENCRYPT_EVENT_VIEW)
            unsafe lent.view_counter = view.counter
        case .memberLeaves(let member):
            unsafe lent.kind = UInt32(CONCLAVE_ENCRYPT_EVENT_MEMBER_LEAVES)
            unsafe lend(member, in: &lent)
        case .refusedByCoordinator(let member, let cause):
            unsafe lent.kind = UInt32(CONCLAVE_ENCRYPT_EVENT_REFUSED)
            unsafe lent.cause = UInt32(cause.rawValue)
            unsafe lend(member, in: &lent)
        case .notAdmitted(let member, let cause):
            unsafe lent.kind = UInt32(CONCLAVE_ENCRYPT_EVENT_NOT_ADMITTED)
            unsafe lent.cause = UInt32(cause.rawValue)
            unsafe lend(member, in: &lent)
        case .keyWanted(let counter, let coordinator):
            unsafe lent.kind = UInt32(CONCLAVE_ENCRYPT_EVENT_KEY_WANTED)
            unsafe lent.view_counter = counter
            unsafe lend(coordinator, in: &lent)
        case .recordsDropped(let count):
            unsafe lent.kind = UInt32(CONCLAVE_ENCRYPT_EVENT_DROPPED)
            unsafe lent.count = count
        }
    }

    @unsafe
    private func lend(_ member: EncryptMember, in lent: inout conclave_encrypt_event) {
        let view = machine.view
        let borrowed = LentMember(
            member, isSelf: member == machine.member, isCoordinator: view?.coordinator == member)
        lentMember = borrowed
        unsafe lent.member = UnsafePointer(borrowed.pointer)
    }

    /// Describes a record that was opened into `room`.
    @unsafe
    func lend(_ record: OpenedRecord, in room: UnsafeRawBufferPointer) -> conclave_opened {
        var lent = unsafe conclave_opened()
        unsafe lent.size = MemoryLayout<conclave_opened>.size
        if let place = machine.place(of: record), let sender = member(at: place) {
            unsafe lent.sender = UnsafePointer(sender.pointer)
        }
        unsafe lent.view_counter = record.counter
        unsafe lent.number = record.number
        unsafe lent.is_current = record.isCurrent
        let base = unsafe room.baseAddress?.assumingMemoryBound(to: UInt8.self)
        unsafe lent.headers = base.map { unsafe $0 + record.content.headers.lowerBound }
        unsafe lent.headers_size = record.content.headers.count
        var previous: Range<Int>? = nil
        for index in 0..<min(record.content.count, MessageProtection.batchLimit) {
            let range = unsafe record.content.message(at: index, after: previous, in: room)
            unsafe opened[index] = conclave_bytes(bytes: base.map { unsafe $0 + range.lowerBound }, size: range.count)
            previous = range
        }
        unsafe lent.messages = UnsafePointer(opened)
        unsafe lent.message_count = record.content.count
        return unsafe lent
    }
}
