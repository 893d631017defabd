/// What all members of a check were told, held against each other: docs/transports.md has the promises.
struct CheckedRecords {
    let members: [CheckedMember]

    /// What is wrong with the configurations, or nil: each well formed, numbers used once, the same at all its members.
    func flawOfConfigurations() -> String? {
        for member in members {
            if let flaw = member.flaw { return flaw }
            guard let own = member.connection else { continue }
            var previous: [UInt64] = []
            var seen: [UInt64] = []
            for case .configuration(let id, let members, let transitional) in member.items {
                if seen.contains(id) { return "a configuration's number is used twice" }
                seen.append(id)
                if !Self.isAscending(members) || !Self.isAscending(transitional) {
                    return "the members of a configuration are not ascending"
                }
                if !members.contains(own) || !transitional.contains(own) {
                    return "a member is not in its own configuration or transitional set"
                }
                let before = previous.isEmpty ? [own] : previous
                for other in transitional where !members.contains(other) || !before.contains(other) {
                    return "a transitional member is not in both configurations"
                }
                if previous.isEmpty, transitional != [own] { return "a newcomer has company in its transitional set" }
                previous = members
            }
        }
        return flawOfSharedConfigurations()
    }

    private func flawOfSharedConfigurations() -> String? {
        for one in members {
            for other in members where other !== one {
                for case .configuration(let id, let members, _) in one.items {
                    for case .configuration(id, let others, _) in other.items where others != members {
                        return "two members see different members in one configuration"
                    }
                }
            }
        }
        return nil
    }

    /// Whether a member was told something twice, or nil.
    func flawOfRepetition() -> String? {
        for member in members {
            let keys = member.items.map(Self.key).sorted()
            for index in keys.indices.dropFirst() where keys[index - 1] == keys[index] {
                return "a member was told one message or configuration twice"
            }
        }
        return nil
    }

    /// What two members saw in different order, or nil: of what both were told, each pair has the same order.
    func flawOfOrder() -> String? {
        let keys = members.map { $0.items.map(Self.key) }
        let sorted = keys.map { $0.sorted() }
        for one in members.indices {
            for other in members.indices where other > one {
                let first = keys[one].filter { Self.contains(sorted[other], $0) }
                let second = keys[other].filter { Self.contains(sorted[one], $0) }
                if first != second {
                    return "two members were told the same in different order"
                }
            }
        }
        return nil
    }

    /// What members that went from one configuration to the next together were not both told, or nil.
    func flawOfSynchrony() -> String? {
        for one in members {
            let stays = Self.stays(one)
            for other in members where other !== one {
                guard let connection = other.connection else { continue }
                let others = Self.stays(other)
                for stay in stays {
                    guard stay.transitional.contains(connection),
                        let match = others.first(where: { $0.id == stay.id && $0.next == stay.next })
                    else { continue }
                    if match.messages != stay.messages {
                        return "members that went on together were told different messages"
                    }
                }
            }
        }
        return nil
    }

    /// Whether somebody is in another's transitional set who came from another configuration, or does not name it back.
    func flawOfTransitionalSets() -> String? {
        for one in members {
            guard let own = one.connection else { continue }
            for stay in Self.stays(one) {
                for other in members where other !== one {
                    guard let connection = other.connection, stay.transitional.contains(connection) else { continue }
                    for match in Self.stays(other) where match.next == stay.next {
                        if match.id != stay.id { return "a transitional member came from another configuration" }
                        if !match.transitional.contains(own) { return "two transitional sets do not name each other" }
                    }
                }
            }
        }
        return nil
    }

    // MARK: - Inside

    /// A member's time in one configuration, as far as another one follows.
    private struct Stay {
        let id: UInt64
        var messages: [UInt64] = []
        var next: UInt64 = 0
        var transitional: [UInt64] = []
    }

    private static func stays(_ member: CheckedMember) -> [Stay] {
        var stays: [Stay] = []
        var current: Stay? = nil
        for item in member.items {
            switch item {
            case .configuration(let id, _, let transitional):
                if var stay = current {
                    stay.next = id
                    stay.transitional = transitional
                    stays.append(stay)
                }
                current = Stay(id: id)
            case .message(let id, _): if !CheckedUnicast.isUnicast(id) { current?.messages.append(id) }
            }
        }
        return stays
    }

    /// Configurations and messages as numbers that do not meet: a message's has the high half of its sender's.
    private static func key(_ item: CheckedItem) -> UInt64 {
        switch item {
        case .configuration(let id, _, _): return id | 1 << 63
        case .message(let id, _): return id
        }
    }

    /// Halving a sorted list.
    private static func contains(_ sorted: [UInt64], _ key: UInt64) -> Bool {
        var low = 0
        var high = sorted.count
        while low < high {
            let middle = (low + high) / 2
            if sorted[middle] < key { low = middle + 1 } else { high = middle }
        }
        return low < sorted.count && sorted[low] == key
    }

    private static func isAscending(_ connections: [UInt64]) -> Bool {
        for index in connections.indices.dropFirst() where connections[index - 1] >= connections[index] {
            return false
        }
        return !connections.isEmpty
    }
}

/// The numbers of messages to one member are marked, since only their destination is told them.
enum CheckedUnicast {
    static let mark: UInt32 = 1 << 31

    static func isUnicast(_ id: UInt64) -> Bool { UInt32(truncatingIfNeeded: id) & mark != 0 }
}
