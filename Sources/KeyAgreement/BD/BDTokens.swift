internal import Primitives

/// Round 1 of BD: a member's Z_i = g^r_i, to all.
///
///     value (as many bytes as an element has)
struct BDFirstToken: Equatable {
    var value: [UInt8]

    var body: [UInt8] { value }

    init(value: [UInt8]) { self.value = value }

    init(reading body: [UInt8], elementSize: Int) throws(AgreementError) {
        guard body.count == elementSize else { throw .malformed }
        value = body
    }
}

/// Round 2 of BD: a member's X_i = (Z_(i+1) / Z_(i-1))^r_i, to all. It may be the identity, which is no element.
///
///     is an element u8 (1) · value (as many bytes as an element has); or 0 alone for the identity
struct BDSecondToken: Equatable {
    /// nil for the identity.
    var value: [UInt8]?

    var body: [UInt8] {
        guard let value else { return [0] }
        return [1] + value
    }

    init(value: [UInt8]?) { self.value = value }

    init(reading body: [UInt8], elementSize: Int) throws(AgreementError) {
        if body == [0] {
            value = nil
            return
        }
        guard body.count == elementSize + 1, body.first == 1 else { throw .malformed }
        value = Array(body.dropFirst())
    }
}

/// The end of a run of BD: the oldest member's proof that it holds the key, to all.
///
///     confirmation 32
struct BDConfirmation: Equatable {
    /// HMAC-SHA-256 under the new key over the run's binding and all values of round 2.
    var confirmation: [UInt8]

    var body: [UInt8] { confirmation }

    init(confirmation: [UInt8]) { self.confirmation = confirmation }

    init(reading body: [UInt8]) throws(AgreementError) {
        guard body.count == 32 else { throw .malformed }
        confirmation = body
    }
}
