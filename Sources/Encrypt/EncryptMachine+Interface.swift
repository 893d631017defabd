// What the C interface asks on its short way.
extension EncryptMachine {
    /// The place in the installed view of who sealed a record that was just opened.
    public func place(of record: OpenedRecord) -> Int? {
        if record.isCurrent { return record.place }
        guard let sealer = protection.member(at: record.place, counter: record.counter),
            let digest = MemberDigest(sealer.introductionDigest)
        else { return nil }
        return view?.place(of: digest)
    }

    /// Bytes of the record that `seal` makes of these messages. Throws what `seal` does.
    @unsafe
    public func sealedSize(
        _ messages: UnsafeBufferPointer<UnsafeBufferPointer<UInt8>>, headers: UnsafeBufferPointer<UInt8>,
        wholeMessage: Bool
    ) throws(EncryptError) -> Int {
        guard !hasLeft else { throw .hasLeft }
        guard canSeal else { throw .noKey }
        return unsafe try protection.sealedSize(messages, headers: headers, wholeMessage: wholeMessage)
    }
}
