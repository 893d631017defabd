public import CConclave
internal import CPlatform
internal import Drivers
internal import Flush
internal import KeyAgreement
internal import LocalHub
internal import Primitives
internal import SecureGroup

/// What the floors below refuse, in the terms of the C API.
extension Failure {
    init(_ error: FlushError) {
        switch error {
        case .malformed: self.init(CONCLAVE_E_MALFORMED)
        case .unsupportedVersion: self.init(CONCLAVE_E_UNSUPPORTED_VERSION)
        case .wrongGroup: self.init(CONCLAVE_E_WRONG_GROUP)
        case .wrongConfiguration:
            self.init(CONCLAVE_E_WRONG_SENDER, "a hello came over another connection than it was made for")
        case .wrongView: self.init(CONCLAVE_E_WRONG_VIEW)
        case .wrongSuite:
            self.init(CONCLAVE_E_UNKNOWN_SUITE, "somebody uses another suite: all members must name the same one")
        case .wrongAlgorithm:
            self.init(
                CONCLAVE_E_WRONG_ALGORITHM,
                "somebody runs the other robust algorithm: all members must choose the same one")
        case .notAuthentic: self.init(CONCLAVE_E_BAD_SIGNATURE)
        case .unknownSender:
            self.init(CONCLAVE_E_WRONG_SENDER, "a message of somebody who has not introduced itself was refused")
        case .nameTaken:
            self.init(CONCLAVE_E_NAME_TAKEN, "the name is held by a member with another key: choose another name")
        case .notAdmitted:
            self.init(
                CONCLAVE_E_NOT_ADMITTED,
                "the members do not accept this identity's key: every member must add it to its trust store; still waiting"
            )
        case .flushPending: self.init(CONCLAVE_E_FLUSH_PENDING)
        case .noView: self.init(CONCLAVE_E_WRONG_STATE, "there is no view yet: wait for the first VIEW event")
        case .noFlushRequest: self.init(CONCLAVE_E_WRONG_STATE, "no flush was requested")
        case .unknownMember: self.init(CONCLAVE_E_NOT_FOUND, "no such member in the view")
        case .primitives(let error): self.init(error)
        }
    }

    init(_ error: SecureGroupError) {
        switch error {
        case .noSecureView: self.init(CONCLAVE_E_WRONG_STATE, "there is no view yet: wait for the first VIEW event")
        case .flushPending: self.init(CONCLAVE_E_FLUSH_PENDING)
        case .noFlushRequest: self.init(CONCLAVE_E_WRONG_STATE, "no flush was requested")
        case .messageTooLong: self.init(CONCLAVE_E_TOO_LARGE, "a message has at most 16 MiB")
        case .unknownDestination: self.init(CONCLAVE_E_NOT_FOUND, "no such member in the view")
        case .sequenceExhausted:
            self.init(CONCLAVE_E_WRONG_STATE, "this view's sequence numbers are used up: ask for a refresh")
        case .badExport:
            self.init(CONCLAVE_E_INVALID_ARGUMENT, "an export has 1 to 8,160 bytes and a label of 1 to 255")
        case .ended: self.init(CONCLAVE_E_LEFT)
        case .malformed: self.init(CONCLAVE_E_MALFORMED)
        case .unknownSender: self.init(CONCLAVE_E_WRONG_SENDER)
        case .wrongSuite: self.init(CONCLAVE_E_UNKNOWN_SUITE)
        case .wrongAlgorithm: self.init(CONCLAVE_E_WRONG_ALGORITHM)
        case .wrongGroup: self.init(CONCLAVE_E_WRONG_GROUP)
        case .wrongView: self.init(CONCLAVE_E_WRONG_VIEW)
        case .wrongRun: self.init(CONCLAVE_E_WRONG_RUN)
        case .wrongDestination: self.init(CONCLAVE_E_WRONG_DESTINATION)
        case .wrongService: self.init(CONCLAVE_E_BAD_SEAL, "a message's service was changed on its way")
        case .badSignature: self.init(CONCLAVE_E_BAD_SIGNATURE)
        case .badSeal: self.init(CONCLAVE_E_BAD_SEAL)
        case .replayed: self.init(CONCLAVE_E_REPLAYED)
        case .outOfOrder(let missing):
            self.init(
                CONCLAVE_E_OUT_OF_ORDER, "\(missing) records of this member never came; what follows is delivered")
        case .brokenMessage: self.init(CONCLAVE_E_MALFORMED, "a message's fragments do not fit together; it is lost")
        case .noRoomForMessage: self.init(CONCLAVE_E_OUT_OF_MEMORY, "no memory for a large message; it is lost")
        case .queueFull: self.init(CONCLAVE_E_QUEUE_FULL, "too much data came before the key; a message is lost")
        case .unexpectedView: self.init(CONCLAVE_E_WRONG_VIEW)
        case .agreement(let error): self.init(error)
        case .keyMissing:
            self.init(
                CONCLAVE_E_KEY_CONFIRMATION, "others have this view's key and this member does not: joining again")
        case .restartsUsedUp: self.init(CONCLAVE_E_AGREEMENT_FAILED)
        case .primitives(let error): self.init(error)
        }
    }

