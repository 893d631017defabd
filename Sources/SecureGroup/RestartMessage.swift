internal import KeyAgreement
internal import Primitives

/// A signed word about the restarts of a view's agreement (decision 9), always sent AGREED. After the byte of the
/// payload kind (2), big-endian:
///
///     version u8 · purpose u8 · suite u16 · group vector8 · view 32 · run 32 · number u8 · sender u64 · signature 64
struct RestartMessage: Equatable {
    enum Purpose: UInt8 {
        /// "I have no key: let us begin again, as restart `number`."
        case request = 1
        /// "I have installed this view": the answer to a request, which tells its sender that it missed the key list.
        case installed = 2
        /// "I continue with the key of the last secure view": said once in a view that restarts, by each member of the
        /// base. Who moved along without that key learns from it that it missed a key list.
        case continuing = 3
        /// "I acknowledge the flush without having sent a key list": said by the controller, so that nobody waits for
        /// it.
        case abandoned = 4
    }

    static let protocolVersion: UInt8 = 1
    /// No signature of another part of the library fits here.
    private static let signatureLabel = Array("Conclave restart request".utf8)

    var purpose: Purpose
    var suite: UInt16
    var group: [UInt8]
    /// The view's digest.
    var view: [UInt8]
    /// The attempt that the request ends, as `AgreementAttempt` names it.
    var run: [UInt8]
    /// From 1 in each view.
    var number: UInt8
    var sender: UInt64
    var signature: [UInt8] = []

    /// The payload, signed.
    func signed(by identity: Identity) throws(PrimitivesError) -> [UInt8] {
        let signature = try identity.sign(signedBytes)
        return unsignedPayload + signature
    }

    /// Whether `publicKey` signed it.
    func isSigned(by publicKey: [UInt8]) -> Bool {
        Identity.verify(publicKey: publicKey, signature: signature, message: signedBytes)
    }

    private var signedBytes: [UInt8] {
        var writer = ByteWriter(capacity: 256)
        writer.writeVector8(Self.signatureLabel)
        writer.writeRaw(unsignedPayload)
        return writer.bytes
    }

    /// All that the signature is made over, apart from its label.
    var unsignedPayload: [UInt8] {
        var writer = ByteWriter(capacity: 256)
        writer.writeUInt8(PayloadKind.restartRequest.rawValue)
        writer.writeUInt8(Self.protocolVersion)
        writer.writeUInt8(purpose.rawValue)
        writer.writeUInt16(suite)
        writer.writeVector8(group)
        writer.writeRaw(view)
        writer.writeRaw(run)
        writer.writeUInt8(number)
        writer.writeUInt64(sender)
        return writer.bytes
    }
}

extension RestartMessage {
    /// Reads a payload; the signature is not verified here. Throws `.malformed`.
    init(reading payload: [UInt8]) throws(SecureGroupError) {
        var reader = ByteReader(payload)
        do throws(CodecError) {
            guard try reader.readUInt8() == PayloadKind.restartRequest.rawValue,
                try reader.readUInt8() == Self.protocolVersion,
                let purpose = Purpose(rawValue: try reader.readUInt8())
            else { throw .badValue }
            self.purpose = purpose
            suite = try reader.readUInt16()
            group = try reader.readVector8(limit: AgreementRun.groupNameLimit)
            view = try reader.readRaw(32)
            run = try reader.readRaw(32)
            number = try reader.readUInt8()
            guard number > 0 else { throw .badValue }
            sender = try reader.readUInt64()
            signature = try reader.readRaw(Identity.signatureSize)
            try reader.finish()
        } catch {
            throw .malformed
        }
    }
}
