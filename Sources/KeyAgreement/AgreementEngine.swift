internal import Arithmetic
internal import Primitives

/// A member's share of a group key. The object is shared by the states of a run and the run it completes; the number is
/// wiped with the last of them.
final class Share {
    let scalar: Scalar

    init(_ scalar: consuming Scalar) { self.scalar = scalar }
}

/// What every agreement does with keys and numbers: each operation counts itself and speaks `AgreementError`.
struct AgreementEngine: ~Copyable {
    let identity: Identity
    private(set) var runCounters = AgreementCounters()
    private(set) var totalCounters = AgreementCounters()
    private let entropy: Entropy
    private var arithmetic: ExponentiationContext

    init(group: NumberGroup, identity: Identity, entropy: Entropy) {
        self.identity = identity
        self.entropy = entropy
        arithmetic = ExponentiationContext(group: group)
    }

    var generator: Element { arithmetic.generator }

    /// Begins to count anew for a run.
    mutating func startRun() { runCounters = AgreementCounters() }

    /// Counts the messages among actions that the caller is about to get.
    mutating func count(_ actions: [AgreementAction]) {
        for action in actions {
            switch action {
            case .unicast: count { $0.unicasts &+= 1 }
            case .multicast, .multicastAgreed: count { $0.multicasts &+= 1 }
            case .install: break
            }
        }
    }

    private mutating func count(_ change: (inout AgreementCounters) -> Void) {
        change(&runCounters)
        change(&totalCounters)
    }
}

// MARK: - Signatures

extension AgreementEngine {
    mutating func sign(_ message: [UInt8]) throws(AgreementError) -> [UInt8] {
        count { $0.signatures &+= 1 }
        do throws(PrimitivesError) { return try identity.sign(message) } catch { throw AgreementError(error) }
    }

    mutating func verify(_ signature: [UInt8], over message: [UInt8], by publicKey: [UInt8]) throws(AgreementError) {
        count { $0.verifications &+= 1 }
        guard
            Identity.verify(publicKey: publicKey, signature: signature, message: message)
                || isBroken(.tokenSignatureIsSkipped)
        else { throw .badSignature }
    }
}

// MARK: - Numbers

extension AgreementEngine {
    func freshShare() throws(AgreementError) -> Share {
        do throws(ArithmeticError) {
            return Share(try Scalar(random: arithmetic.group, from: entropy))
        } catch {
            throw AgreementError(error)
        }
    }

    /// The element of received bytes, checked to be in the subgroup of prime order.
    mutating func check(_ bytes: [UInt8]) throws(AgreementError) -> Element {
        count { $0.membershipChecks &+= 1 }
        do throws(ArithmeticError) { return try arithmetic.element(checking: bytes) } catch {
            throw AgreementError(error)
        }
    }

    /// base ^ share.
    mutating func raise(_ base: Element, _ share: Share) throws(AgreementError) -> Element {
        count { $0.exponentiations &+= 1 }
        do throws(ArithmeticError) { return try arithmetic.power(base, share.scalar) } catch {
            throw AgreementError(error)
        }
    }

    /// Each base ^ share.
    mutating func raise(_ bases: [Element], _ share: Share) throws(AgreementError) -> [Element] {
        count { $0.exponentiations &+= UInt64(bases.count) }
        do throws(ArithmeticError) { return try arithmetic.powers(bases, share.scalar) } catch {
            throw AgreementError(error)
        }
    }

    /// value ^ (1 / share modulo q): takes the share out of the value.
    mutating func factorOut(_ share: Share, of value: Element) throws(AgreementError) -> Element {
        try raise(value, try inverse(of: share))
    }

    /// new / old modulo q: the exponent that replaces one share by another.
    mutating func quotient(_ new: Share, _ old: Share) throws(AgreementError) -> Share {
        let inverse = try inverse(of: old)
        do throws(ArithmeticError) { return Share(try arithmetic.product(new.scalar, inverse.scalar)) } catch {
            throw AgreementError(error)
        }
    }

    /// The group key of a member: its partial key ^ share, bound to a run.
    mutating func groupKey(
        _ partialKey: Element, _ share: Share, binding: [UInt8]
    ) throws(AgreementError) -> GroupKey {
        count { $0.exponentiations &+= 1 }
        let secret: SecretElement
        do throws(ArithmeticError) { secret = try arithmetic.secretPower(partialKey, share.scalar) } catch {
            throw AgreementError(error)
        }
        return try GroupKey(from: secret, binding: binding)
    }

    private mutating func inverse(of share: Share) throws(AgreementError) -> Share {
        count { $0.inversions &+= 1 }
        do throws(ArithmeticError) { return Share(try arithmetic.inverse(share.scalar, entropy: entropy)) } catch {
            throw AgreementError(error)
        }
    }
}
