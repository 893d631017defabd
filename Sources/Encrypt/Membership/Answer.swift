internal import Primitives

/// The newcomer's answer to a challenge. With it the coordinator knows that the introduction's owner is there now, and
/// what it was in before.
struct Answer: Equatable {
    var newcomer: MemberDigest
    var coordinator: MemberDigest
    /// Of the request that the challenge answered.
    var requestNonce: [UInt8]
    /// Of the challenge.
    var nonce: [UInt8]
    /// What the newcomer holds: its view, and how many are in it.
    var held: HeldView
    /// The newcomer's proof that it holds the pre-shared secret now, over `proven`; empty when it has none.
    var proof: [UInt8]

    /// What the proof is made over: what the challenge's was, told apart by the label of the proof.
    var proven: [UInt8] {
        Challenge.proven(coordinator: coordinator, newcomer: newcomer, requestNonce: requestNonce, nonce: nonce)
    }

    func signed(_ cluster: ClusterName, by identity: Identity) throws(EncryptError) -> [UInt8] {
        var writer = cluster.begin(.answer)
        writer.writeDigest(newcomer)
        writer.writeDigest(coordinator)
        writer.writeRaw(requestNonce)
        writer.writeRaw(nonce)
        held.write(&writer)
        writer.writeVector8(proof)
        return try cluster.sign(writer, by: identity)
    }

    static func read(_ bytes: [UInt8], _ cluster: ClusterName) throws(EncryptError) -> Signed<Answer> {
        try cluster.readSigned(bytes, .answer) { (reader) throws(CodecError) in
            Answer(
                newcomer: try .read(&reader), coordinator: try .read(&reader),
                requestNonce: try reader.readRaw(EncryptWire.nonceSize),
                nonce: try reader.readRaw(EncryptWire.nonceSize), held: try .read(&reader),
                proof: try reader.readProof())
        }
    }
}

/// The view that a member says it holds: counter 0 and an identifier of zeros stand for none.
struct HeldView: Equatable {
    /// The last counter of a view.
    static let counterLimit = UInt64.max / 2
    /// By how much one claim raises the counter of the next view at most: a hostile member has to be heeded for some
    /// two thousand million views before none is left, and a view that is made on demand takes its time.
    static let claimStep: UInt64 = 1 << 32

    var counter: UInt64
    /// The identifier of its epoch.
    var epoch: [UInt8]
    /// How many members it has.
    var memberCount: UInt16

    static let none = HeldView(counter: 0, epoch: [UInt8](repeating: 0, count: Epoch.identifierSize), memberCount: 0)

    func write(_ writer: inout ByteWriter) {
        writer.writeUInt64(counter)
        writer.writeRaw(epoch)
        writer.writeUInt16(memberCount)
    }

    static func read(_ reader: inout ByteReader) throws(CodecError) -> HeldView {
        let held = HeldView(
            counter: try reader.readUInt64(), epoch: try reader.readRaw(Epoch.identifierSize),
            memberCount: try reader.readUInt16())
        guard held.counter <= counterLimit, (held.counter == 0) == (held.memberCount == 0),
            held.counter > 0 || held == .none
        else { throw .badValue }
        return held
    }
}
