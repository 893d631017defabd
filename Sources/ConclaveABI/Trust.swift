public import CConclave
internal import Drivers
internal import Primitives

/// What `conclave_trust` stands for.
final class TrustObject {
    private(set) var store: TrustStore
    /// The labels that were lent, each at its index, until the list changes.
    private var lentLabels: [LentText?] = []

    init(_ store: TrustStore) { self.store = store }

    func change<R>(_ body: (inout TrustStore) throws(PrimitivesError) -> R) throws(Failure) -> R {
        do throws(PrimitivesError) {
            let result = try body(&store)
            lentLabels = []
            return result
        } catch {
            throw Failure(error)
        }
    }

    func label(at index: Int, of key: TrustedKey) -> LentText {
        if lentLabels.isEmpty { lentLabels = Array(repeating: nil, count: store.count) }
        if let lent = lentLabels[index] { return lent }
        let lent = LentText(key.label)
        lentLabels[index] = lent
        return lent
    }
}

@unsafe
private func key(_ pointer: UnsafePointer<UInt8>?) throws(Failure) -> [UInt8] {
    unsafe try fixedBytes(pointer, Identity.publicKeySize, what: "public key")
}

@_cdecl("conclave_trust_new") @implementation
public func conclave_trust_new(
    _ trust: UnsafeMutablePointer<OpaquePointer?>!, _ error: UnsafeMutablePointer<OpaquePointer?>!
) -> conclave_status {
    unsafe constructing(error) { () throws(Failure) in
        unsafe try output(trust, what: "list").pointee = try handle(TrustObject(TrustStore()), .trust)
    }
}

@_cdecl("conclave_trust_load") @implementation
public func conclave_trust_load(
    _ path: UnsafePointer<CChar>!, _ trust: UnsafeMutablePointer<OpaquePointer?>!,
    _ error: UnsafeMutablePointer<OpaquePointer?>!
) -> conclave_status {
    unsafe constructing(error) { () throws(Failure) in
        let slot = unsafe try output(trust, what: "list")
        let path = unsafe try ConclaveABI.path(path)
        let text: [UInt8]
        do throws(FileError) { text = try FileAccess.read(path, limit: TrustStore.textLimit) } catch {
            throw Failure(error, path: path)
        }
        let store: TrustStore
        do throws(PrimitivesError) { store = try TrustStore(parsing: text) } catch { throw Failure(error) }
        unsafe slot.pointee = try handle(TrustObject(store), .trust)
    }
}

@_cdecl("conclave_trust_save") @implementation
public func conclave_trust_save(
    _ trust: OpaquePointer!, _ path: UnsafePointer<CChar>!, _ error: UnsafeMutablePointer<OpaquePointer?>!
) -> conclave_status {
    unsafe constructing(error) { () throws(Failure) in
        let list = unsafe try object(trust, .trust, as: TrustObject.self)
        let path = unsafe try ConclaveABI.path(path)
        do throws(FileError) { try FileAccess.replace(path, with: list.store.serialized()) } catch {
            throw Failure(error, path: path)
        }
    }
}

@_cdecl("conclave_trust_add") @implementation
public func conclave_trust_add(
    _ trust: OpaquePointer!, _ public_key: UnsafePointer<UInt8>!, _ label: UnsafePointer<CChar>!
) -> conclave_status {
    answering { () throws(Failure) in
        let list = unsafe try object(trust, .trust, as: TrustObject.self)
        let key = unsafe try key(public_key)
        let label = unsafe try text(label, limit: Int(CONCLAVE_NAME_MAX), what: "label")
        try list.change { (store) throws(PrimitivesError) in try store.add(key, label: label) }
    }
}

@_cdecl("conclave_trust_remove") @implementation
public func conclave_trust_remove(
    _ trust: OpaquePointer!, _ public_key: UnsafePointer<UInt8>!
) -> conclave_status {
    answering { () throws(Failure) in
        let list = unsafe try object(trust, .trust, as: TrustObject.self)
        let key = unsafe try key(public_key)
        guard list.store.contains(key) else { throw Failure(CONCLAVE_E_NOT_FOUND) }
        _ = try list.change { (store) throws(PrimitivesError) in store.remove(key) }
    }
}

@_cdecl("conclave_trust_contains") @implementation
public func conclave_trust_contains(
    _ trust: OpaquePointer!, _ public_key: UnsafePointer<UInt8>!
) -> conclave_status {
    answering { () throws(Failure) in
        let list = unsafe try object(trust, .trust, as: TrustObject.self)
        guard unsafe list.store.contains(try key(public_key)) else { throw Failure(CONCLAVE_E_NOT_FOUND) }
    }
}

@_cdecl("conclave_trust_count") @implementation
public func conclave_trust_count(_ trust: OpaquePointer!) -> Int {
    unsafe HandleTable.find(trust, .trust, as: TrustObject.self)?.store.count ?? 0
}

@_cdecl("conclave_trust_get") @implementation
public func conclave_trust_get(
    _ trust: OpaquePointer!, _ index: Int, _ public_key: UnsafeMutablePointer<UInt8>!,
    _ label: UnsafeMutablePointer<UnsafePointer<CChar>?>!
) -> conclave_status {
    answering { () throws(Failure) in
        let list = unsafe try object(trust, .trust, as: TrustObject.self)
        let target = unsafe try output(public_key, what: "public key")
        guard let entry = list.store.at(index) else { throw Failure(CONCLAVE_E_NOT_FOUND) }
        unsafe copy(entry.publicKey, to: target)
        if let label = unsafe label {
            unsafe label.pointee = UnsafePointer(list.label(at: index, of: entry).pointer)
        }
    }
}

@_cdecl("conclave_trust_free") @implementation
public func conclave_trust_free(_ trust: OpaquePointer!) {
    unsafe HandleTable.remove(trust, .trust, as: TrustObject.self)
}
