internal import Primitives

/// The factor-out token (paper §3.2): the final token's value without the sender's share, for the new controller.
///
///     value (as many bytes as an element has)
struct FactorOutToken: Equatable {
    var value: [UInt8]

    var body: [UInt8] { value }

    init(value: [UInt8]) { self.value = value }

    init(reading body: [UInt8], elementSize: Int) throws(AgreementError) {
        guard body.count == elementSize else { throw .malformed }
        value = body
    }
}
