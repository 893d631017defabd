public import CConclave
internal import Drivers
internal import SecureGroup

/// Where a group's notes go.
@safe
struct GroupLog {
    let callback: @convention(c) (UnsafeMutableRawPointer?, UInt32, UnsafePointer<CChar>?) -> Void
    let userData: UnsafeMutableRawPointer?

    /// Tells what was noted since the last time, after all that a call had to do has been done.
    func tell(_ driver: GroupDriver) {
        let taken = driver.takeNotes()
        for note in taken.notes { tell(note.level, describe(note)) }
        if taken.lost > 0 { tell(.warning, "\(taken.lost) lines found no room in the log") }
    }

    private func tell(_ level: NoteLevel, _ line: String) {
        let text = LentText(line)
        unsafe callback(userData, UInt32(level.rawValue), text.pointer)
    }
}

/// The reading that was taken last, as far as it is lent to the program.
final class LentMetrics {
    private var list: [Metric] = []
    private var lentLabels = LentText("")
    private var text = LentBytes([])

    func take(_ reading: GroupReading) { list = MetricList(reading).metrics }

    func lend(_ index: Int) -> conclave_metric? {
        guard list.indices.contains(index) else { return nil }
        let metric = list[index]
        let labels = LentText(String(decoding: metric.labels, as: UTF8.self))
        lentLabels = labels
        var filled = unsafe conclave_metric()
        unsafe filled.size = MemoryLayout<conclave_metric>.size
        unsafe filled.name = staticText(metric.name)
        unsafe filled.labels = UnsafePointer(labels.pointer)
        unsafe filled.help = staticText(metric.help)
        unsafe filled.is_counter = metric.isCounter
        unsafe filled.unit = metric.unit.rawValue
        unsafe filled.value = metric.value
        return unsafe filled
    }

    func lend(text bytes: [UInt8]) -> (pointer: UnsafePointer<CChar>, size: Int) {
        // The zero byte behind it is for programs that take it for a C string.
        text = LentBytes(bytes + [0])
        return unsafe (UnsafeRawPointer(text.pointer).assumingMemoryBound(to: CChar.self), bytes.count)
    }
}

@_cdecl("conclave_group_metric") @implementation
public func conclave_group_metric(
    _ group: OpaquePointer!, _ index: Int, _ metric: UnsafeMutablePointer<conclave_metric>!
) -> conclave_status {
    unsafe answering(group) { (object) throws(Failure) in
        let place = unsafe try output(metric, what: "metric")
        guard unsafe place.pointee.size == MemoryLayout<conclave_metric>.size else {
            throw Failure(CONCLAVE_E_BAD_STRUCT_SIZE, "the metric's size is not sizeof(conclave_metric)")
        }
        if index == 0 { object.metrics.take(object.driver.reading) }
        guard let found = unsafe object.metrics.lend(index) else { throw Failure(CONCLAVE_E_NOT_FOUND) }
        unsafe place.pointee = found
    }
}

@_cdecl("conclave_group_metrics_text") @implementation
public func conclave_group_metrics_text(
    _ group: OpaquePointer!, _ text: UnsafeMutablePointer<UnsafePointer<CChar>?>!,
    _ text_size: UnsafeMutablePointer<Int>!
) -> conclave_status {
    unsafe answering(group) { (object) throws(Failure) in
        let place = unsafe try output(text, what: "text")
        let list = MetricList(object.driver.reading)
        let lent = unsafe object.metrics.lend(text: list.text(group: object.driver.group, member: object.driver.name))
        unsafe place.pointee = lent.pointer
        if let size = unsafe text_size { unsafe size.pointee = lent.size }
    }
}

@_cdecl("conclave_group_set_log") @implementation
public func conclave_group_set_log(
    _ group: OpaquePointer!, _ level: UInt32, _ callback: conclave_log_callback!, _ user_data: UnsafeMutableRawPointer!
) -> conclave_status {
    unsafe answering(group) { (object) throws(Failure) in
        guard level != UInt32(CONCLAVE_LOG_NONE), let callback = unsafe callback else {
            object.log = nil
            object.driver.noteLevel = nil
            _ = object.driver.takeNotes()
            return
        }
        guard let level = UInt8(exactly: level).flatMap({ NoteLevel(rawValue: $0) }) else {
            throw Failure(CONCLAVE_E_INVALID_ARGUMENT, "a log's level is NONE, WARNING, INFO or DEBUG")
        }
        object.log = unsafe GroupLog(callback: callback, userData: user_data)
        object.driver.noteLevel = level
    }
}
