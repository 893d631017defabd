internal import Arithmetic
internal import Primitives

/// An agreed key: 32 secret bytes extracted from the group element, from which everything else is derived.
final class GroupKey {
    /// Equal at two members only if their keys and runs are: 32 public bytes.
    let fingerprint: [UInt8]
    private let secret: SecretBytes
    #if SIMULATION
        /// For the oracle of keys, which sees everybody's secrets.
        let element: [UInt8]
    #endif

    /// Extracts with the run's binding as salt, so that even an equal element gives another key in another run.
    init(from element: borrowing SecretElement, binding: [UInt8]) throws(AgreementError) {
        do throws(PrimitivesError) {
            let secret = try KeyDerivation.derive(
                from: element.bytes, salt: binding, label: "group key", context: [], count: 32)
            let name = try KeyDerivation.derive(from: secret, label: "fingerprint", context: binding, count: 32)
            fingerprint = unsafe name.withBytes { (bytes) in unsafe [UInt8](bytes) }
            self.secret = secret
            #if SIMULATION
                self.element = unsafe element.bytes.withBytes { (bytes) in unsafe [UInt8](bytes) }
            #endif
        } catch {
            throw AgreementError(error)
        }
    }

    func derive(label: StaticString, context: [UInt8], count: Int) throws(AgreementError) -> SecretBytes {
        do throws(PrimitivesError) {
            return try KeyDerivation.derive(from: secret, label: label, context: context, count: count)
        } catch {
            throw AgreementError(error)
        }
    }

    /// The code by which the sender of a key list proves that it holds this key: HMAC-SHA-256, 32 bytes.
    func confirmation(of list: [UInt8], binding: [UInt8]) throws(AgreementError) -> [UInt8] {
        var writer = ByteWriter(capacity: binding.count + list.count + 8)
        writer.writeVector8(binding)
        writer.writeVector32(list)
        do throws(PrimitivesError) {
            let key = try KeyDerivation.derive(from: secret, label: "confirmation", context: [], count: 32)
            return try KeyDerivation.authenticationCode(key: key, over: writer.bytes)
        } catch {
            throw AgreementError(error)
        }
    }

    /// Whether a confirmation shows that its sender holds this key.
    func isConfirmed(
        by confirmation: [UInt8], of covered: [UInt8], binding: [UInt8]
    ) throws(AgreementError) -> Bool {
        constantTimeEquals(try self.confirmation(of: covered, binding: binding), confirmation)
            || isBroken(.keyConfirmationIsDropped)
    }
}
