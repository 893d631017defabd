public import Primitives

/// What the processes of one closed process group say to each other, below the group's own messages.
///
/// Every frame is `UInt8 version · UInt8 type · UInt64 sequence · body`, big-endian. The sequence counts the frames
/// of a process, so that one that is missing is noticed.
public enum ProcessGroupWire {
    /// The version that this code speaks.
    public static let version: UInt8 = 1
    /// Bytes of the largest frame; CPG carries 1 MiB less 1 KiB in one piece.
    public static let frameLimit = 1 << 18
    /// Bytes before the body.
    public static let headerSize = 10
    /// Bytes that a message adds to its payload: header, sender and destination.
    public static let messageOverhead = headerSize + 16
    /// Bytes of the largest payload.
    public static let payloadLimit = frameLimit - messageOverhead
    /// Members of one process in one group.
    public static let memberLimit = 4_096
    /// Processes of one group: what CPG can list.
    public static let processLimit = 128
    /// The destination of a message that is for everybody.
    public static let everybody: UInt64 = 0
}

/// The type byte of each frame.
public enum ProcessGroupFrameType: UInt8, Sendable {
    case state = 1
    case attach = 2
    case detach = 3
    case message = 4
    case restart = 5
    case exclusion = 6
}

/// Every frame.
public enum ProcessGroupFrame: Equatable, Sendable {
    case state(ProcessState)
    case attach(MemberAttach)
    case detach(MemberDetach)
    case message(MemberMessage)
    case restart(RoundRestart)
    case exclusion(ProcessExclusion)

    /// Reads one whole frame: its number among those of its sender, and what it says.
    public static func read(_ bytes: [UInt8]) throws(CodecError) -> (sequence: UInt64, frame: ProcessGroupFrame) {
        guard bytes.count <= ProcessGroupWire.frameLimit else { throw .badValue }
        var reader = ByteReader(bytes)
        guard try reader.readUInt8() == ProcessGroupWire.version else { throw .badValue }
        guard let type = ProcessGroupFrameType(rawValue: try reader.readUInt8()) else { throw .badValue }
        let sequence = try reader.readUInt64()
        let frame: ProcessGroupFrame
        switch type {
        case .state: frame = .state(try ProcessState.read(&reader))
        case .attach: frame = .attach(try MemberAttach.read(&reader))
        case .detach: frame = .detach(try MemberDetach.read(&reader))
        case .message: frame = .message(try MemberMessage.read(&reader))
        case .restart: frame = .restart(try RoundRestart.read(&reader))
        case .exclusion: frame = .exclusion(try ProcessExclusion.read(&reader))
        }
        try reader.finish()
        return (sequence, frame)
    }

    /// The whole frame, with its number.
    public func write(sequence: UInt64) -> [UInt8] {
        switch self {
        case .state(let state): return state.write(sequence)
        case .attach(let attach): return attach.write(sequence)
        case .detach(let detach): return detach.write(sequence)
        case .message(let message): return message.write(sequence)
        case .restart(let restart): return restart.write(sequence)
        case .exclusion(let exclusion): return exclusion.write(sequence)
        }
    }
}

extension ByteWriter {
    /// Starts a frame whose body will have `bodySize` bytes.
    init(_ type: ProcessGroupFrameType, _ sequence: UInt64, bodySize: Int) {
        self.init(capacity: ProcessGroupWire.headerSize + bodySize)
        writeUInt8(ProcessGroupWire.version)
        writeUInt8(type.rawValue)
        writeUInt64(sequence)
    }
}

extension ByteReader {
    /// A connection, which is never 0.
    mutating func readConnection() throws(CodecError) -> UInt64 {
        let connection = try readUInt64()
        guard connection != 0 else { throw .badValue }
        return connection
    }
}

/// A process of a group: node and process id, ordered as CPG orders them.
public struct ProcessAddress: Equatable, Comparable, Sendable {
    public let node: UInt32
    public let process: UInt32

    public init(node: UInt32, process: UInt32) {
        self.node = node
        self.process = process
    }

    public static func < (left: ProcessAddress, right: ProcessAddress) -> Bool {
        left.node != right.node ? left.node < right.node : left.process < right.process
    }
}

/// A number of 64 bits that stands for what was mixed into it. It names configurations and rounds apart, whose parts
/// hold random numbers of every process; it is no protection against forgers, which no transport has to be.
struct Fingerprint {
    private(set) var value: UInt64 = 0x6363_6f6e_636c_6176

    mutating func mix(_ word: UInt64) {
        var mixed = (value ^ word) &+ 0x9e37_79b9_7f4a_7c15
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        value = mixed ^ (mixed >> 31) &+ (value << 1)
    }

    mutating func mix(_ address: ProcessAddress) { mix(UInt64(address.node) << 32 | UInt64(address.process)) }

    /// As the number of a configuration: 0 stands for none.
    var number: UInt64 { value == 0 ? 1 : value }
}
