public import CConclave
internal import Drivers
internal import Flush
internal import Primitives
internal import SecureGroup

/// What `conclave_group` stands for: the driver, and what was lent to the program with the last event.
final class GroupObject {
    let driver: GroupDriver
    /// The view of the VIEW event that was fetched last.
    private(set) var fetchedView: FetchedView? = nil
    private let noData = LentBytes([])
    private let noText = LentText("")
    private var data: LentBytes
    private var senderName: LentText
    private var eventMessage: LentText
    /// Of the message that was fetched last: the next one is mostly of the same sender.
    private var lastSender: (id: UInt64, name: LentText)
    /// The names that were lent since the last event, each once.
    private var awaitedNames: [(name: String, text: LentText)] = []
    private var failureMessage = LentText("")
    let metrics = LentMetrics()
    var log: GroupLog? = nil
    private var isAnswering = false

    init(_ driver: GroupDriver) {
        self.driver = driver
        data = noData
        (senderName, eventMessage) = (noText, noText)
        lastSender = (0, noText)
    }

    /// Runs what a call does, and keeps the message of its failure. Refused from inside a function of the program's own
    /// engine that this group is calling.
    func answering(_ body: () throws(Failure) -> Void) -> conclave_status {
        guard !isAnswering else { return conclave_status(CONCLAVE_E_WRONG_STATE) }
        isAnswering = true
        defer { isAnswering = false }
        defer { log?.tell(driver) }
        do throws(Failure) {
            try body()
            return conclave_status(CONCLAVE_OK)
        } catch {
            // That there is nothing yet is no failure, and leaves the message of the last one alone.
            switch Int(error.status) {
            case CONCLAVE_E_NO_EVENT, CONCLAVE_E_TIMED_OUT, CONCLAVE_E_INTERRUPTED: break
            default: failureMessage = LentText(error.message)
            }
            return error.status
        }
    }

    var lentFailureMessage: UnsafePointer<CChar> { unsafe UnsafePointer(failureMessage.pointer) }

    /// Fills an event; what it points to stays until the next one.
    func lend(_ event: GroupDriverEvent) -> conclave_event {
        data = noData
        senderName = noText
        eventMessage = noText
        awaitedNames = []
        var filled = unsafe conclave_event()
        unsafe filled.size = MemoryLayout<conclave_event>.size
        switch event {
        case .group(let event): unsafe lend(event, &filled)
        case .left(let reason):
            let failure = Failure(reason)
            eventMessage = LentText(failure.message)
            unsafe filled.kind = UInt32(CONCLAVE_EVENT_LEFT)
            unsafe filled.status = failure.status
        }
        unsafe filled.sender_name = UnsafePointer(senderName.pointer)
        unsafe filled.message = UnsafePointer(eventMessage.pointer)
        unsafe filled.data = UnsafePointer(data.pointer)
        unsafe filled.data_size = data.count
        unsafe filled.view_counter = fetchedView?.installed.view.id.counter ?? 0
        return unsafe filled
    }

    private func lend(_ event: GroupEvent, _ filled: inout conclave_event) {
        switch event {
        case .flushRequest: unsafe filled.kind = UInt32(CONCLAVE_EVENT_FLUSH_REQUEST)
        case .transitionalSignal: unsafe filled.kind = UInt32(CONCLAVE_EVENT_TRANSITIONAL_SIGNAL)
        case .view(let installed):
            unsafe filled.kind = UInt32(CONCLAVE_EVENT_VIEW)
            fetchedView = FetchedView(installed)
        case .message(let sender, let service, let isPrivate, let payload):
            unsafe filled.kind = UInt32(CONCLAVE_EVENT_MESSAGE)
            unsafe filled.service = UInt32(service.rawValue)
            unsafe filled.sender = sender.id
            unsafe filled.is_private = isPrivate
            if sender.id != lastSender.id { lastSender = (sender.id, LentText(sender.name)) }
            senderName = lastSender.name
            data = LentBytes(payload)
        case .problem(let problem, let member):
            let failure = Failure(problem)
            unsafe filled.kind = UInt32(CONCLAVE_EVENT_ERROR)
            unsafe filled.status = failure.status
            unsafe filled.sender = member?.id ?? 0
            senderName = LentText(member?.name ?? "")
            eventMessage = LentText(failure.message)
        }
    }

    /// A member that is waited for; its name is lent until the next event.
    func lendAwaited(_ member: Member) -> conclave_member {
        let text: LentText
        if let lent = awaitedNames.first(where: { $0.name.isSame(as: member.name) }) {
            text = lent.text
        } else {
            text = LentText(member.name)
            awaitedNames.append((member.name, text))
        }
        return unsafe describe(
            member, text, isSelf: member.id == driver.id,
            isTransitional: fetchedView?.installed.view.transitionalSet.contains(member.id) ?? false, hasJoined: false)
    }
}

/// A view as C sees it, with the names it has lent.
final class FetchedView {
    let installed: InstalledSecureView
    private let names: [LentText]
    private let leftNames: [LentText]

    init(_ installed: InstalledSecureView) {
        self.installed = installed
        names = installed.view.members.map { LentText($0.name) }
        leftNames = installed.view.left.map { LentText($0.name) }
    }

    var description: conclave_view {
        var filled = conclave_view()
        filled.size = MemoryLayout<conclave_view>.size
        filled.counter = installed.view.id.counter
        unsafe withUnsafeMutableBytes(of: &filled.id) { unsafe $0.copyBytes(from: installed.view.id.hash) }
        unsafe withUnsafeMutableBytes(of: &filled.key_fingerprint) {
            unsafe $0.copyBytes(from: installed.view.keyFingerprint)
        }
        filled.member_count = installed.view.members.count
        filled.left_count = installed.view.left.count
        filled.`self` = installed.ownID
        return filled
    }

    func member(at index: Int) -> conclave_member? {
        guard installed.view.members.indices.contains(index) else { return nil }
        let member = installed.view.members[index]
        return unsafe describe(
            member, names[index], isSelf: member.id == installed.ownID,
            isTransitional: installed.view.transitionalSet.contains(member.id),
            hasJoined: !installed.previousMembers.contains { $0.id == member.id })
    }

    func leftMember(at index: Int) -> conclave_member? {
        guard installed.view.left.indices.contains(index) else { return nil }
        return unsafe describe(
            installed.view.left[index], leftNames[index], isSelf: false, isTransitional: false, hasJoined: false)
    }
}

@unsafe
private func describe(
    _ member: Member, _ name: LentText, isSelf: Bool, isTransitional: Bool, hasJoined: Bool
) -> conclave_member {
    var filled = unsafe conclave_member()
    unsafe filled.size = MemoryLayout<conclave_member>.size
    unsafe filled.id = member.id
    unsafe filled.name = UnsafePointer(name.pointer)
    unsafe withUnsafeMutableBytes(of: &filled.public_key) { unsafe $0.copyBytes(from: member.publicKey) }
    unsafe filled.is_self = isSelf
    unsafe filled.is_transitional = isTransitional
    unsafe filled.has_joined = hasJoined
    return unsafe filled
}
