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
    guard size >= 1024 else { return "\(size) bytes" }
    let tenths = size / 1024 * 10 + size % 1024 * 10 / 1024
    // Written out: what the optimizer of Swift 6.3 makes of a loop here differs from build to build.
    return switch tenths {
    case ..<10_240: inTenths(tenths, "KiB")
    case ..<10_485_760: inTenths(tenths >> 10, "MiB")
    case ..<10_737_418_240: inTenths(tenths >> 20, "GiB")
    default: inTenths(tenths >> 30, "TiB")
    }
}

private func inTenths(_ tenths: UInt64, _ unit: String) -> String { "\(tenths / 10).\(tenths % 10) \(unit)" }
