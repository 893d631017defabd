/// Round 2 of CKD: a member's g^r_i, to the controller.
///
///     value (as many bytes as an element has)
struct MemberValueToken: Equatable {
    var value: [UInt8]

    var body: [UInt8] { value }

    init(value: [UInt8]) { self.value = value }

    init(reading body: [UInt8], elementSize: Int) throws(AgreementError) {
        guard body.count == elementSize else { throw .malformed }
        value = body
    }
}
