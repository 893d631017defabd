import Primitives
import ProcessGroups

/// What the processes of a Corosync group say to each other.
func processGroupReaders() throws -> [Reader] {
    let frames: [ProcessGroupFrame] = [
        .state(
            try ProcessState(
                round: 0x0102_0304, nonce: .max, configuration: 5, heard: 0x0a0b,
                connections: [1, 7, 0x1_0000_0002, .max])),
        .state(try ProcessState(round: 1, nonce: 2, configuration: 0, heard: 0, connections: [])),
        .attach(MemberAttach(connection: 0x0102_0304_0506_0708)), .detach(MemberDetach(connection: .max)),
        .message(try MemberMessage(sender: 7, destination: 0, payload: [UInt8](0..<48)[...])),
        .message(try MemberMessage(sender: 7, destination: 8, payload: [])),
        .restart(RoundRestart(configuration: 5, nonce: 6)),
        .exclusion(
            try ProcessExclusion(
                round: 5, processes: [ProcessAddress(node: 1, process: 2), ProcessAddress(node: 3, process: 1)])),
    ]
    return [
        Reader("process-group-frame", frames.enumerated().map { $1.write(sequence: UInt64($0) << 30) }) {
            (bytes) throws in
            let read = try ProcessGroupFrame.read(bytes)
            return read.frame.write(sequence: read.sequence)
        }
    ]
}
