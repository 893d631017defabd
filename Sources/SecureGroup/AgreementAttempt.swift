internal import Flush
internal import KeyAgreement
internal import Primitives

/// One attempt to agree on the key of a view: the first, or a restart. From it every member computes the same run.
struct AgreementAttempt {
    let group: [UInt8]
    let binding: ViewBinding
    let view: FlushView
    /// 0, or the number of the restart.
    let number: UInt8
    /// SHA-256 over group, view, members, the hellos' transcript (whose nonces make it fresh) and the number.
    let digest: [UInt8]

    init(group: [UInt8], binding: ViewBinding, view: FlushView, number: UInt8) throws(PrimitivesError) {
        self.group = group
        self.binding = binding
        self.view = view
        self.number = number
        digest = try Self.digest(group: group, binding: binding, view: view, number: number)
    }

    /// The attempt after a restart.
    func restarted(as number: UInt8) throws(PrimitivesError) -> AgreementAttempt {
        try AgreementAttempt(group: group, binding: binding, view: view, number: number)
    }

    /// The digest of another attempt in the same view.
    func digest(ofAttempt number: UInt8) throws(PrimitivesError) -> [UInt8] {
        try Self.digest(group: group, binding: binding, view: view, number: number)
    }

    /// The run of this attempt with so many members in the view's base; with 0, and in a restart, it is from scratch.
    ///
    /// The base is part of the run's identifier also in a restart, where it decides nothing else: no run is completed
    /// by members who disagree on who came along with the last secure view. (And a new member may begin with a base
    /// that turns out to be wrong, while no identifier may be used twice.)
    func run(baseCount: Int) throws(PrimitivesError) -> AgreementRun {
        var writer = ByteWriter(capacity: 64)
        writer.writeVector8(Array("Conclave run".utf8))
        writer.writeRaw(digest)
        writer.writeUInt16(UInt16(truncatingIfNeeded: baseCount))
        return AgreementRun(
            group: group, view: binding.viewDigest, run: try Digest.sha256(writer.bytes),
            members: view.members.map { Participant(id: $0.id, publicKey: $0.publicKey) },
            baseCount: max(baseCount, 1), fromScratch: baseCount == 0 || number > 0)
    }

    private static func digest(
        group: [UInt8], binding: ViewBinding, view: FlushView, number: UInt8
    ) throws(PrimitivesError) -> [UInt8] {
        var writer = ByteWriter(capacity: 128 + 40 * view.members.count)
        writer.writeVector8(Array("Conclave attempt".utf8))
        writer.writeVector8(group)
        writer.writeRaw(binding.viewDigest)
        writer.writeVector8(view.transcript)
        writer.writeUInt16(UInt16(truncatingIfNeeded: view.members.count))
        for member in view.members {
            writer.writeUInt64(member.id)
            writer.writeVector8(member.publicKey)
        }
        writer.writeUInt8(isBroken(.restartKeepsRun) ? 0 : number)
        return try Digest.sha256(writer.bytes)
    }
}

/// An agreement token as Flush carries it: the payload kind (1), how many members are in the view's base (2 bytes), the
/// token.
///
/// Those who moved together with the first member know the base; nobody else can, and learns it from the partial token.
/// The number needs no signature of its own: the run's identifier, which the token signs, contains it.
struct TokenPayload {
    let baseCount: Int
    let token: [UInt8]

    var bytes: [UInt8] {
        var writer = ByteWriter(capacity: token.count + 3)
        writer.writeUInt8(PayloadKind.agreementToken.rawValue)
        writer.writeUInt16(UInt16(truncatingIfNeeded: baseCount))
        writer.writeRaw(token)
        return writer.bytes
    }

    init(baseCount: Int, token: [UInt8]) {
        self.baseCount = baseCount
        self.token = token
    }

    /// What kind of token a payload is, as far as its first bytes tell; nil for what is none.
    static func kind(of payload: ArraySlice<UInt8>) -> TokenKind? {
        guard payload.first == PayloadKind.agreementToken.rawValue else { return nil }
        return TokenKind(of: payload.dropFirst(3))
    }

    /// Reads a payload; throws `.malformed`.
    init(reading payload: [UInt8]) throws(SecureGroupError) {
        var reader = ByteReader(payload)
        do throws(CodecError) {
            guard try reader.readUInt8() == PayloadKind.agreementToken.rawValue else { throw .badValue }
            baseCount = Int(try reader.readUInt16())
            guard baseCount <= AgreementRun.memberLimit else { throw .badValue }
            token = [UInt8](reader.readRest())
        } catch {
            throw .malformed
        }
    }
}
