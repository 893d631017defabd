@testable import Encrypt
import Primitives

/// One start of a member in a simulated cluster, and what its program saw.
public final class ClusterNode {
    /// What the network does with it.
    public enum Part {
        /// Connected, honest.
        case connected
        /// Not there: crashed, or has left.
        case gone
        /// Has left or was put out, keeps its keys and hears everything on the wire.
        case eavesdropping
    }

    /// Something that was delivered to its program.
    public struct Delivered: Equatable {
        /// The place in the network of who has sealed it, as this member believes.
        public let sender: Int
        public let payload: [UInt8]
    }

    public let index: Int
    public let address: [UInt8]
    /// Whose identity it has: its own index, or that of an earlier start.
    public let identityIndex: Int
    public let identity: Identity
    public var machine: EncryptMachine
    public internal(set) var part = Part.gone
    /// What the messaging system is about to tell it, and what it has told.
    public internal(set) var hostView: [[UInt8]] = []
    public internal(set) var toldHostView: [[UInt8]] = []
    public internal(set) var delivered: [Delivered] = []
    public internal(set) var events: [EncryptEvent] = []
    public internal(set) var refusals: [EncryptError] = []
    /// How many refusals its actions told: the machine's own count is compared with it.
    public internal(set) var toldRefusals: UInt64 = 0
    var timer: UInt64? = nil

    init(
        index: Int, address: [UInt8], identityIndex: Int, identity: Identity, machine: consuming EncryptMachine
    ) {
        self.index = index
        self.address = address
        self.identityIndex = identityIndex
        self.identity = identity
        self.machine = machine
    }

    public var view: EncryptView? { machine.view }
    /// How many views it has installed.
    public var viewCount: Int {
        events.count { event in
            if case .view = event { true } else { false }
        }
    }
    public var isCoordinator: Bool { machine.isCoordinator }
    public var canSeal: Bool { machine.canSeal }
    public var member: EncryptMember { machine.member }
    public var countedRefusals: RefusalCounters { machine.refusals }

    /// The places in the network of the members of its view.
    public var viewAddresses: [[UInt8]] { machine.view?.members.map { $0.address } ?? [] }

    /// The last cause for which the coordinator refused it.
    public var refusedByCoordinator: AdmissionRefusal? {
        for case .refusedByCoordinator(_, let cause) in events.reversed() { return cause }
        return nil
    }

    /// The last cause for which it did not admit somebody.
    public var notAdmitted: AdmissionRefusal? {
        for case .notAdmitted(_, let cause) in events.reversed() { return cause }
        return nil
    }
}
