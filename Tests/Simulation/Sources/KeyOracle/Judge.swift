import Traces

@testable import Arithmetic
@testable import KeyAgreement
@testable import Primitives
@testable import SecureGroup

/// What is known of all keys, and the claims about it.
final class Judge<N: Numbers>: KeyJudge {
    /// A membership and every secret it ever held.
    struct Holder {
        let id: UInt64
        var shares: [N.Exponent] = []
        var keys: [N.Number] = []
        /// The run and the share that were said last.
        var last: (binding: [UInt8], share: [UInt8])? = nil
        /// The share with which it installed its last view.
        var installed: [UInt8]? = nil
    }

    /// A run, as those who took part in it told.
    struct Run {
        let identifier: [UInt8]
        let members: [UInt64]
        let baseCount: Int
        var shares: [UInt64: N.Exponent] = [:]
    }

    struct View {
        let name: ViewName
        let members: [UInt64]
        let binding: [UInt8]
        let fingerprint: [UInt8]
        /// What the first who installed it computes from its partial key and its share.
        let key: N.Number
        let firstInstaller: UInt64
        /// TGDH and STR: the tree as that one has it (`KeyEvidence.Key.tree`).
        let tree: [UInt64]
        /// The shares at its leaves. Whoever has not begun the run, and need not send anything in it, keeps the one of
        /// its last view.
        let leaves: [UInt64: N.Exponent]
    }

    /// The exponent of a key: the share of each member, and the product of what members left behind who are gone or
    /// have come anew.
    struct Exponents {
        var shares: [(member: UInt64, share: N.Exponent)]
        var rest: N.Exponent
    }

    let numbers: N
    let agreement: AgreementProtocol
    let budget: Int
    var random: UInt64
    private(set) var values: Set<N.Number>
    private(set) var holders: [Holder] = []
    private(set) var views: [View] = []
    private var holderIndex: [UInt64: Int] = [:]
    private var viewIndex: [ViewName: Int] = [:]
    private(set) var runs: [[UInt8]: Run] = [:]
    /// For each run's identifier, the binding of the run that its key list continues from.
    private(set) var previous: [[UInt8]: [UInt8]] = [:]
    /// CKD: what a run's key list holds for each member.
    private(set) var distributed: [[UInt8]: [(member: UInt64, value: N.Number)]] = [:]
    private var found: [String] = []

    init(_ numbers: N, _ agreement: AgreementProtocol, seed: UInt64, budget: Int?) {
        self.numbers = numbers
        self.agreement = agreement
        self.budget = budget ?? numbers.defaultBudget
        random = seed
        values = [numbers.generator]
    }

    func violations() -> [String] {
        var exponents: [[UInt8]: Exponents] = [:]
        let wrong = views.compactMap { view in
            switch agreement {
            case .gdh: wrongProduct(view, &exponents)
            case .ckd: wrongDistribution(view)
            case .bd: wrongCircle(view)
            case .tgdh, .str: wrongTree(view)
            }
        }
        return found + differentKeys() + wrong + reachableKeys()
    }
}

// MARK: - What happens

extension Judge {
    func transmitted(_ payload: [UInt8]) {
        guard let token = try? TokenPayload(reading: payload),
            let envelope = try? TokenEnvelope(reading: token.token)
        else { return }
        for value in transmittedValues(envelope) { values.insert(value) }
    }

    private func transmittedValues(_ envelope: TokenEnvelope) -> [N.Number] {
        let size = numbers.group.elementSize
        switch envelope.kind {
        case .partialToken:
            let token = try? PartialToken(reading: envelope.body, elementSize: size)
            return [token].compactMap { $0.flatMap { numbers.number($0.value) } }
        case .finalToken:
            let token = try? FinalToken(reading: envelope.body, elementSize: size)
            return [token].compactMap { $0.flatMap { numbers.number($0.value) } }
        case .factorOutToken: return [envelope.body].compactMap { numbers.number($0) }
        case .keyList:
            guard let list = try? KeyList(reading: envelope.body, elementSize: size) else { return [] }
            previous[envelope.run] = list.previous
            return list.entries.compactMap { numbers.number($0.partialKey) }
        case .controllerValue:
            let token = try? ControllerValueToken(reading: envelope.body, elementSize: size)
            return [token].compactMap { $0.flatMap { numbers.number($0.value) } }
        case .memberValue: return [envelope.body].compactMap { numbers.number($0) }
        case .bdFirstValue: return [envelope.body].compactMap { numbers.number($0) }
        case .bdSecondValue:
            let token = try? BDSecondToken(reading: envelope.body, elementSize: size)
            return [token].compactMap { $0?.value.flatMap { numbers.number($0) } }
        case .bdConfirmation: return []
        case .tgdhLeaf, .strLeaf: return [envelope.body].compactMap { numbers.number($0) }
        case .tgdhTree, .strTree:
            let token = try? KeyTreeToken(reading: envelope.body, elementSize: size)
            return token?.nodes.compactMap { $0.blinded.flatMap { numbers.number($0) } } ?? []
        case .tgdhPath, .strPath:
            let token = try? BlindedPathToken(reading: envelope.body, elementSize: size)
            return token?.blinded.compactMap { numbers.number($0) } ?? []
        case .tgdhConfirmation, .strConfirmation: return []
        case .ckdKeyList:
            guard let list = try? KeyList(reading: envelope.body, elementSize: size) else { return [] }
            previous[envelope.run] = list.previous
            let entries = list.entries.compactMap { entry in
                numbers.number(entry.partialKey).map { (member: entry.member, value: $0) }
            }
            distributed[envelope.run] = entries
            return entries.map { $0.value }
        }
    }

