public import CConclave
internal import Primitives

@_cdecl("conclave_version") @implementation
public func conclave_version() -> UnsafePointer<CChar>! { unsafe staticText("0.1.0") }

@_cdecl("conclave_abi_date") @implementation
public func conclave_abi_date() -> UInt32 { UInt32(CONCLAVE_ABI_DATE) }

/// What `conclave_supports_feature` answers true for.
private let features: [StaticString] = [
    "gdh", "ckd", "tgdh", "str", "bd", "local", "hub", "corosync", "callbacks", "ffdhe2048", "ffdhe3072", "ffdhe4096",
    "modp2048-256", "p256", "aes-256-gcm", "chacha20-poly1305", "metrics", "log",
]

@_cdecl("conclave_supports_feature") @implementation
public func conclave_supports_feature(_ name: UnsafePointer<CChar>!) -> Bool {
    guard let name = unsafe try? text(name, limit: 64, what: "name") else { return false }
    for feature in features where feature.description.isSame(as: name) { return true }
    return false
}
