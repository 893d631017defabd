internal import Primitives

/// A new member's contribution to a key tree: the blinded key of its leaf, for everybody.
///
///     blinded key (as many bytes as an element has)
struct BlindedLeafToken: Equatable {
    var blinded: [UInt8]

    var body: [UInt8] { blinded }

    init(blinded: [UInt8]) { self.blinded = blinded }

    init(reading body: [UInt8], elementSize: Int) throws(AgreementError) {
        guard body.count == elementSize else { throw .malformed }
        blinded = body
    }
}
