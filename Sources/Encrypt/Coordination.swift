/// What a member knows while it coordinates. One owner, the machine's state; a class, so that a thousand members are
/// not copied for each message.
final class Coordination {
    /// A newcomer that was challenged and has not answered. The nonce of the challenge stays the same for all its
    /// requests, so that nobody who repeats a request in its name can make its answer void.
    struct HalfOpen {
        let member: EncryptMember
        let nonce: [UInt8]
        /// The last challenge, and the nonce of the request that it answered.
        var requestNonce: [UInt8]
        var challenge: [UInt8]
    }

    /// A member that has shown who it is.
    struct Introduced {
        let member: EncryptMember
        /// What it holds, as it last said; for one that came along from an earlier view, that view.
        var held: HeldView
        /// The number of its last key request.
        var lastRequest: UInt64 = 0
        /// When it was last served.
        var servedAt: UInt64? = nil
    }

    /// A push for one member, kept so that its parts can be sent again and add up where some were lost.
    struct ServedPush {
        let member: EncryptMember
        let epoch: [UInt8]
        let missing: KeyRequest.Missing
        let messages: [EncryptAction]
    }

    /// Pushes that are kept at most.
    private static let servedLimit = 16
    /// Newcomers that are challenged at the same time at most; the oldest makes room.
    private static let halfOpenLimit = 256
    /// Refusals that are remembered, so that no one member makes the coordinator sign on and on.
    private static let refusedLimit = 64

    /// When this member took the coordinator's part: nobody was introduced to it before.
    let beganAt: UInt64
    /// By address. Looked up, never walked through.
    private(set) var introduced: [[UInt8]: Introduced] = [:]
    private(set) var halfOpen: [HalfOpen] = []
    private var served: [ServedPush] = []
    private var refused: [(digest: MemberDigest, time: UInt64)] = []
    /// When a view is composed of those who are there by then.
    var composeAt: UInt64? = nil
    /// Whether a view is due although the members stay the same.
    var mustCompose = false
    /// The time of the last view that a member demanded, before when there is no other one, and how many there were
    /// without a pause.
    private var demandedAt: UInt64 = 0
    private var demandsFrom: UInt64 = 0
    private var demands: UInt64 = 0
    var announceAt: UInt64? = nil
    var announcements = 0
    /// Says which view is the current one; signed once.
    var announcement: [UInt8] = []

    init(beganAt: UInt64) { self.beganAt = beganAt }

    /// How many are introduced, this member not among them.
    var introducedCount: Int { introduced.count }

    func introduced(at address: [UInt8]) -> Introduced? { introduced[address] }

    func introduce(_ member: EncryptMember, held: HeldView) {
        let known = introduced[member.address].flatMap { $0.member == member ? $0 : nil }
        introduced[member.address] = Introduced(
            member: member, held: held, lastRequest: known?.lastRequest ?? 0, servedAt: known?.servedAt)
    }

    /// Notes a key request that was verified.
    func note(request number: UInt64, held: HeldView, of member: EncryptMember) {
        introduced[member.address]?.lastRequest = number
        introduced[member.address]?.held = held
    }

    func note(served member: EncryptMember, at time: UInt64) { introduced[member.address]?.servedAt = time }

    func push(for member: EncryptMember, epoch: [UInt8], missing: KeyRequest.Missing) -> [EncryptAction]? {
        served.first { $0.member == member && $0.epoch == epoch && $0.missing == missing }?.messages
    }

    func keep(_ push: ServedPush) {
        served.append(push)
        if served.count > Self.servedLimit { served.removeFirst() }
    }

    func forget(at address: [UInt8]) { introduced[address] = nil }

    /// Forgets who is not in the host view any more.
    func keep(_ addresses: [[UInt8]]) {
        var kept: [[UInt8]: Introduced] = [:]
        kept.reserveCapacity(addresses.count)
        for address in addresses {
            if let entry = introduced[address] { kept[address] = entry }
        }
        introduced = kept
        halfOpen.removeAll { !addresses.contains($0.member.address) }
    }

    func challenge(_ entry: HalfOpen) {
        halfOpen.removeAll { $0.member == entry.member }
        halfOpen.append(entry)
        if halfOpen.count > Self.halfOpenLimit { halfOpen.removeFirst() }
    }

    /// A member demands another view of the same members, as one does that holds a newer one. When it is made: at once,
    /// if there was none like it for a while, and then ever more rarely, up to thirty-two times the interval. Each such
    /// view makes all members work, and pushes an earlier epoch out.
    func demanded(now: UInt64, interval: UInt64) -> UInt64 {
        guard now >= demandedAt else { return demandedAt }
        // A pause some three times as long as the last one: whoever demanded has stopped.
        if now >= demandsFrom &+ interval << demands { demands = 0 }
        demandedAt = max(now, demandsFrom)
        demandsFrom = demandedAt &+ interval << demands
        demands = min(demands + 1, 5)
        return demandedAt
    }

    func answered(_ member: EncryptMember) { halfOpen.removeAll { $0.member == member } }

    /// Whether a refusal of this member is due again; notes it if so.
    func mayRefuse(_ digest: MemberDigest, now: UInt64, interval: UInt64) -> Bool {
        if let index = refused.firstIndex(where: { $0.digest == digest }) {
            guard now >= refused[index].time &+ interval else { return false }
            refused.remove(at: index)
        }
        refused.append((digest, now))
        if refused.count > Self.refusedLimit { refused.removeFirst() }
        return true
    }
}
