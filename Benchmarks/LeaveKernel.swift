internal import Encrypt
internal import Primitives

/// A cluster whose members leave one after another: what the leaver and the coordinator compute, and what each of those
/// who stay does until it seals under the new key.
final class LeaveKernel {
    private final class Seat {
        var machine: EncryptMachine

        init(_ index: Int, _ configuration: EncryptConfiguration, _ identity: Identity) throws(EncryptError) {
            machine = try EncryptMachine(
                configuration: configuration, credential: Credential(identity: identity),
                address: LeaveKernel.address(index), entropy: .seeded(UInt64(index) + 1), wallClock: 1_800_000_000,
                now: 0)
        }
    }

    private let coordinator: Seat
    private let staying: Seat
    /// Those who are to leave, the next one last; all have the view that the others have when their time comes.
    private var leavers: [Seat]
    private let identity: Identity
    private let wrappingKeys: [[UInt8]]
    private let ownKeys: WrappingKeyPair
    private let ownWrap: [UInt8]
    private let ownShared: [UInt8]
    private let secret: SecretBytes
    private let context = [UInt8](repeating: 1, count: 100)
    private var now: UInt64 = 1
    private init(
        _ coordinator: Seat, _ staying: Seat, _ leavers: [Seat], _ identity: Identity, _ ownKeys: WrappingKeyPair,
        _ wrappingKeys: [[UInt8]]
    ) throws(PrimitivesError) {
        secret = try SecretBytes(random: 32, from: .seeded(1))
        let wrapper = try KeyWrapper(kind: .x25519, entropy: .seeded(2))
        ownWrap = try wrapper.wrap(secret, to: ownKeys.publicKey, context: context)
        ownShared = wrapper.shared
        self.coordinator = coordinator
        self.staying = staying
        self.leavers = leavers
        self.identity = identity
        self.ownKeys = ownKeys
        self.wrappingKeys = wrappingKeys
    }

    static func address(_ index: Int) -> [UInt8] { [UInt8(index >> 8), UInt8(index & 255)] }

    static func make(_ count: Int) -> LeaveKernel? {
        do throws(EncryptError) {
            var identities: [Identity] = []
            var store = TrustStore()
            do throws(PrimitivesError) {
                for index in 0..<count {
                    identities.append(try Identity.generate(name: "m", entropy: .seeded(UInt64(index) + 1)))
                    try store.add(identities[index].publicKey, label: "")
                }
            } catch {
                throw .primitives(error)
            }
            var configuration = EncryptConfiguration(
                cluster: [99], keySource: .coordinator(.all), policy: .acceptedKeys(store))
            configuration.gatherFor = 1_000_000
            var seats: [Seat] = []
            for index in 0..<count { seats.append(try Seat(index, configuration, identities[index])) }
            return try gather(seats, identities[0])
        } catch {
            return nil
        }
    }

    /// Introduces everybody to the coordinator, and gives the first view to those who take part in what is measured.
    private static func gather(_ seats: [Seat], _ identity: Identity) throws(EncryptError) -> LeaveKernel {
        let (coordinator, addresses) = (seats[0], seats.indices.map { address($0) })
        _ = try coordinator.machine.start(now: 0)
        _ = try coordinator.machine.hostView(addresses, now: 0)
        var pushes: [[UInt8]] = []
        for seat in seats.dropFirst() {
            _ = try seat.machine.start(now: 0)
            let requests = messages(try seat.machine.hostView(addresses, now: 0))
            for request in requests {
                for challenge in messages(coordinator.machine.received(request, now: 0)) {
                    for answer in messages(seat.machine.received(challenge, now: 0)) {
                        pushes += messages(coordinator.machine.received(answer, now: 0))
                    }
                }
            }
        }
        let active = [seats[1]] + seats.suffix(min(seats.count - 2, 5))
        for seat in active {
            for push in pushes { _ = seat.machine.received(push, now: 0) }
            guard seat.machine.canSeal else { throw .noKey }
        }
        var keys: [[UInt8]] = []
        for seat in seats.dropFirst() { keys.append(seat.machine.member.introduction.wrappingKey) }
        do throws(PrimitivesError) {
            let pair = try WrappingKeyPair.generate(.x25519, entropy: .seeded(5))
            return try LeaveKernel(coordinator, seats[1], Array(active.dropFirst()), identity, pair, keys)
        } catch {
            throw .primitives(error)
        }
    }

    private static func messages(_ actions: [EncryptAction]) -> [[UInt8]] {
        var messages: [[UInt8]] = []
        for action in actions {
            switch action {
            case .send(_, let bytes): messages.append(bytes)
            case .event, .deliver, .refused: break
            }
        }
        return messages
    }

