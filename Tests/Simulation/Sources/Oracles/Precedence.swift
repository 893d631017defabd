import Traces

/// Walks through a floor's messages in the order of the trace, as an observer who sees everybody, and finds deliveries
/// that came before one that precedes them.
///
/// In one view, the messages of a sender that precede a message m' are the first so many that it sent there; so what
/// precedes m' is a number for each member of the view. At each member, a mark for each sender tells up to where all of
/// that sender's messages have been delivered, or were none that it must deliver first. So each message is looked at
/// once by each member.
struct Precedence {
    enum Order {
        /// What its sender sent before it (property 9).
        case fifo
        /// What its sender had sent or delivered before it, and what precedes that (property 10).
        case causal
    }

    let floor: Floor
    let order: Order
    /// By view: how many visits it has, and where its marks begin.
    private var widths: [Int] = []
    private var markStarts: [Int] = []
    /// By visit: its place among the visits of its view.
    private var columns: [Int]
    /// By view, visit of it and sender: how many of the sender's messages are done with.
    private var marks: [Int]
    /// By view, visit of it and sender: how many of the sender's messages precede what the visitor sends next.
    private var clocks: [Int]
    /// By message: where its row begins in `rows` and `isDelivered`; −1 before it is sent.
    private var rowStarts: [Int]
    /// By message and sender: how many of the sender's messages precede it.
    private var rows: [Int] = []
    /// By message and visit: whether it was delivered there.
    private var isDelivered: [Bool] = []

    init(_ floor: Floor, _ order: Order) {
        self.floor = floor
        self.order = order
        columns = Array(repeating: 0, count: floor.visits.count)
        var total = 0
        for view in floor.views {
            widths.append(view.visits.count)
            markStarts.append(total)
            for (column, visit) in view.visits.enumerated() { columns[visit] = column }
            total += view.visits.count * view.visits.count
        }
        marks = Array(repeating: 0, count: total)
        clocks = marks
        rowStarts = Array(repeating: -1, count: floor.messages.count)
    }

    /// Tells of each delivery and each message that should have been delivered before it.
    mutating func forEachMissing(_ body: (Floor.Entry, _ missing: Int) -> Void) {
        for entry in floor.log {
            let view = floor.visits[entry.visit].view
            guard view >= 0 else { continue }
            if entry.isSend {
                send(entry, view)
            } else if rowStarts[entry.message] >= 0, floor.visits[floor.messages[entry.message].visit].view == view {
                deliver(entry, view, body)
            }
        }
    }

    private mutating func send(_ entry: Floor.Entry, _ view: Int) {
        let width = widths[view]
        let column = columns[entry.visit]
        let own = markStarts[view] + column * width
        rowStarts[entry.message] = rows.count
        switch order {
        case .fifo: for sender in 0..<width { rows.append(sender == column ? clocks[own + column] : 0) }
        case .causal: rows += clocks[own..<own + width]
        }
        for _ in 0..<width { isDelivered.append(false) }
        clocks[own + column] += 1
    }

    private mutating func deliver(_ entry: Floor.Entry, _ view: Int, _ body: (Floor.Entry, Int) -> Void) {
        let message = floor.messages[entry.message]
        let width = widths[view]
        let row = rowStarts[entry.message]
        let own = markStarts[view] + columns[entry.visit] * width
        let isOrdered = order == .fifo || message.record.service != .fifo
        for sender in 0..<width {
            let needed = rows[row + sender]
            if isOrdered, marks[own + sender] < needed {
                advance(entry, to: needed, of: floor.views[view].visits[sender], mark: own + sender, body)
            }
            if order == .causal { clocks[own + sender] = max(clocks[own + sender], needed) }
        }
        let sender = columns[message.visit]
        if order == .causal { clocks[own + sender] = max(clocks[own + sender], message.place + 1) }
        isDelivered[row + columns[entry.visit]] = true
    }

    private mutating func advance(
        _ entry: Floor.Entry, to needed: Int, of senderVisit: Int, mark: Int, _ body: (Floor.Entry, Int) -> Void
    ) {
        let member = floor.visits[entry.visit].member
        let column = columns[entry.visit]
        while marks[mark] < needed {
            let earlier = floor.visits[senderVisit].sends[marks[mark]]
            let message = floor.messages[earlier]
            marks[mark] += 1
            guard message.isFor(member), !isDelivered[rowStarts[earlier] + column] else { continue }
            if order == .causal, message.record.service == .fifo { continue }
            body(entry, earlier)
        }
    }
}
