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
    private var verificationKeys = VerificationKeys(limit: 4_096)

    init(group: NumberGroup, identity: Identity, entropy: Entropy) {
        self.identity = identity
        self.entropy = entropy
        arithmetic = ExponentiationContext(group: group)
    }

    var generator: Element { arithmetic.generator }

    /// On how many threads many powers may be computed.
    var threads: Int {
        get { arithmetic.threads }
        set { arithmetic.threads = newValue }
    }

    /// Bytes of an element.
    var elementSize: Int { arithmetic.group.elementSize }

    /// Begins to count anew for a run.
    mutating func startRun() { runCounters = AgreementCounters() }

    /// Counts the messages among actions that the caller is about to get.
    mutating func count(_ actions: [AgreementAction]) {
        for action in actions {
            switch action {
            case .unicast: count { $0.unicasts &+= 1 }
            case .multicast, .multicastAgreed: count { $0.multicasts &+= 1 }
            case .install, .passedOver: break
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
            verificationKeys.verify(publicKey: publicKey, signature: signature, message: message)
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

    /// g ^ each share.
    mutating func raiseGenerator(_ shares: [Share]) throws(AgreementError) -> [Element] {
        count { $0.exponentiations &+= UInt64(shares.count) }
        do throws(ArithmeticError) {
            var exponents = ScalarList(group: arithmetic.group, capacity: shares.count)
            for share in shares { try exponents.append(share.scalar) }
            return try arithmetic.powers(arithmetic.generator, exponents)
        } catch {
            throw AgreementError(error)
        }
    }

    /// The key of a node of a key tree: the blinded key of one child ^ the key of the other, as the exponent that it
    /// stands for. For the root also the group key that is made of it, bound to a run.
    mutating func nodeKey(
        _ blinded: Element, _ key: Share, binding: [UInt8]?
    ) throws(AgreementError) -> (node: Share, group: GroupKey?) {
        count { $0.exponentiations &+= 1 }
        let secret: SecretElement
        do throws(ArithmeticError) { secret = try arithmetic.secretPower(blinded, key.scalar) } catch {
            throw AgreementError(error)
        }
        let node: Share
        do throws(ArithmeticError) { node = Share(try arithmetic.exponent(from: secret)) } catch {
            throw AgreementError(error)
        }
        guard let binding else { return (node, nil) }
        return (node, try GroupKey(from: secret, binding: binding))
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

    /// What a number that two members share stands for as an exponent: element ^ share, reduced to one.
    mutating func pairwiseKey(_ element: Element, _ share: Share) throws(AgreementError) -> Share {
        count { $0.exponentiations &+= 1 }
        do throws(ArithmeticError) {
            return Share(try arithmetic.exponent(from: try arithmetic.secretPower(element, share.scalar)))
        } catch {
            throw AgreementError(error)
        }
    }

    /// g ^ (share · factor) for each factor.
    mutating func raiseGenerator(to share: Share, times factors: [Share]) throws(AgreementError) -> [Element] {
        count { $0.exponentiations &+= UInt64(factors.count) }
        do throws(ArithmeticError) {
            var exponents = ScalarList(group: arithmetic.group, capacity: factors.count)
            for factor in factors { try exponents.append(try arithmetic.product(share.scalar, factor.scalar)) }
            return try arithmetic.powers(arithmetic.generator, exponents)
        } catch {
            throw AgreementError(error)
        }
    }

    /// (dividend / divisor) ^ share; nil for the identity.
    mutating func quotient(
        _ dividend: Element, _ divisor: Element, raisedTo share: Share
    ) throws(AgreementError) -> Element? {
        let quotient: Element?
        do throws(ArithmeticError) { quotient = try arithmetic.quotient(dividend, divisor) } catch {
            throw AgreementError(error)
        }
        guard let quotient else { return nil }
        return try raise(quotient, share)
    }

    /// The group key of BD: base ^ (count · share) · x1^(count - 1) · x2^(count - 2) …
    mutating func circleKey(
        _ base: Element, _ share: Share, count members: Int, factors: [Element?], binding: [UInt8]
    ) throws(AgreementError) -> GroupKey {
        count { $0.exponentiations &+= 1 }
        let secret: SecretElement
        do throws(ArithmeticError) {
            let exponent = try arithmetic.product(share.scalar, UInt32(truncatingIfNeeded: members))
            let factor = try arithmetic.productOfPrefixes(factors)
            secret = try arithmetic.secretPower(base, exponent, times: factor)
        } catch {
            throw AgreementError(error)
        }
        return try GroupKey(from: secret, binding: binding)
    }

    mutating func inverse(of share: Share) throws(AgreementError) -> Share {
        count { $0.inversions &+= 1 }
        do throws(ArithmeticError) { return Share(try arithmetic.inverse(share.scalar, entropy: entropy)) } catch {
            throw AgreementError(error)
        }
    }
}
