import FoundationEssentials

/// Hexadecimal digits, for programs.
func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
}

/// The first 16 bytes of a fingerprint in groups of four digits, for people who read it to each other.
func spoken(_ fingerprint: [UInt8]) -> String {
    let bytes = Array(fingerprint.prefix(16))
    return stride(from: 0, to: bytes.count, by: 2)
        .map { hexadecimal(bytes[$0..<min($0 + 2, bytes.count)]) }
        .joined(separator: " ")
}

func base64(_ bytes: [UInt8]) -> String {
    Data(bytes).base64EncodedString()
}

/// nil for text that is not base64.
func bytes(base64 text: String) -> [UInt8]? {
    Data(base64Encoded: text).map { Array($0) }
}

/// Text of somebody else without what would command a terminal: control characters and changes of the writing direction
/// become replacement characters.
func printable(_ text: String) -> String {
    var result = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
        switch scalar.properties.generalCategory {
        case .control where scalar == "\t": result.append(" ")
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate: result.append("\u{FFFD}")
        default: result.append(scalar)
        }
    }
    return String(result)
}

/// A size for people, such as "32.0 MiB".
func readable(_ size: UInt64) -> String {
    let units = ["KiB", "MiB", "GiB", "TiB"]
    guard size >= 1024 else { return "\(size) bytes" }
    var tenths = size / 1024 * 10 + size % 1024 * 10 / 1024
    var unit = 0
    while tenths >= 10_240, unit + 1 < units.count {
        tenths /= 1024
        unit += 1
    }
    return "\(tenths / 10).\(tenths % 10) \(units[unit])"
}
