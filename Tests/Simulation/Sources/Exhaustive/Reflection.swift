import Flush
import Primitives

@testable import Arithmetic
@testable import KeyAgreement
@testable import SecureGroup

/// Writes out everything that a machine consists of, by reflection: a field that somebody adds tomorrow is in it
/// without a line here, so that no two states are taken for one because a list of fields was not kept up to date.
///
/// Reflection does not show what must not be copied (secrets), and shows addresses of what lives in libcrypto. For
/// these stands something that is the same exactly when they are:
/// - a share: its number, read from its words;
/// - a group key: its public fingerprint, which is beside it; the keys of a secure view: the fingerprint in its view;
/// - an AEAD context: the keys of its view, and the sender and audience beside it;
/// - an identity: it never changes.
///
/// Statistics (`SecureGroupCounters`, the agreement's counters) decide nothing, and are left out.
struct Reflection {
    private(set) var bytes: [UInt8] = []

    /// All of a secure group, with the source of its randomness.
    static func bytes(of machine: borrowing SecureGroup, _ entropy: Entropy) -> [UInt8] {
        var reflection = Reflection()
        reflection.write(machine.state)
        reflection.write(machine.context.machine)
        reflection.write(machine.context.run as Any)
        reflection.write(machine.context.completed as Any)
        reflection.write(entropy)
        return reflection.bytes
    }

    mutating func write(_ text: String) {
        bytes += Array(text.utf8)
        bytes.append(0)
    }

    private mutating func write(_ number: UInt64) {
        for shift in stride(from: 0, to: 64, by: 8) { bytes.append(UInt8(truncatingIfNeeded: number >> UInt64(shift))) }
    }

    mutating func write(_ value: Any) {
        switch value {
        case let value as [UInt8]:
            write(UInt64(value.count))
            bytes += value
        case let value as UInt64: write(value)
        case let value as Int: write(UInt64(bitPattern: Int64(value)))
        case let value as Share: write(value)
        case is AuthenticatedCipher, is Identity: return
        default: writeParts(value)
        }
    }

    private mutating func write(_ share: Share) {
        for index in 0..<share.scalar.limbs.count { write(UInt64(share.scalar.limbs.pointer[index])) }
    }

    private mutating func writeParts(_ value: Any) {
        let mirror = Mirror(reflecting: value)
        guard mirror.displayStyle != nil, mirror.children.count > 0 else {
            // Numbers, texts and cases without a payload spell themselves; so do empty lists and nil.
            write("\(type(of: value)) \(mirror.displayStyle == .class ? "" : "\(value)")")
            return
        }
        write("\(type(of: value)) \(mirror.children.count)")
        var parent = mirror.superclassMirror
        while let present = parent {
            for child in present.children { write(child.value) }
            parent = present.superclassMirror
        }
        for child in mirror.children {
            if mirror.displayStyle == .enum { write(child.label ?? "") }
            write(child.value)
        }
    }
}

/// 128 bits that name a state. Not for adversaries: among the at most 2^27 states of a run, two have the same name with
/// a probability below 2^-74.
struct StateName: Hashable {
    let high: UInt64
    let low: UInt64

    init(_ bytes: [UInt8]) {
        var first: UInt64 = 0x243f_6a88_85a3_08d3 ^ UInt64(bytes.count)
        var second: UInt64 = 0x1319_8a2e_0370_7344 &+ UInt64(bytes.count)
        func mix(_ value: UInt64, _ factor: UInt64) -> UInt64 {
            let product = value.multipliedFullWidth(by: factor)
            return product.high ^ product.low
        }
        bytes.withUnsafeBytes { buffer in
            var index = 0
            while index < buffer.count {
                var word: UInt64 = 0
                if index + 8 <= buffer.count {
                    word = buffer.loadUnaligned(fromByteOffset: index, as: UInt64.self)
                } else {
                    for rest in index..<buffer.count { word = word << 8 | UInt64(buffer[rest]) }
                }
                first = mix(first ^ word ^ 0xa409_3822_299f_31d0, 0x9e37_79b9_7f4a_7c15) &+ UInt64(index)
                second = mix(second &+ word ^ 0x082e_fa98_ec4e_6c89, 0xd6e8_feb8_6659_fd93) ^ first
                index += 8
            }
        }
        high = mix(first ^ 0x4528_21e6_38d0_1377, 0xbe54_66cf_34e9_0c6d)
        low = mix(second ^ 0xc0ac_29b7_c97c_50dd, 0x3f84_d5b5_b547_0917) ^ first
    }
}
