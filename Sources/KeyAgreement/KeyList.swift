internal import Primitives

/// The key list of GDH (paper §3.2): the partial key of each member, from which it computes the group key with its own
/// share, and the confirmation that the sender holds that key. In CKD (§6.4, round 3) the same for each member but the
/// controller: the group secret to the power of its pairwise key.
///
///     previous 32 · count u16 · count × (member u64 · partial key) · confirmation 32
struct KeyList: Equatable {
    /// One line.
    struct Entry: Equatable {
        var member: UInt64
        /// As many bytes as an element has.
        var partialKey: [UInt8]
    }

    /// The binding of the run that the base members continue from; zero when the run is from scratch.
    var previous: [UInt8]
    /// In the order of the run's members.
    var entries: [Entry]
    /// HMAC-SHA-256 under the new key over the run's binding and `confirmedBytes`.
    var confirmation: [UInt8] = []

    /// What the confirmation covers: everything before it.
    var confirmedBytes: [UInt8] {
        var writer = ByteWriter(capacity: 64 + entries.count * (8 + (entries.first?.partialKey.count ?? 0)))
        writer.writeRaw(previous)
        writer.writeUInt16(UInt16(truncatingIfNeeded: entries.count))
        for entry in entries {
            writer.writeUInt64(entry.member)
            writer.writeRaw(entry.partialKey)
        }
        return writer.bytes
    }

    var body: [UInt8] { confirmedBytes + confirmation }

    init(previous: [UInt8], entries: [Entry]) {
        self.previous = previous
        self.entries = entries
    }

    init(reading body: [UInt8], elementSize: Int) throws(AgreementError) {
        do throws(CodecError) {
            var reader = ByteReader(body)
            previous = try reader.readRaw(32)
            let count = Int(try reader.readUInt16())
            guard count <= AgreementRun.memberLimit else { throw .badValue }
            entries = []
            for _ in 0..<count {
                entries.append(
                    Entry(member: try reader.readUInt64(), partialKey: try reader.readRaw(elementSize)))
            }
            confirmation = try reader.readRaw(32)
            try reader.finish()
        } catch {
            throw .malformed
        }
    }
}

extension KeyList {
    /// The key list in a token, from the controller of the run, after the same last run, with an entry for each of
    /// these members in their order.
    init(
        in received: ReceivedToken, after previous: [UInt8], for members: ArraySlice<Participant>,
        _ run: RunContext, _ engine: inout AgreementEngine
    ) throws(AgreementError) {
        guard received.position == run.controller else { throw .wrongSender }
        try received.authenticate(in: run, &engine)
        try self.init(reading: received.envelope.body, elementSize: engine.elementSize)
        guard self.previous == previous else { throw .wrongRun }
        guard entries.map({ $0.member }) == members.map({ $0.id }) else { throw .memberListMismatch }
    }

    /// Whether its sender has proved to hold the key that it gives.
    func confirms(_ key: GroupKey, in run: RunContext) throws(AgreementError) -> Bool {
        try key.isConfirmed(by: confirmation, of: confirmedBytes, binding: run.binding)
    }
}