    /// One member leaves, and the coordinator pushes a new key: 0; -1 on failure.
    func leave() -> Int {
        guard let leaver = leavers.popLast() else { return -1 }
        now += 1_000
        do throws(EncryptError) {
            guard let request = Self.messages(try leaver.machine.leave(now: now)).first else { return -1 }
            self.request = request
            pushes = Self.messages(coordinator.machine.received(request, now: now))
            return pushes.isEmpty ? -1 : 0
        } catch {
            return -1
        }
    }

    /// One of those who stay hears of it, and installs the new key: 0; -1 on failure.
    func receive() -> Int {
        let before = staying.machine.view?.counter ?? 0
        _ = staying.machine.received(request, now: now)
        for push in pushes { _ = staying.machine.received(push, now: now) }
        return staying.machine.view?.counter == before + 1 && staying.machine.canSeal ? 0 : -1
    }

    private var request: [UInt8] = []
    private var pushes: [[UInt8]] = []

    /// What is not measured: the other leavers take the view as well.
    func settle() {
        for leaver in leavers {
            _ = leaver.machine.received(request, now: now)
            for push in pushes { _ = leaver.machine.received(push, now: now) }
        }
    }

    /// The wraps for those who stay out of so many, the signatures of request, parts and announcement, and the
    /// verification of the request, over messages of the same sizes: 0, or -1.
    func leaveBare(_ count: Int) -> Int {
        do throws(PrimitivesError) {
            let wrapper = try KeyWrapper(kind: .x25519, entropy: .seeded(2))
            var sum = 0
            for key in wrappingKeys.prefix(count - 2) {
                sum += try wrapper.wrap(secret, to: key, context: context).count
            }
            for size in [request.count, 150] + pushes.map({ $0.count }) {
                sum += try identity.sign([UInt8](repeating: 2, count: size)).count
            }
            return try isVerified(request.count) && sum > 0 ? 0 : -1
        } catch {
            return -1
        }
    }

    /// The verifications of request and parts, and one unwrapping: 0, or -1.
    func receiveBare() -> Int {
        do throws(PrimitivesError) {
            for size in [request.count] + pushes.map({ $0.count }) {
                guard try isVerified(size) else { return -1 }
            }
            return try ownKeys.unwrap(ownWrap, shared: ownShared, context: context).count == 32 ? 0 : -1
        } catch {
            return -1
        }
    }

    private func isVerified(_ size: Int) throws(PrimitivesError) -> Bool {
        let message = [UInt8](repeating: 2, count: size)
        return Identity.verify(
            publicKey: identity.publicKey, signature: try signature(of: message), message: message)
    }

    /// Made once for each size, when nothing is measured.
    private var signatures: [Int: [UInt8]] = [:]

    private func signature(of message: [UInt8]) throws(PrimitivesError) -> [UInt8] {
        if let known = signatures[message.count] { return known }
        let made = try identity.sign(message)
        signatures[message.count] = made
        return made
    }
}

@_cdecl("kernel_leave_new")
public func kernelLeaveNew(_ count: Int) -> UnsafeMutableRawPointer? {
    guard let kernel = LeaveKernel.make(count) else { return nil }
    return unsafe Unmanaged.passRetained(kernel).toOpaque()
}

@_cdecl("kernel_leave_leave")
public func kernelLeaveLeave(_ kernel: UnsafeMutableRawPointer) -> Int {
    unsafe Unmanaged<LeaveKernel>.fromOpaque(kernel).takeUnretainedValue().leave()
}

@_cdecl("kernel_leave_receive")
public func kernelLeaveReceive(_ kernel: UnsafeMutableRawPointer) -> Int {
    unsafe Unmanaged<LeaveKernel>.fromOpaque(kernel).takeUnretainedValue().receive()
}

@_cdecl("kernel_leave_settle")
public func kernelLeaveSettle(_ kernel: UnsafeMutableRawPointer) {
    unsafe Unmanaged<LeaveKernel>.fromOpaque(kernel).takeUnretainedValue().settle()
}

@_cdecl("kernel_leave_bare_leave")
public func kernelLeaveBareLeave(_ kernel: UnsafeMutableRawPointer, _ count: Int) -> Int {
    unsafe Unmanaged<LeaveKernel>.fromOpaque(kernel).takeUnretainedValue().leaveBare(count)
}

@_cdecl("kernel_leave_bare_receive")
public func kernelLeaveBareReceive(_ kernel: UnsafeMutableRawPointer) -> Int {
    unsafe Unmanaged<LeaveKernel>.fromOpaque(kernel).takeUnretainedValue().receiveBare()
}

@_cdecl("kernel_leave_free")
public func kernelLeaveFree(_ kernel: UnsafeMutableRawPointer) {
    unsafe Unmanaged<LeaveKernel>.fromOpaque(kernel).release()
}
