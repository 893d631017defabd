import Primitives

@testable import Flush
@testable import SecureGroup

extension FlushMachine {
    /// Whether it is in a view, and nothing is asked.
    var isSteady: Bool { state == .steady }
}

extension Reflection {
    /// All of an engine. The Flush machine cannot be copied, and so not be reflected as a whole: everything of it that
    /// changes stands here, field by field.
    static func bytes(of engine: borrowing GroupEngine, _ entropy: Entropy) -> [UInt8] {
        engine.withMachines { flush, secure in
            var reflection = Reflection()
            reflection.write(flush.state)
            reflection.write(flush.connection)
            reflection.write(flush.configuration)
            reflection.write(flush.installed as Any)
            reflection.write(flush.lineage)
            reflection.write(flush.highestCounter)
            reflection.write(flush.silent)
            reflection.write(flush.trusted)
            reflection.write(flush.insiders)
            // The key of one secure view; its members are those of the view.
            reflection.write((try? flush.key?.code(over: [1])) as Any)
            reflection.write((try? flush.formerKey?.code(over: [1])) as Any)
            reflection.write(flush.secureView as Any)
            reflection.write(flush.ownHello)
            reflection.write(flush.hearingUntil as Any)
            reflection.write(flush.admissionDeadline as Any)
            reflection.write(flush.nextReconsideration as Any)
            reflection.write(flush.reconsiderations)
            reflection.write(flush.nextStabilityRepeat as Any)
            reflection.write(flush.unstableSince as Any)
            return reflection.bytes + bytes(of: secure, entropy)
        }
    }
}