    init(_ problem: GroupProblem) {
        switch problem {
        case .flush(let error): self.init(error)
        case .secureGroup(let error): self.init(error)
        case .excluded:
            self.init(CONCLAVE_E_EXCLUDED, "excluded by the others for not answering in time: joining again")
        case .disconnected:
            self.init(
                CONCLAVE_E_TRANSPORT_LOST,
                "cut off from the cluster (its daemon is gone, or this process was silent too long): joining again when possible"
            )
        case .messageExceedsTransport(let size, let limit):
            self.init(
                CONCLAVE_E_TOO_LARGE,
                "the key agreement needs a message of \(size) bytes, and the transport carries \(limit): so many members need a suite with shorter values"
            )
        }
    }

    init(_ error: TransportError) {
        switch error {
        case .badAddress:
            self.init(CONCLAVE_E_BAD_URL, "a transport URL is local:PATH, the path at most 107 bytes, or corosync:")
        case .badGroupName: self.init(CONCLAVE_E_BAD_TEXT, "a group's name is 1 to 128 bytes of UTF-8")
        case .unreachable(EACCES), .unreachable(EPERM):
            self.init(CONCLAVE_E_PERMISSION, "the hub's socket belongs to another user")
        case .unreachable(ENOENT):
            self.init(CONCLAVE_E_TRANSPORT_UNREACHABLE, "there is no hub at that path: start one with conclave hub")
        case .unreachable(let number):
            self.init(CONCLAVE_E_TRANSPORT_UNREACHABLE, "nobody answers at the hub's socket (errno \(number))")
        case .refused(let reason): self.init(CONCLAVE_E_TRANSPORT_REFUSED, Self.explain(reason))
        case .lost: self.init(CONCLAVE_E_TRANSPORT_LOST)
        case .protocolViolation: self.init(CONCLAVE_E_TRANSPORT_LOST, "the hub does not speak this protocol")
        case .libraryMissing:
            self.init(
                CONCLAVE_E_LIBRARY_MISSING, "corosync: needs libcpg.so.4, which is not installed (Debian: libcpg4)")
        case .noDaemon(let code):
            self.init(
                CONCLAVE_E_TRANSPORT_UNREACHABLE,
                "no Corosync daemon answers on this machine (CPG error \(code)): start it and look at its log")
        case .noDaemonAccess:
            self.init(
                CONCLAVE_E_PERMISSION,
                "the Corosync daemon does not take this user: name it in /etc/corosync/uidgid.d, see docs/corosync.md")
        case .unfit(let reason):
            self.init(CONCLAVE_E_TRANSPORT_UNFIT, "the engine breaks its contract: \(reason.text)")
        case .engine(let status): self.init(engine: status)
        case .detached: self.init(CONCLAVE_E_LEFT)
        case .system(ENOMEM): self.init(CONCLAVE_E_OUT_OF_MEMORY, "no memory for what the transport brings")
        case .system(let number): self.init(CONCLAVE_E_IO, "the system refused a resource (errno \(number))")
        }
    }

    /// What a program's own engine answered: a status of the range of transports, as it is.
    private init(engine status: Int32) {
        let isTransports = (-599 ... -501).contains(status)
        self.init(
            isTransports ? Int(status) : CONCLAVE_E_TRANSPORT_LOST,
            "the program's own engine answered: \(statusSentence(status)) (\(status))")
    }

    private static func explain(_ reason: HubRefusal) -> String {
        switch reason {
        case .unsupportedVersion: return "the hub speaks another version of its protocol"
        case .tooManyClients: return "the hub has as many clients as it may"
        case .tooManyGroups: return "the hub has as many groups as it may"
        case .malformedFrame: return "the hub could not read what was sent"
        case .frameTooLarge: return "the hub does not take frames of that size"
        case .attachTimeout: return "the hub waited for the group's name in vain"
        case .stuck: return "the hub dropped this member because it took nothing for too long"
        }
    }

    init(_ error: GroupDriverError) {
        switch error {
        case .transport(let error): self.init(error)
        case .secureGroup(let error): self.init(error)
        case .primitives(let error): self.init(error)
        case .queueFull: self.init(CONCLAVE_E_QUEUE_FULL)
        case .over(let reason): self.init(callAfter: reason)
        case .system(let number): self.init(CONCLAVE_E_IO, "the system refused a resource (errno \(number))")
        }
    }

    /// What a call gives when the membership is over: LEFT whatever ended it, and in the message what that was.
    init(callAfter end: GroupEnd) {
        switch end {
        case .asked, .transport(.detached): self.init(CONCLAVE_E_LEFT)
        case .replaced, .transport:
            self.init(CONCLAVE_E_LEFT, "the membership is over: \(Failure(end).message)")
        }
    }

    /// What the LEFT event gives.
    init(_ end: GroupEnd) {
        switch end {
        case .asked: self.init(CONCLAVE_E_LEFT)
        case .replaced: self.init(CONCLAVE_E_REPLACED)
        case .transport(let error): self.init(error)
        }
    }
}
