internal import Primitives

extension MessageProtection {
    /// Bytes of the record that `seal` makes of these messages. Throws `.tooLong`, `.badArgument`, `.noKey`.
    @unsafe
    public func sealedSize(
        _ messages: UnsafeBufferPointer<UnsafeBufferPointer<UInt8>>, headers: UnsafeBufferPointer<UInt8>,
        wholeMessage: Bool
    ) throws(EncryptError) -> Int {
        guard let current else { throw .noKey }
        let flags = try Self.flags(current, messages.count, wholeMessage)
        guard let size = unsafe RecordContent.size(messages, headers: headers.count, flags) else { throw .tooLong }
        return size + RecordHeader.overhead + (flags.contains(.signed) ? Identity.signatureSize : 0)
    }

    /// Seals messages in one record: one tag and, where records are signed, one signature for all of them.
    ///
    /// - Parameters:
    ///   - messages: 1 to 64, each of any size from 0; together at most 16 MiB.
    ///   - headers: what the host sends beside the record, or would: authenticated, and encrypted when `wholeMessage`.
    ///   - target: not where messages or headers are.
    /// - Returns: the record's size.
    /// - Throws: `.noKey`, `.exhausted`, `.tooLong`, `.badArgument` (no room, no or too many messages), `.primitives`.
    @unsafe
    public mutating func seal(
        _ messages: UnsafeBufferPointer<UnsafeBufferPointer<UInt8>>, headers: UnsafeBufferPointer<UInt8>,
        wholeMessage: Bool, into target: UnsafeMutableBufferPointer<UInt8>
    ) throws(EncryptError) -> Int {
        guard let current else { throw .noKey }
        let flags = try Self.flags(current, messages.count, wholeMessage)
        guard let size = unsafe RecordContent.size(messages, headers: headers.count, flags) else { throw .tooLong }
        let sealing = RecordHeader.overhead + size
        let total = sealing + (flags.contains(.signed) ? Identity.signatureSize : 0)
        guard target.count >= total, let start = target.baseAddress else { throw .badArgument }
        let (cipher, place, number) = try current.nextSealing()
        unsafe RecordHeader(flags: flags, epoch: current.tag, place: place, number: number).write(
            to: UnsafeMutableRawPointer(start))
        let content = unsafe start + RecordHeader.size
        // One message as it is goes from where it lies; whatever has more parts is put together first.
        var source = unsafe messages[0]
        if flags.contains(.batch) || wholeMessage {
            unsafe RecordContent.write(messages, headers: headers, flags, to: UnsafeMutableRawPointer(content))
            unsafe source = UnsafeBufferPointer(start: content, count: size)
        }
        let isBare = wholeMessage || isBroken(.encryptHeadersAreNotAuthenticated)
        let beside = unsafe isBare ? UnsafeBufferPointer(start: nil, count: 0) : headers
        do throws(PrimitivesError) {
            let header = unsafe UnsafeBufferPointer(start: UnsafePointer(start), count: RecordHeader.size)
            unsafe try cipher.seal(source, nonce: number, header: header, furtherHeader: beside, to: content)
            if let identity = current.identity, flags.contains(.signed) {
                unsafe gatherSigned(
                    current, UnsafeRawBufferPointer(start: start, count: sealing), UnsafeRawBufferPointer(beside))
                let signature = try identity.sign(signed)
                for index in signature.indices { unsafe start[sealing + index] = signature[index] }
            }
        } catch {
            throw .primitives(error)
        }
        counters.sealedRecords &+= 1
        counters.sealedMessages &+= UInt64(messages.count)
        return total
    }

    /// The same for arrays.
    public mutating func seal(
        _ messages: [[UInt8]], headers: [UInt8] = [], wholeMessage: Bool = false
    ) throws(EncryptError) -> [UInt8] {
        // The messages' bytes one behind the other, where they have addresses to point to.
        var all: [UInt8] = []
        for message in messages { all.append(copying: message) }
        var failure: EncryptError? = nil
        let record = unsafe all.withUnsafeBufferPointer { (all) -> [UInt8] in
            var parts: [UnsafeBufferPointer<UInt8>] = unsafe []
            var position = 0
            for message in messages {
                unsafe parts.append(UnsafeBufferPointer(rebasing: all[position..<position + message.count]))
                position += message.count
            }
            return unsafe parts.withUnsafeBufferPointer { (parts) -> [UInt8] in
                unsafe headers.withUnsafeBufferPointer { (headers) -> [UInt8] in
                    do throws(EncryptError) {
                        return unsafe try seal(parts, headers: headers, wholeMessage: wholeMessage)
                    } catch {
                        failure = error
                        return []
                    }
                }
            }
        }
        if let failure { throw failure }
        return record
    }

    @unsafe
    private mutating func seal(
        _ messages: UnsafeBufferPointer<UnsafeBufferPointer<UInt8>>, headers: UnsafeBufferPointer<UInt8>,
        wholeMessage: Bool
    ) throws(EncryptError) -> [UInt8] {
        let size = unsafe try sealedSize(messages, headers: headers, wholeMessage: wholeMessage)
        var failure: EncryptError? = nil
        let record = unsafe [UInt8](unsafeUninitializedCapacity: size) { (buffer, initialized) in
            do throws(EncryptError) {
                initialized = unsafe try seal(messages, headers: headers, wholeMessage: wholeMessage, into: buffer)
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return record
    }

    private static func flags(
        _ epoch: Epoch, _ count: Int, _ wholeMessage: Bool
    ) throws(EncryptError) -> RecordHeader.Flags {
        guard (1...RecordContent.batchLimit).contains(count) else { throw .badArgument }
        var flags: RecordHeader.Flags = epoch.parameters.authenticity == .signatures ? .signed : []
        if wholeMessage { flags.insert(.wholeMessage) }
        if count > 1 { flags.insert(.batch) }
        return flags
    }

    /// Puts together what a record's signature is made over: label and cluster, the headers beside it after their
    /// length, and the record up to its tag.
    @unsafe
    mutating func gatherSigned(_ epoch: Epoch, _ record: UnsafeRawBufferPointer, _ beside: UnsafeRawBufferPointer) {
        signed.removeAll(keepingCapacity: true)
        signed.append(copying: epoch.signaturePrefix)
        let size = UInt32(truncatingIfNeeded: beside.count)
        unsafe withUnsafeBytes(of: size.bigEndian) { (raw) in unsafe signed.append(contentsOf: raw) }
        unsafe signed.append(contentsOf: beside)
        unsafe signed.append(contentsOf: record)
    }
}
