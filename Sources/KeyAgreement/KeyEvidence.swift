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
        }

        /// The run's identifier, as its tokens carry it.
        public let run: [UInt8]
        /// The run's binding: the salt of its key, and how a later run names it.
        public let binding: [UInt8]
        /// In the run's order.
        public let members: [UInt64]
        /// How many of them continue from the run before; 0 when nobody does.
        public let baseCount: Int
        /// The member's share, in big-endian bytes as many as the order has limbs.
        public let share: [UInt8]
        /// Once the run is completed.
        public let key: Key?
    }

    extension GDHContext {
        /// What this member holds in its present run; nil when it has none, or has abandoned it.
        public var evidence: KeyEvidence? {
            guard let run else { return nil }
            switch state {
            case .waitForPartialToken(let state): return evidence(run, state.share, nil)
            case .waitForFinalToken(let state): return evidence(run, state.share, nil)
            case .collectFactOuts(let state): return evidence(run, state.share, nil)
            case .waitForKeyList(let state): return evidence(run, state.share, nil)
            case .idle:
                guard let completed, completed.binding == run.binding else { return nil }
                let partialKey = completed.partialKeys[run.position].bytes
                return evidence(
                    run, completed.share,
                    KeyEvidence.Key(partialKey: partialKey, fingerprint: completed.key.fingerprint))
            }
        }

        private func evidence(_ run: RunContext, _ share: Share, _ key: KeyEvidence.Key?) -> KeyEvidence {
            KeyEvidence(
                run: run.identifier, binding: run.binding, members: run.members.map { $0.id },
                baseCount: run.baseCount, share: share.scalar.revealed(), key: key)
        }
    }
#endif