    func held(_ member: UInt64, _ evidence: KeyEvidence) {
        let index = holder(member)
        for secret in evidence.secrets.compactMap({ numbers.exponent($0) })
        where !holders[index].shares.contains(secret) {
            holders[index].shares.append(secret)
        }
        if let last = holders[index].last, last.share == evidence.share, last.binding == evidence.binding { return }
        holders[index].last = (evidence.binding, evidence.share)
        var run =
            runs.removeValue(forKey: evidence.binding)
            ?? Run(identifier: evidence.run, members: evidence.members, baseCount: evidence.baseCount)
        if let share = numbers.exponent(evidence.share) {
            // A member of the base keeps its share from one run to the next; nobody comes back to an older one.
            if holders[index].shares.last != share { holders[index].shares.append(share) }
            run.shares[member] = share
        }
        runs[evidence.binding] = run
    }

    func installed(_ name: ViewName, _ member: UInt64, _ members: [UInt64], _ evidence: KeyEvidence) {
        guard let key = evidence.key, evidence.members == members, let number = number(of: key, evidence.share) else {
            found.append("(a) \(member) installed \(text(name)) without a key of its members.")
            return
        }
        defer { holders[holder(member)].installed = evidence.share }
        if let index = viewIndex[name] {
            guard views[index].fingerprint != key.fingerprint || views[index].members != members else {
                holders[holder(member)].keys.append(views[index].key)
                return
            }
            holders[holder(member)].keys.append(number)
            found.append(
                "(a) Same view, same key: in \(text(name)), \(member) has another key or other members than "
                    + "\(views[index].firstInstaller).")
            return
        }
        holders[holder(member)].keys.append(number)
        viewIndex[name] = views.count
        views.append(
            View(
                name: name, members: members, binding: evidence.binding, fingerprint: key.fingerprint, key: number,
                firstInstaller: member, tree: key.tree, leaves: leaves(of: key.tree, evidence.binding)))
    }

    /// The group element behind a key.
    private func number(of key: KeyEvidence.Key, _ share: [UInt8]) -> N.Number? {
        if let element = key.element { return numbers.number(element) }
        guard let share = numbers.exponent(share), let partialKey = numbers.number(key.partialKey) else { return nil }
        return numbers.power(partialKey, share)
    }

    private func holder(_ id: UInt64) -> Int {
        if let index = holderIndex[id] { return index }
        holderIndex[id] = holders.count
        holders.append(Holder(id: id))
        return holders.count - 1
    }

    func text(_ name: ViewName) -> String { "view \(name.counter)/\(String(name.hash, radix: 16))" }
}

// MARK: - (b) Different views, different keys

extension Judge {
    private func differentKeys() -> [String] {
        var fingerprints: [[UInt8]: ViewName] = [:]
        var keys: [N.Number: ViewName] = [:]
        var sentences: [String] = []
        for view in views {
            let other = fingerprints.updateValue(view.name, forKey: view.fingerprint)
            guard let other = keys.updateValue(view.name, forKey: view.key) ?? other else { continue }
            sentences.append("(b) Different views, different keys: \(text(other)) and \(text(view.name)) have one.")
        }
        return sentences
    }
}

// MARK: - (c) The key is made of all shares

extension Judge {
    private func wrongProduct(_ view: View, _ known: inout [[UInt8]: Exponents]) -> String? {
        let claim = "(c) The key is made of all shares: "
        guard let exponents = exponents(of: view.binding, &known) else {
            return claim + "not all shares of \(text(view.name)) are known, or what its run continues from."
        }
        let whole = exponents.shares.reduce(exponents.rest) { numbers.product($0, $1.share) }
        let key = numbers.power(numbers.generator, whole)
        guard key == view.key, fingerprint(of: key, view.binding) == view.fingerprint else {
            let members = view.members.map { "\($0)" }.joined(separator: ", ")
            return claim + "the key of \(text(view.name)) (\(members)) is not g to their product."
        }
        return nil
    }

    /// The shares in the key of a run, from those of the run that it continues from.
    private func exponents(of binding: [UInt8], _ known: inout [[UInt8]: Exponents]) -> Exponents? {
        if let exponents = known[binding] { return exponents }
        guard let run = runs[binding] else { return nil }
        var old = Exponents(shares: [], rest: numbers.one)
        if run.members.count > 1 {
            // Alone there is no key list, and nothing is continued.
            guard let previous = previous[run.identifier] else { return nil }
            if previous.contains(where: { $0 != 0 }) {
                guard let continued = exponents(of: previous, &known) else { return nil }
                old = continued
            }
        }
        var exponents = Exponents(shares: [], rest: old.rest)
        let base = run.members.prefix(run.baseCount)
        for (member, share) in old.shares where !base.contains(member) {
            exponents.rest = numbers.product(exponents.rest, share)
        }
        for (place, member) in run.members.enumerated() {
            // Of the base only one member draws a new share; a slow one may not even have begun the run.
            let before = place < run.baseCount ? old.shares.first { $0.member == member }?.share : nil
            guard let share = run.shares[member] ?? before else { return nil }
            exponents.shares.append((member, share))
        }
        known[binding] = exponents
        return exponents
    }

    func fingerprint(of key: N.Number, _ binding: [UInt8]) -> [UInt8]? {
        let bytes = SecretBytes(copying: numbers.bytes(of: key).span)
        let element = SecretElement(group: numbers.group, bytes: bytes)
        return try? GroupKey(from: element, binding: binding).fingerprint
    }
}
