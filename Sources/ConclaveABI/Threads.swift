public import CConclave
internal import Drivers

@_cdecl("conclave_group_set_threads") @implementation
public func conclave_group_set_threads(_ group: OpaquePointer!, _ count: UInt32) -> conclave_status {
    unsafe answering(group) { (object) throws(Failure) in object.driver.threads = try checkedThreads(count) }
}
