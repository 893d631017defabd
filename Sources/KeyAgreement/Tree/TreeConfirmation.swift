internal import Primitives

/// What ends a run of TGDH or STR, AGREED: the oldest member has all blinded keys, and proves that it holds the key.
///
///     previous 32 · confirmation 32
struct TreeConfirmation: Equatable {
    /// The binding of the run that the base members continue from; zero when the run is from scratch.
    var previous: [UInt8]
    /// HMAC-SHA-256 under the new key over the run's binding and `previous`.
    var confirmation: [UInt8]

    var body: [UInt8] { previous + confirmation }

    init(previous: [UInt8], confirmation: [UInt8]) {
        self.previous = previous
        self.confirmation = confirmation
    }

    init(reading body: [UInt8]) throws(AgreementError) {
        do throws(CodecError) {
            var reader = ByteReader(body)
            previous = try reader.readRaw(32)
            confirmation = try reader.readRaw(32)
            try reader.finish()
        } catch {
            throw .malformed
        }
    }
}
