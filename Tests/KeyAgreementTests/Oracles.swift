import Arithmetic
import Primitives
import Testing

@testable import KeyAgreement

/// What the oracles, which see everybody's secrets, remember of them.
struct SeenSecrets {
    /// GDH: the shares in the key of a run, by its binding, and of those who have left the shares that stay in it.
    struct Product {
        var members: [UInt64: Share]
        var departed: [Share]
    }

    var products: [[UInt8]: Product] = [:]
    /// CKD: what each two chose when they last agreed on a pairwise key that was then used.
    struct Pair: Hashable {
        let controller: UInt64
        let member: UInt64
    }

    var pairs: [Pair: (controller: Share, member: Share)] = [:]
    /// Of the run under way in CKD: r_1, and each r_i, which is all in BD.
    var controllerShare: Share?
    var shares: [UInt64: Share] = [:]

    mutating func startRun() {
        controllerShare = nil
        shares = [:]
    }
}

extension Scenario {
    /// After each step of a member: what it has drawn.
    func look(at member: Member) {
        switch member.context.machine {
        case .gdh, .tree: break
        case .ckd(let machine):
            switch machine.state {
            case .waitForControllerValue(let state): seen.shares[member.id] = state.share
            case .collectMemberValues(let state): seen.controllerShare = state.value.share
            case .idle, .waitForKeyList: break
            }
        case .bd(let machine):
            if case .exchange(let exchange) = machine.state { seen.shares[member.id] = exchange.share }
        }
    }

    /// After a run that all have installed.
    func noteCompletion() {
        guard let run = current else { return }
        let ids = run.members.map { $0.id }
        switch suite.agreement {
        case .gdh: noteProduct(of: run, ids)
        case .tgdh, .str, .bd: break
        case .ckd:
            guard let share = seen.controllerShare else { return }
            for id in ids.dropFirst() {
                guard let own = seen.shares[id] else { continue }
                seen.pairs[SeenSecrets.Pair(controller: ids[0], member: id)] = (share, own)
            }
        }
    }

    /// All members of a completed run hold the same key, which is the one that follows from all secrets.
    func expectAgreement(_ ids: [UInt64]) throws {
        for id in ids {
            #expect(self[id].context.fingerprint == self[ids[0]].context.fingerprint)
            #expect(self[id].context.phase == .idle)
        }
        if current?.run == self[ids[0]].run?.identifier { noteCompletion() }
        guard ids.count > 1 || suite.agreement == .gdh else { return }
        switch suite.agreement {
        case .gdh: try expectProduct(ids)
        case .ckd: try expectDistribution(ids)
        case .tgdh, .str: try expectTree(TreeModel(#require(self[ids[0]].tree.tree)))
        case .bd: try expectCircle(ids)
        }
    }

    private func fingerprint(of secret: borrowing SecretElement, _ ids: [UInt64]) throws -> [UInt8] {
        try GroupKey(from: secret, binding: self[ids[0]].completed!.binding).fingerprint
    }
}

// MARK: - GDH: g to the product of all shares

extension Scenario.Member {
    /// What GDH keeps of the last run.
    var gdh: GDHMachine.Kept {
        guard case .gdh(let machine) = context.machine else { preconditionFailure("not GDH") }
        return machine.kept!
    }

    var share: Share { gdh.share }
    var partialKeys: [PartialKey] { gdh.partialKeys }
}

extension Scenario {
    private func noteProduct(of run: AgreementRun, _ ids: [UInt64]) {
        var departed: [Share] = []
        if !run.fromScratch, ids.count > 1, let last = seen.products[lastBinding] {
            departed = last.departed
            for id in last.members.keys.sorted() where !ids.prefix(run.baseCount).contains(id) {
                departed.append(last.members[id]!)
            }
        }
        var shares: [UInt64: Share] = [:]
        for id in ids { shares[id] = self[id].share }
        seen.products[self[ids[0]].completed!.binding] = SeenSecrets.Product(members: shares, departed: departed)
    }

    /// The product is right, and so is every partial key.
    private func expectProduct(_ ids: [UInt64]) throws {
        var arithmetic = ExponentiationContext(group: suite.group)
        let departed = seen.products[self[ids[0]].completed!.binding]?.departed ?? []
        var constant = arithmetic.generator
        for share in departed { constant = try arithmetic.power(constant, share.scalar) }
        for (position, id) in ids.enumerated() {
            var partialKey = constant
            for other in ids where other != id {
                partialKey = try arithmetic.power(partialKey, self[other].share.scalar)
            }
            for holder in ids { #expect(self[holder].partialKeys[position].bytes == partialKey.bytes) }
            let key = try arithmetic.secretPower(partialKey, self[id].share.scalar)
            #expect(try fingerprint(of: key, ids) == self[id].context.fingerprint)
        }
    }
}

// MARK: - CKD: what the list says, without each pairwise key

extension Scenario {
    private func expectDistribution(_ ids: [UInt64]) throws {
        var arithmetic = ExponentiationContext(group: suite.group)
        let token = try #require(sent.last { TokenEnvelopeKind($0.bytes) == .ckdKeyList })
        let size = suite.group.elementSize
        let list = try KeyList(reading: TokenEnvelope(reading: token.bytes).body, elementSize: size)
        #expect(token.sender == ids[0] && list.entries.map { $0.member } == Array(ids.dropFirst()))
        for entry in list.entries {
            let pair = try #require(seen.pairs[SeenSecrets.Pair(controller: ids[0], member: entry.member)])
            let value = try arithmetic.power(arithmetic.generator, pair.member.scalar)
            let shared = try arithmetic.secretPower(value, pair.controller.scalar)
            let exponent = try arithmetic.exponent(from: shared)
            let inverse = try arithmetic.inverse(exponent, entropy: .seeded(1))
            let secret = try arithmetic.secretPower(arithmetic.element(checking: entry.partialKey), inverse)
            #expect(try fingerprint(of: secret, ids) == self[entry.member].context.fingerprint)
        }
    }
}

// MARK: - BD: the members in a circle

extension Scenario {
    private func expectCircle(_ ids: [UInt64]) throws {
        var arithmetic = ExponentiationContext(group: suite.group)
        let shares = try ids.map { try #require(seen.shares[$0]) }
        // g^(r_i r_(i+1)) of all but the first pair, multiplied one by one: the dumb way.
        var others: Element?
        for place in ids.indices.dropFirst() {
            let value = try arithmetic.power(arithmetic.generator, shares[place].scalar)
            let pair = try arithmetic.power(value, shares[(place + 1) % ids.count].scalar)
            guard let product = others else {
                others = pair
                continue
            }
            // x1 · (x1 x2) with x2 = y / x1 is x1 y.
            others = try arithmetic.productOfPrefixes([product, arithmetic.quotient(pair, product)])
        }
        let first = try arithmetic.power(arithmetic.generator, shares[0].scalar)
        let key = try arithmetic.secretPower(first, shares[1].scalar, times: others)
        #expect(try fingerprint(of: key, ids) == self[ids[0]].context.fingerprint)
    }
}
