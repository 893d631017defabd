internal import Primitives

/// What everybody in a configuration knows of one connection: its hello, and what has been seen since.
struct Peer: Equatable {
    let hello: Hello
    /// SHA-256 of the hello as it was sent.
    let digest: [UInt8]
    /// The VS view it is in: first what the hello says, then what the acknowledgements seen since amount to.
    var view: ViewIdentifier?
    var place: UInt16
    var lineage: [UInt8]
    /// Its latest acknowledgement that has not been used up by a view.
    var acknowledgement: FlushAcknowledgement? = nil

    init(_ hello: Hello, digest: [UInt8]) {
        self.hello = hello
        self.digest = digest
        view = hello.view
        place = hello.place
        lineage = hello.lineage
    }

    var connection: UInt64 { hello.connection }
    var id: UInt64 { hello.incarnation }
    /// A newcomer: it has not been in a view of this group.
    var isFresh: Bool { view == nil }
    var member: Member {
        Member(id: hello.incarnation, connection: hello.connection, name: hello.name, publicKey: hello.publicKey)
    }

    /// Whether two that have acknowledged moved together from one VS view, and from one secure view.
    func movedTogether(with other: Peer) -> Bool {
        (lineage == other.lineage || isBroken(.lineageIsForgotten))
            && acknowledgement?.secureView == other.acknowledgement?.secureView
    }

    /// Whether its acknowledgement names this connection with this hello.
    func accepts(_ other: Peer) -> Bool {
        acknowledgement?.accepted.contains { $0.connection == other.connection && $0.hello == other.digest } ?? false
    }

    /// Whether its acknowledgement names this connection.
    func accepts(connection: UInt64) -> Bool {
        acknowledgement?.accepted.contains { $0.connection == connection } ?? false
    }
}
