public import CConclave

private let versionText: StaticString = "0.1.0"

@_cdecl("conclave_version") @implementation
public func conclave_version() -> UnsafePointer<CChar>! {
    unsafe UnsafeRawPointer(versionText.utf8Start).assumingMemoryBound(to: CChar.self)
}

@_cdecl("conclave_status_text") @implementation
public func conclave_status_text(_ status: conclave_status) -> UnsafePointer<CChar>! {
    unsafe UnsafeRawPointer(versionText.utf8Start).assumingMemoryBound(to: CChar.self)
}
