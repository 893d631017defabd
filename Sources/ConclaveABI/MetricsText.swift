internal import Drivers

extension MetricList {
    /// Prometheus' text format, version 0.0.4. Every series names the group and the member.
    func text(group: String, member: String) -> [UInt8] {
        let common = Self.label("group", group) + [UInt8(ascii: ",")] + Self.label("member", member)
        var text: [UInt8] = []
        var last: [UInt8] = []
        for metric in metrics {
            let name = unsafe bytes(metric.name)
            if name != last {
                text += "# HELP ".utf8 + name + " ".utf8 + (unsafe bytes(metric.help)) + "\n".utf8
                text += "# TYPE ".utf8 + name + (metric.isCounter ? " counter\n".utf8 : " gauge\n".utf8)
                last = name
            }
            text += name + "{".utf8 + common
            if !metric.labels.isEmpty { text += ",".utf8 + metric.labels }
            text += "} ".utf8 + metric.number + "\n".utf8
        }
        return text
    }

    /// A label whose value is anybody's text.
    private static func label(_ name: String, _ value: String) -> [UInt8] {
        var label = [UInt8]("\(name)=\"".utf8)
        for byte in value.utf8 {
            switch byte {
            case UInt8(ascii: "\\"), UInt8(ascii: "\""): label += [UInt8(ascii: "\\"), byte]
            case UInt8(ascii: "\n"): label += "\\n".utf8
            default: label.append(byte)
            }
        }
        return label + "\"".utf8
    }
}

extension Metric {
    /// The value in Prometheus' base units: times in seconds, with three decimals.
    fileprivate var number: [UInt8] {
        guard unit == .milliseconds else { return [UInt8]("\(value)".utf8) }
        let rest = "\(1000 + value % 1000)".utf8.dropFirst()
        return [UInt8]("\(value / 1000).".utf8) + rest
    }
}
