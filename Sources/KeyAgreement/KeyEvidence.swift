#if SIMULATION
    internal import Arithmetic

    /// What the oracle of keys sees of one member: its secrets in the run under way, or in the one that it has just
    /// completed.
    public struct KeyEvidence: Equatable, Sendable {
        /// What a completed run has given a member.
        public struct Key: Equatable, Sendable {
            /// What the member raises to its share.
            public let partialKey: [UInt8]
            /// The public name of the key that it holds.
            public let fingerprint: [UInt8]
            /// Where there is no partial key: the group element behind the key.
            public var element: [UInt8]? = nil
            /// TGDH and STR: the tree, children before their parents and left before right; a leaf by its member, and 0
            /// for a node that has children.
            public var tree: [UInt64] = []
        }

        /// The run's identifier, as its tokens carry it.
        public let run: [UInt8]
        /// The run's binding: the salt of its key, and how a later run names it.
        public let binding: [UInt8]
        /// In the run's order.
        public let members: [UInt64]
        /// How many of them continue from the run before; 0 when nobody does.
        public let baseCount: Int
        /// What the member has drawn for this run or keeps from the last, in big-endian bytes as many as the order has
        /// limbs: its share in GDH, r_i in CKD and BD. Empty for who keeps a pairwise key, and after a run of BD.
        public let share: [UInt8]
        /// Once the run is completed.
        public let key: Key?
        /// What else it could use as an exponent: pairwise keys.
        public var secrets: [[UInt8]] = []
    }

    extension AgreementContext {
        /// What this member holds in its present run; nil when it has none, or has abandoned it.
        public var evidence: KeyEvidence? {
            guard let run else { return nil }
            let isComplete = completed?.binding == run.binding
            switch machine {
            case .gdh(let machine): return evidence(run, isComplete, machine)
            case .tree(let machine): return evidence(run, isComplete, machine)
            case .ckd(let machine): return evidence(run, isComplete, machine)
            case .bd(let machine): return evidence(run, isComplete, machine)
            }
        }

        private func evidence(_ run: RunContext, _ isComplete: Bool, _ machine: GDHMachine) -> KeyEvidence? {
            switch machine.state {
            case .waitForPartialToken(let state): return evidence(run, state.share, nil)
            case .waitForFinalToken(let state): return evidence(run, state.share, nil)
            case .collectFactOuts(let state): return evidence(run, state.share, nil)
            case .waitForKeyList(let state): return evidence(run, state.share, nil)
            case .idle:
                guard isComplete, let kept = machine.kept else { return nil }
                let partialKey = kept.partialKeys[run.position].bytes
                return evidence(
                    run, kept.share, KeyEvidence.Key(partialKey: partialKey, fingerprint: fingerprint))
            }
        }

        private func evidence(_ run: RunContext, _ isComplete: Bool, _ machine: CKDMachine) -> KeyEvidence? {
            switch machine.state {
            case .waitForControllerValue(let state): return evidence(run, state.share)
            case .collectMemberValues(let state):
                return evidence(run, state.value.share, secrets: state.keys.compactMap { $0 })
            case .waitForKeyList(let state):
                switch state.role {
                case .controller(let list):
                    return evidence(run, list.value?.share, secrets: list.pairwiseKeys.map { $0.exponent })
                case .old(let key): return evidence(run, nil, secrets: [key])
                case .new(let share, _): return evidence(run, share)
                }
            case .idle:
                guard isComplete, let kept = machine.kept else { return nil }
                switch kept {
                case .controller(let value, let keys):
                    return evidence(run, value?.share, secrets: keys.map { $0.exponent }, isComplete: true)
                case .member(_, let key): return evidence(run, nil, secrets: [key], isComplete: true)
                }
            }
        }

        private func evidence(_ run: RunContext, _ isComplete: Bool, _ machine: BDMachine) -> KeyEvidence? {
            switch machine.state {
            case .exchange(let exchange): evidence(run, exchange.share)
            case .idle: isComplete ? evidence(run, nil, isComplete: true) : nil
            }
        }

        private func evidence(_ run: RunContext, _ isComplete: Bool, _ machine: TreeMachine) -> KeyEvidence? {
            switch machine.state {
            case .waitForTree(let state): return evidence(run, state.share)
            case .climb(let climb): return evidence(run, climb.share, secrets: climb.tree.innerKeys)
            case .idle:
                guard isComplete, let kept = machine.kept else { return nil }
                let tree = kept.tree ?? KeyTree(member: run.members[run.position].id)
                let key = KeyEvidence.Key(
                    partialKey: [], fingerprint: fingerprint, element: completed?.key.element,
                    tree: tree.postOrder.map { tree[$0].member })
                return evidence(run, kept.share, key, secrets: tree.innerKeys)
            }
        }

        /// Where there are no partial keys.
        private func evidence(
            _ run: RunContext, _ share: Share?, secrets: [Share] = [], isComplete: Bool = false
        ) -> KeyEvidence {
            var key: KeyEvidence.Key? = nil
            if isComplete {
                key = KeyEvidence.Key(partialKey: [], fingerprint: fingerprint, element: completed?.key.element)
            }
            return KeyEvidence(
                run: run.identifier, binding: run.binding, members: run.members.map { $0.id },
                baseCount: run.baseCount, share: share?.scalar.revealed() ?? [], key: key,
                secrets: secrets.map { $0.scalar.revealed() })
        }

        private func evidence(
            _ run: RunContext, _ share: Share, _ key: KeyEvidence.Key?, secrets: [Share] = []
        ) -> KeyEvidence {
            KeyEvidence(
                run: run.identifier, binding: run.binding, members: run.members.map { $0.id },
                baseCount: run.baseCount, share: share.scalar.revealed(), key: key,
                secrets: secrets.map { $0.scalar.revealed() })
        }
    }

    extension KeyTree {
        /// The keys of nodes that have children, as far as they are known.
        fileprivate var innerKeys: [Share] {
            nodes.indices.compactMap { self[$0].children == nil ? nil : self[$0].key }
        }
    }
#endif
