import Traces

/// A run made up for the pictures: members that come one after the other, agree, talk, are parted, meet again, crash
/// and leave, with every kind of event that a page has to show. Nobody ran a machine for it; it only looks like one.
struct SampleRun {
    private(set) var trace: Trace
    private var generator: Steps
    private var time: UInt64 = 0
    private var live: [Int] = []
    private var counter: UInt64 = 0
    private var number: UInt64 = 0
    private var transmission = 0
    private var phases: [Phase] = []

    /// A run of so many members, of `length` events or a little more.
    init(members: Int, length: Int, seed: UInt64 = 1) {
        trace = Trace(
            title: "seed \(seed) of a made-up run, optimized, \(members) members",
            replay: "scripts/simulate --seed \(seed) --members \(members) --algorithm optimized --html run.html")
        generator = Steps(state: seed)
        let names = [
            "anna", "bert", "carl", "dora", "emil", "frieda", "gustav", "hanna", "ivan", "jutta", "karl", "lena",
        ]
        for index in 0..<members { connect(names[index % names.count]) }
        change(to: [live])
        var episode = 0
        while trace.events.count < length {
            talk(3)
            pass(through: episode, names: names)
            episode += 1
        }
        trace.isComplete = true
    }

    private mutating func pass(through episode: Int, names: [String]) {
        switch episode % 5 {
        case 0:
            let half = (live.count + 1) / 2
            change(to: [Array(live[..<half]), Array(live[half...])])
            talk(2)
            change(to: [live])
        case 1 where live.count > 2:
            let gone = live.removeLast()
            happen(gone, .crashed)
            change(to: [live])
            connect(trace.members[gone].name)
            change(to: [live], cascades: true)
        case 2: happen(live[0], .problem("a message of an unknown sender was refused"))
        case 3 where live.count > 2:
            let gone = live.remove(at: 1)
            happen(gone, .left)
            change(to: [live])
            connect(trace.members[gone].name)
            change(to: [live])
        default:
            happen(live[1], .hangs(true))
            tamper()
            time += 900_000
            happen(live[1], .hangs(false))
        }
    }

    private mutating func happen(_ member: Int, _ kind: EventKind) {
        time += 40 + generator.next(below: 300)
        trace.events.append(Event(time: time, member: member, kind))
    }

    private mutating func connect(_ name: String) {
        let index = trace.members.count
        trace.members.append(Membership(id: generator.next(), name: name))
        phases.append(.SJ)
        live.append(index)
        happen(index, .connected)
    }

    private mutating func robust(
        _ member: Int, _ event: RobustEvent, _ after: Phase, _ outcome: RobustOutcome = .accepted
    ) {
        let before = phases[member]
        phases[member] = after
        happen(member, .robust(event, before: before, after: after, outcome, why: outcome == .accepted ? "" : "stale"))
    }

    /// A message of the transport to a component, each of its members at its own time.
    private mutating func transmit(_ what: String, from sender: Int, to component: [Int]) {
        transmission += 1
        happen(sender, .transmitted(number: transmission, what: what, destination: nil))
        for member in component where member != sender {
            happen(member, .arrived(number: transmission, from: sender, wasTampered: false))
        }
    }

    private mutating func tamper() {
        transmission += 2
        happen(live[0], .transmitted(number: transmission, what: "final token", destination: nil))
        happen(live[1], .arrived(number: transmission, from: live[0], wasTampered: true))
        robust(live[1], .garbage, phases[live[1]], .refused)
        if live.count > 2 { happen(live[2], .swallowed(number: transmission, from: live[0])) }
    }

    private mutating func token(
        _ what: String, _ event: RobustEvent, from sender: Int, to receivers: [Int], _ after: Phase
    ) {
        number += 1
        let destination = receivers.count == 1 ? trace.members[receivers[0]].id : nil
        let message = MessageRecord(
            number: number, sender: trace.members[sender].id, service: .agreed, destination: destination, what: what)
        happen(sender, .vsSent(message))
        for receiver in receivers {
            happen(receiver, .vsDelivered(message))
            robust(receiver, event, after)
        }
    }

    private mutating func talk(_ count: Int) {
        for _ in 0..<count where !live.isEmpty {
            let sender = live[Int(generator.next(below: UInt64(live.count)))]
            number += 1
            let service = ServiceName.allCases[Int(generator.next(below: 4))]
            let message = MessageRecord(
                number: number, sender: trace.members[sender].id, service: service,
                what: "text of \(5 + generator.next(below: 40)) bytes")
            happen(sender, .sent(message))
            for member in live where phases[member] == .S { happen(member, .delivered(message)) }
        }
        time += 60_000
    }

    /// A change of the membership, with an agreement in each component.
    private mutating func change(to components: [[Int]], cascades: Bool = false) {
        happen(-1, .components(components))
        for component in components where !component.isEmpty {
            for member in component where phases[member] == .S {
                happen(member, .vsFlushRequest)
                happen(member, .flushRequest)
                happen(member, .flushOk)
                robust(member, .secureFlushOk, .M)
                happen(member, .vsSignal)
                happen(member, .signal)
            }
            transmit("hello", from: component[0], to: component)
            transmit("acknowledgement", from: component[component.count - 1], to: component)
            counter += 1
            agree(component)
            if cascades { cascade(component) }
        }
    }

    private mutating func agree(_ component: [Int]) {
        let ids = component.map { trace.members[$0].id }
        let name = ViewName(counter: counter, hash: generator.next())
        let key = String(generator.next(), radix: 16) + String(generator.next(), radix: 16)
        for member in component {
            let view = ViewRecord(name: name, members: ids, transitionalSet: [trace.members[member].id])
            happen(member, .vsView(view))
            let isLast = member == component[component.count - 1]
            if component.count > 1 { robust(member, .membership, isLast || member == component[0] ? .FT : .PT) }
        }
        if component.count > 1 {
            for (place, member) in component.enumerated().dropLast().dropFirst() {
                token("partial token", .partialToken, from: component[place - 1], to: [member], .FT)
            }
            let last = component[component.count - 1]
            token("final token", .finalToken, from: last, to: Array(component.dropLast()), .KL)
            for member in component.dropLast() { token("factor-out token", .factOut, from: member, to: [last], .FO) }
            token("key list", .keyList, from: last, to: component, .S)
        }
        for member in component {
            if component.count == 1 { robust(member, .membership, .S) }
            let view = ViewRecord(
                name: name, members: ids, transitionalSet: [trace.members[member].id], keyFingerprint: key)
            happen(member, .view(view))
        }
    }

    private mutating func cascade(_ component: [Int]) {
        for member in component { robust(member, .flushRequest, .CM) }
        counter += 1
        agree(component)
    }
}

/// SplitMix64 (Steele, Lea and Flood, 2014): the same steps from the same seed.
private struct Steps {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    mutating func next(below limit: UInt64) -> UInt64 { next() % limit }
}
