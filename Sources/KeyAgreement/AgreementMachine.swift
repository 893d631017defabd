internal import Arithmetic

/// One member's part in one agreement, as a value: what it keeps of the last run, and the state of the one under way.
///
/// What is the same for all agreements is `AgreementContext`'s: which run it is and what its tokens are bound to, the
/// checks of the envelope, the last key, the counters. The context steps a copy and keeps it when nothing was thrown,
/// so that no machine can be changed by what it refuses.
protocol AgreementMachine {
    /// What this member waits for.
    var phase: AgreementPhase { get }

    /// The places of those whose token is awaited, in the order of the run.
    func awaited(in run: RunContext) -> [Int]

    /// Begins a run of two members or more. `last` is the run that this member continues from: nil when it is not in
    /// the base.
    mutating func begin(
        _ run: inout RunContext, after last: CompletedRun?, _ engine: inout AgreementEngine
    ) throws(AgreementError) -> [AgreementAction]

    /// Keeps what a group of one has: the key is the generator to the power of the share.
    mutating func keepAlone(_ share: Share, generator: Element)

    /// Takes a token of this run. nil says that this member needs nothing of it: it was not looked into, and nothing
    /// has changed. Whatever is used of a token is used after `authenticate`.
    mutating func receive(
        _ token: ReceivedToken, in run: inout RunContext, _ engine: inout AgreementEngine
    ) throws(AgreementError) -> AgreementStep?

    /// Forgets a run under way; what is kept of the last one stays.
    mutating func abandon()
}

/// A token whose envelope fits the run.
struct ReceivedToken {
    let bytes: [UInt8]
    let envelope: TokenEnvelope
    /// The sender's place in the run.
    let position: Int

    /// Verifies the signature: the last check before the body is read.
    func authenticate(in run: RunContext, _ engine: inout AgreementEngine) throws(AgreementError) {
        try engine.verify(envelope.signature, over: envelope.signedBytes, by: run.members[position].publicKey)
    }
}

/// What follows from a token.
struct AgreementStep {
    var actions: [AgreementAction] = []
    /// The run's key, confirmed: the run is complete. What the machine keeps for the next run it has kept by then.
    var key: GroupKey? = nil
}

/// The machine of one of the agreements.
enum SuiteMachine {
    case gdh(GDHMachine)
    case ckd(CKDMachine)
    case tree(TreeMachine)
    case bd(BDMachine)

    var phase: AgreementPhase {
        switch self {
        case .gdh(let machine): machine.phase
        case .ckd(let machine): machine.phase
        case .tree(let machine): machine.phase
        case .bd(let machine): machine.phase
        }
    }

    func awaited(in run: RunContext) -> [Int] {
        switch self {
        case .gdh(let machine): machine.awaited(in: run)
        case .ckd(let machine): machine.awaited(in: run)
        case .tree(let machine): machine.awaited(in: run)
        case .bd(let machine): machine.awaited(in: run)
        }
    }

    mutating func begin(
        _ run: inout RunContext, after last: CompletedRun?, _ engine: inout AgreementEngine
    ) throws(AgreementError) -> [AgreementAction] {
        switch self {
        case .gdh(var machine):
            let actions = try machine.begin(&run, after: last, &engine)
            self = .gdh(machine)
            return actions
        case .ckd(var machine):
            let actions = try machine.begin(&run, after: last, &engine)
            self = .ckd(machine)
            return actions
        case .tree(var machine):
            let actions = try machine.begin(&run, after: last, &engine)
            self = .tree(machine)
            return actions
        case .bd(var machine):
            let actions = try machine.begin(&run, after: last, &engine)
            self = .bd(machine)
            return actions
        }
    }

    mutating func keepAlone(_ share: Share, generator: Element) {
        switch self {
        case .gdh(var machine):
            machine.keepAlone(share, generator: generator)
            self = .gdh(machine)
        case .ckd(var machine):
            machine.keepAlone(share, generator: generator)
            self = .ckd(machine)
        case .tree(var machine):
            machine.keepAlone(share, generator: generator)
            self = .tree(machine)
        case .bd(var machine):
            machine.keepAlone(share, generator: generator)
            self = .bd(machine)
        }
    }

    mutating func receive(
        _ token: ReceivedToken, in run: inout RunContext, _ engine: inout AgreementEngine
    ) throws(AgreementError) -> AgreementStep? {
        switch self {
        case .gdh(var machine):
            let step = try machine.receive(token, in: &run, &engine)
            self = .gdh(machine)
            return step
        case .ckd(var machine):
            let step = try machine.receive(token, in: &run, &engine)
            self = .ckd(machine)
            return step
        case .tree(var machine):
            let step = try machine.receive(token, in: &run, &engine)
            self = .tree(machine)
            return step
        case .bd(var machine):
            let step = try machine.receive(token, in: &run, &engine)
            self = .bd(machine)
            return step
        }
    }

    mutating func abandon() {
        switch self {
        case .gdh(var machine):
            machine.abandon()
            self = .gdh(machine)
        case .ckd(var machine):
            machine.abandon()
            self = .ckd(machine)
        case .tree(var machine):
            machine.abandon()
            self = .tree(machine)
        case .bd(var machine):
            machine.abandon()
            self = .bd(machine)
        }
    }
}
