internal import Primitives

// Sealing and opening.
extension EncryptMachine {
    /// Seals 1 to 64 messages in one record for the members of the view.
    ///
    /// Throws `.noKey` before the first view, and while a member that has left could open the record;
    /// and what `MessageProtection.seal` throws.
    public mutating func seal(
        _ messages: [[UInt8]], headers: [UInt8] = [], wholeMessage: Bool = false
    ) throws(EncryptError) -> [UInt8] {
        try maySeal()
        return try protection.seal(messages, headers: headers, wholeMessage: wholeMessage)
    }

    /// The same into the caller's memory.
    @unsafe
    public mutating func seal(
        _ messages: UnsafeBufferPointer<UnsafeBufferPointer<UInt8>>, headers: UnsafeBufferPointer<UInt8>,
        wholeMessage: Bool, into target: UnsafeMutableBufferPointer<UInt8>
    ) throws(EncryptError) -> Int {
        try maySeal()
        return unsafe try protection.seal(messages, headers: headers, wholeMessage: wholeMessage, into: target)
    }

    private func maySeal() throws(EncryptError) {
        if case .left = state { throw .hasLeft }
        guard canSeal else { throw .noKey }
    }

    /// Whether bytes are a sealed record, which `open` takes; everything else is for `received`, which takes records as
    /// well.
    public static func isRecord(_ bytes: UnsafeRawBufferPointer) -> Bool {
        unsafe bytes.count > 2 && bytes[0] == EncryptWire.version && bytes[1] == EncryptWire.Kind.record.rawValue
    }

    /// Opens a record into the caller's memory, without allocating any in the steady state. A record of an epoch that
    /// may still come is kept, and delivered by the action of a later event; then this throws `.unknownEpoch`.
    ///
    /// The sender is the member at `place(of:)` of the result.
    @unsafe
    public mutating func open(
        _ record: UnsafeBufferPointer<UInt8>, headers: UnsafeBufferPointer<UInt8>,
        into target: UnsafeMutableBufferPointer<UInt8>, now: UInt64
    ) throws(EncryptError) -> OpenedRecord {
        do throws(EncryptError) {
            if case .left = state { throw .hasLeft }
            return unsafe try protection.open(record, headers: headers, into: target, now: now)
        } catch {
            refusals.count(error)
            if error == .unknownEpoch {
                unsafe keep(
                    [UInt8](copying: UnsafeRawBufferPointer(record)),
                    headers: [UInt8](copying: UnsafeRawBufferPointer(headers)), now: now)
            }
            throw error
        }
    }

    mutating func receivedRecord(_ bytes: [UInt8], headers: [UInt8], now: UInt64) throws(EncryptError)
        -> [EncryptAction]
    {
        if case .left = state { throw .hasLeft }
        do throws(EncryptError) {
            return [.deliver(try delivery(try protection.open(bytes, headers: headers, now: now)))]
        } catch {
            if error == .unknownEpoch { keep(bytes, headers: headers, now: now) }
            throw error
        }
    }

    private func delivery(_ opened: OpenedMessages) throws(EncryptError) -> EncryptDelivery {
        guard let digest = MemberDigest(opened.sender.introductionDigest), let member = sender(digest) else {
            throw .unknownSender
        }
        return EncryptDelivery(sender: member, opened: opened)
    }

    /// A member of the installed view by its digest: only those speak, even with keys of an earlier epoch.
    func sender(_ digest: MemberDigest) -> EncryptMember? {
        installed?.view.members.first { $0.digest == digest }
    }

    // MARK: - Records that wait

    /// Keeps a record whose epoch may still come, and asks for that one after a while.
    private mutating func keep(_ bytes: [UInt8], headers: [UInt8], now: UInt64) {
        let epoch: [UInt8]
        do throws(EncryptError) { epoch = try MessageProtection.epochIdentifier(of: bytes) } catch { return }
        suspectMissedView(now: now)
        let size = bytes.count + headers.count
        guard size <= Self.waitingSizeLimit else { return }
        waiting.append(
            WaitingRecord(
                bytes: bytes, headers: headers, epoch: epoch, end: now &+ configuration.epochLifetime))
        waitingSize += size
        while waiting.count > Self.waitingLimit || waitingSize > Self.waitingSizeLimit { forgetOldest() }
    }

    private mutating func forgetOldest() {
        let record = waiting.removeFirst()
        waitingSize -= record.bytes.count + record.headers.count
        recordsDropped &+= 1
    }

    /// Drops records whose time is over, and tells how many went since it was last told.
    mutating func dropWaiting(now: UInt64) -> [EncryptAction] {
        while let first = waiting.first, first.end <= now { forgetOldest() }
        guard recordsDropped > recordsToldDropped else { return [] }
        defer { recordsToldDropped = recordsDropped }
        return [.event(.recordsDropped(recordsDropped - recordsToldDropped))]
    }

    /// Opens what has waited for an epoch that is known now.
    mutating func openWaiting(now: UInt64) -> [EncryptAction] {
        var actions: [EncryptAction] = []
        var others: [WaitingRecord] = []
        waitingSize = 0
        for record in waiting {
            guard protection.knows(epoch: record.epoch) else {
                others.append(record)
                waitingSize += record.bytes.count + record.headers.count
                continue
            }
            do throws(EncryptError) {
                let opened = try protection.open(record.bytes, headers: record.headers, now: now)
                actions.append(.deliver(try delivery(opened)))
            } catch {
                refusals.count(error)
                actions.append(.refused(error))
            }
        }
        waiting = others
        return actions
    }
}
