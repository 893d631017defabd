internal import Primitives

/// What a hello says: the same for as long as its sender is heard of.
final class Introduction: Sendable {
    let hello: Hello
    /// SHA-256 of the hello as it was sent.
    let digest: [UInt8]
    let member: Member

    init(_ hello: Hello, digest: [UInt8]) {
        self.hello = hello
        self.digest = digest
        member = Member(
            id: hello.incarnation, connection: hello.connection, name: hello.name, publicKey: hello.publicKey)
    }
}

/// An acknowledgement as it counts: the list of accepted connections has become places.
struct Acknowledged: Equatable {
    let secureView: ViewIdentifier?
    let highestCounter: UInt64
    let acceptance: Acceptance
    /// How many hellos its sender had heard: of whoever came later it has said nothing.
    let heard: Int

    /// The same where some peers are gone: `places` are the old places of those who are left.
    func keeping(_ places: [Int]) -> Acknowledged {
        var acceptance = Acceptance()
        acceptance.unheard = self.acceptance.unheard
        for (new, old) in places.enumerated() {
            if self.acceptance.accepted.contains(old) { acceptance.accepted.insert(new) }
            if self.acceptance.named.contains(old) { acceptance.named.insert(new) }
        }
        let heard = places.filter { $0 < self.heard }.count
        return Acknowledged(
            secureView: secureView, highestCounter: highestCounter, acceptance: acceptance, heard: heard)
    }
}

/// What everybody in a configuration knows of one connection: its hello, and what has been seen since.
struct Peer: Equatable {
    let introduction: Introduction
    let connection: UInt64
    let id: UInt64
    /// The VS view it is in: first what the hello says, then what the acknowledgements seen since amount to.
    var view: ViewIdentifier?
    var place: UInt16
    var lineage: [UInt8]
    /// Its latest acknowledgement that has not been used up by a view.
    var acknowledgement: Acknowledged? = nil
    /// Its latest acknowledgement among these connections, used up or not: what is known of whom it accepts.
    var statement: Acknowledged? = nil

    init(_ hello: Hello, digest: [UInt8]) {
        introduction = Introduction(hello, digest: digest)
        connection = hello.connection
        id = hello.incarnation
        view = hello.view
        place = hello.place
        lineage = hello.lineage
    }

    var hello: Hello { introduction.hello }
    var digest: [UInt8] { introduction.digest }
    var member: Member { introduction.member }
    /// A newcomer: it has not been in a view of this group.
    var isFresh: Bool { view == nil }

    /// Whether two that have acknowledged moved together from one VS view, and from one secure view.
    func movedTogether(with other: Peer) -> Bool {
        (lineage == other.lineage || isBroken(.lineageIsForgotten))
            && (acknowledgement?.secureView == other.acknowledgement?.secureView || isBroken(.missedKeyListIsForgiven))
    }

    static func == (first: Peer, second: Peer) -> Bool {
        first.introduction.digest == second.introduction.digest && first.view == second.view
            && first.place == second.place && first.lineage == second.lineage
            && first.acknowledgement == second.acknowledgement && first.statement == second.statement
    }
}
