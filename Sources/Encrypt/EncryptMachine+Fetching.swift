public import Primitives

// External key exchange: a push says that there is a key to fetch, and the program fetches it.
extension EncryptMachine {
    /// A view that was pushed without its key.
    struct WantedView {
        let push: PushedView
        /// When the program was last told that the key is wanted.
        var toldAt: UInt64? = nil
        /// The key, once it was supplied and has opened the view, which could not be installed yet.
        var secret: SharedSecret? = nil
    }

    /// The view whose key this member lacks and is to fetch, and the member that has it; nil when none is wanted.
    public var wantedKey: (counter: UInt64, coordinator: EncryptMember)? {
        guard let push = wanted?.push, mayInstall(push.coordinator) else { return nil }
        return (push.counter, push.coordinator)
    }

    /// Keeps a push that comes without its key, the newest one alone, and tells the program; not too often when it
    /// comes again and again.
    mutating func want(_ push: PushedView, now: UInt64) throws(EncryptError) -> [EncryptAction] {
        guard case .external = configuration.keySource else { throw .malformed }
        var next = WantedView(push: push)
        if let wanted, wanted.push.coordinator == push.coordinator {
            guard push.counter >= wanted.push.counter else { throw .stale }
            if push.counter == wanted.push.counter {
                next.toldAt = wanted.toldAt
                next.secret = wanted.secret
            }
        }
        wanted = next
        if let secret = next.secret {
            do throws(EncryptError) { return try installView(push, secret, keyIdentifier: [], now: now) } catch {
                guard error == .badSeal else { throw error }
                wanted?.secret = nil
            }
        }
        if let time = next.toldAt, now < time &+ configuration.askAfter { return [] }
        wanted?.toldAt = now
        return [.event(.keyWanted(counter: push.counter, coordinator: push.coordinator))]
    }

    /// The program has fetched the key of a view. The push of that view is opened, checked and installed as one that
    /// came with its key.
    ///
    /// - Parameters:
    ///   - counter: the view's, as the coordinator told it with the key.
    ///   - key: 32 bytes.
    /// - Throws: `.badArgument` unless keys are exchanged outside, or for a key of another size; `.hasLeft`;
    ///   `.notAwaited` when no push of that view is here (yet); `.stale` for a view before the one that is wanted;
    ///   `.wrongSender` when its coordinator is not that of the host view any more; `.badSeal` for a wrong key; and
    ///   what pushes are refused for. Then nothing has changed.
    public mutating func supplyKey(
        counter: UInt64, key: consuming SecretBytes, now: UInt64
    ) throws(EncryptError) -> [EncryptAction] {
        guard case .external = configuration.keySource, key.count == Epoch.secretSize else { throw .badArgument }
        switch state {
        case .idle: throw .notAwaited
        case .left: throw .hasLeft
        case .introducing, .following, .coordinating: break
        }
        guard counter > held.counter else { throw .stale }
        guard let push = wanted?.push else { throw .notAwaited }
        guard counter == push.counter else { throw counter < push.counter ? .stale : .notAwaited }
        guard mayInstall(push.coordinator) else { throw .wrongSender }
        do throws(EncryptError) {
            return try installView(push, SharedSecret(key), keyIdentifier: [], now: now)
        } catch {
            refusals.count(error)
            throw error
        }
    }

    // MARK: - The coordinator

    /// Whether the member with the digest of an introduction may have the key of the current view: this member
    /// coordinates that view, the other one is in it, connected, and has not asked to leave.
    public func isCurrentMember(_ digest: [UInt8]) -> Bool { fetchRefusal(of: digest) == nil }

    /// Hands the key of the current view, which stays the machine's, to a member of it.
    ///
    /// - Parameters:
    ///   - digest: of the introduction that a `KeyFetchRequest` names.
    ///   - hand: gives introduction, counter and key to the `KeyFetchSession`, which looks whether it is that member
    ///     that asks.
    /// - Returns: the cause for which the member gets no key; nil when it was handed.
    public func serveKey(
        to digest: [UInt8],
        _ hand: (Introduction, UInt64, borrowing SecretBytes) throws(KeyFetchFailure) -> Void
    ) throws(KeyFetchFailure) -> KeyFetchRefusal? {
        if let refusal = fetchRefusal(of: digest) { return refusal }
        guard let installed, let name = MemberDigest(digest), let member = fetcher(name) else { return .notMember }
        try hand(member.introduction, installed.view.counter, installed.secret.bytes)
        return nil
    }

    private func fetchRefusal(of digest: [UInt8]) -> KeyFetchRefusal? {
        guard case .external = configuration.keySource else { return .unknownView }
        guard case .coordinating = state else { return .wrongCoordinator }
        guard let view = installed?.view, view.coordinator == own else { return .unknownView }
        guard let name = MemberDigest(digest), let member = fetcher(name) else { return .notMember }
        if isBroken(.encryptLeaverFetches) { return nil }
        return hasDeparted(name) || !hostView.contains(member.address) ? .notMember : nil
    }

    private func fetcher(_ digest: MemberDigest) -> EncryptMember? {
        if let member = installed?.view.members.first(where: { $0.digest == digest }) { return member }
        guard isBroken(.encryptLeaverFetches) else { return nil }
        return departed.first { $0.member.digest == digest }?.member
    }
}
