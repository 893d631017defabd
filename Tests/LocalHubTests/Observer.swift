import LocalHub

/// What went wrong, as one sentence.
struct Violation: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// Sees everything that the hub says to everybody, and knows what the hub may say. It shares no code with the
/// sequencer.
///
/// Of each group it keeps one log: whatever some member gets first is the next entry, and everybody else must get
/// exactly that entry at that place.
struct Observer {
    enum Entry: Equatable {
        case configuration(id: UInt64, members: [UInt64])
        case message(sender: UInt64, destination: UInt64, payload: [UInt8])
    }

    struct Watched {
        var group: String
        var id: UInt64 = 0
        var members: [UInt64] = []
        var cursor = 0
    }

    private(set) var logs: [String: [Entry]] = [:]
    private(set) var watched: [Int: Watched] = [:]
    private var usedIDs: Set<UInt64> = []
    private var lastConfiguration: UInt64 = 0

    /// A client has asked to become a member.
    mutating func attaching(_ slot: Int, group: String) { watched[slot] = Watched(group: group) }

    /// A client is no longer there; it must not be sent anything.
    mutating func gone(_ slot: Int) { watched[slot] = nil }

    /// The hub has sent a frame to a client.
    mutating func sent(_ slot: Int, _ bytes: [UInt8]) throws {
        let frame = try HubServerFrame.read(bytes)
        if case .refused = frame { return }
        guard var client = watched[slot] else { throw Violation("slot \(slot) got \(frame) without attaching") }
        switch frame {
        case .attached(let attached):
            guard client.id == 0 else { throw Violation("\(client.id) was attached twice") }
            guard usedIDs.insert(attached.connection).inserted else {
                throw Violation("id \(attached.connection) was given out twice")
            }
            client.id = attached.connection
        case .configuration(let configuration):
            try configured(&client, configuration)
        case .message(let message):
            guard client.members.contains(message.sender) else {
                throw Violation("\(client.id) got a message of \(message.sender), who is not in its configuration")
            }
            guard message.destination == 0 || message.destination == client.id else {
                throw Violation("\(client.id) got a message for \(message.destination)")
            }
            let entry = Entry.message(
                sender: message.sender, destination: message.destination, payload: Array(message.payload))
            try follow(&client, entry)
        case .refused:
            break
        }
        watched[slot] = client
    }

    private mutating func configured(_ client: inout Watched, _ configuration: HubConfiguration) throws {
        guard client.id != 0, configuration.members.contains(client.id) else {
            throw Violation("\(client.id) got a configuration of others: \(configuration)")
        }
        let isNewcomer = client.members.isEmpty
        let previous = isNewcomer ? [client.id] : client.members
        let continuing = previous.filter { configuration.members.contains($0) }
        guard configuration.transitional == continuing else {
            throw Violation("\(client.id): transitional \(configuration.transitional), but \(continuing) continue")
        }
        client.members = configuration.members
        let entry = Entry.configuration(id: configuration.id, members: configuration.members)
        if isNewcomer {
            // A newcomer's log begins with the configuration that brings it in.
            let log = logs[client.group, default: []]
            client.cursor = log.lastIndex(of: entry) ?? log.count
        }
        try follow(&client, entry)
    }

    private mutating func follow(_ client: inout Watched, _ entry: Entry) throws {
        let log = logs[client.group, default: []]
        skipForeignUnicasts(&client)
        if client.cursor == log.count {
            if case .configuration(let id, _) = entry {
                guard id > lastConfiguration else { throw Violation("configuration \(id) after \(lastConfiguration)") }
                lastConfiguration = id
            }
            logs[client.group, default: []].append(entry)
        } else if log[client.cursor] != entry {
            throw Violation("\(client.id) got \(entry) where others got \(log[client.cursor])")
        }
        client.cursor += 1
    }

    private func skipForeignUnicasts(_ client: inout Watched) {
        let log = logs[client.group, default: []]
        while client.cursor < log.count {
            guard case .message(_, let destination, _) = log[client.cursor], destination != 0,
                destination != client.id
            else { return }
            client.cursor += 1
        }
    }

    /// When all is quiet, every member has all of its group's log, and its last configuration names who is there.
    func checkComplete() throws {
        for (_, client) in watched where client.id != 0 {
            var client = client
            skipForeignUnicasts(&client)
            let log = logs[client.group, default: []]
            guard client.cursor == log.count else {
                throw Violation("\(client.id) has \(client.cursor) of \(log.count) entries of \(client.group)")
            }
            let present = watched.values.filter { $0.group == client.group && $0.id != 0 }.map(\.id).sorted()
            guard client.members == present else {
                throw Violation("\(client.id) sees \(client.members), but \(present) are there")
            }
        }
    }

    /// The payloads of one sender in the order of its group's log.
    func ordered(_ group: String, sender: UInt64) -> [[UInt8]] {
        logs[group, default: []].compactMap { entry in
            if case .message(sender, _, let payload) = entry { return payload }
            return nil
        }
    }
}
