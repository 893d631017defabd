public import CConclave
internal import CPlatform
internal import Primitives

/// A failure on its way to the caller: the status and one line that says what to do.
struct Failure: Error {
    let status: conclave_status
    let message: String

    init(_ status: Int, _ message: String) {
        self.status = conclave_status(truncatingIfNeeded: status)
        self.message = message
    }

    /// A failure that the status's own sentence explains.
    init(_ status: Int) {
        self.init(status, statusSentence(conclave_status(truncatingIfNeeded: status)).description)
    }

    /// What the primitives refuse.
    init(_ error: PrimitivesError) {
        switch error {
        case .cryptography, .badSize: self.init(CONCLAVE_E_CRYPTOGRAPHY)
        case .entropy: self.init(CONCLAVE_E_ENTROPY)
        case .notAuthentic: self.init(CONCLAVE_E_BAD_SIGNATURE)
        case .badKeyFile: self.init(CONCLAVE_E_BAD_KEY_FILE)
        case .passphraseRequired: self.init(CONCLAVE_E_PASSPHRASE_REQUIRED)
        case .badPassphrase: self.init(CONCLAVE_E_BAD_PASSPHRASE)
        case .badName: self.init(CONCLAVE_E_BAD_TEXT)
        case .trustStoreFull: self.init(CONCLAVE_E_TOO_LARGE, "the trust store has no room for another key")
        case .badTrustLine(let line):
            self.init(CONCLAVE_E_BAD_TRUST_FILE, "line \(line) of the trust store is not `ed25519 BASE64 LABEL`")
        }
    }
}

/// Text lent to C: bytes that end in zero, at an address that stays.
@safe
final class LentText {
    let pointer: UnsafeMutablePointer<CChar>
    private let capacity: Int

    init(_ text: String) {
        let bytes = Array(text.utf8)
        capacity = bytes.count + 1
        unsafe pointer = .allocate(capacity: capacity)
        unsafe pointer.initialize(repeating: 0, count: capacity)
        for index in bytes.indices { unsafe pointer[index] = CChar(bitPattern: bytes[index]) }
    }

    deinit { unsafe pointer.deallocate() }
}

/// What `conclave_error` stands for.
final class ErrorObject {
    let status: conclave_status
    let message: LentText

    init(_ failure: Failure) {
        status = failure.status
        message = LentText(failure.message)
    }
}

/// Runs what a `_new`, `_load` or `_join` does; on failure hands out an error object if one is wanted.
func constructing(
    _ errorSlot: UnsafeMutablePointer<OpaquePointer?>?, _ body: () throws(Failure) -> Void
) -> conclave_status {
    do throws(Failure) {
        try body()
        if let slot = unsafe errorSlot { unsafe slot.pointee = nil }
        return conclave_status(CONCLAVE_OK)
    } catch {
        if let slot = unsafe errorSlot { unsafe slot.pointee = HandleTable.insert(ErrorObject(error), .error) }
        return error.status
    }
}

/// A new handle for an object.
func handle<T: AnyObject>(_ object: T, _ kind: HandleKind) throws(Failure) -> OpaquePointer {
    guard let handle = unsafe HandleTable.insert(object, kind) else {
        throw Failure(CONCLAVE_E_OUT_OF_MEMORY, "no handle is left: at most 65,536 may live at once")
    }
    return unsafe handle
}

/// The object behind a handle that the caller gave.
func object<T: AnyObject>(_ handle: OpaquePointer?, _ kind: HandleKind, as type: T.Type) throws(Failure) -> T {
    guard unsafe handle != nil else { throw Failure(CONCLAVE_E_NULL_ARGUMENT, "the handle is NULL") }
    guard let object = unsafe HandleTable.find(handle, kind, as: type) else { throw Failure(CONCLAVE_E_BAD_HANDLE) }
    return object
}

/// The caller's text: at most `limit` bytes of UTF-8 without control characters, and not empty.
func text(_ pointer: UnsafePointer<CChar>?, limit: Int, what: StaticString) throws(Failure) -> String {
    guard let pointer = unsafe pointer else { throw Failure(CONCLAVE_E_NULL_ARGUMENT, "the \(what) is NULL") }
    var bytes: [UInt8] = []
    while bytes.count <= limit {
        let byte = unsafe UInt8(bitPattern: pointer[bytes.count])
        if byte == 0 { break }
        guard byte >= 0x20, byte != 0x7f else {
            throw Failure(CONCLAVE_E_BAD_TEXT, "the \(what) holds a control character")
        }
        bytes.append(byte)
    }
    guard !bytes.isEmpty else { throw Failure(CONCLAVE_E_BAD_TEXT, "the \(what) is empty") }
    guard bytes.count <= limit else {
        throw Failure(CONCLAVE_E_BAD_TEXT, "the \(what) is longer than \(limit) bytes")
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
        throw Failure(CONCLAVE_E_BAD_TEXT, "the \(what) is not UTF-8")
    }
    return text
}

/// For so many copies of what a caller gives there has to be memory. A message is copied, cut into fragments, sealed,
/// framed and queued, in arrays that double as they grow: one of 16 MiB was seen to need more than 48 and less than
/// 56 MiB (guest_test.c).
private let copiesOfLarge = 4

/// The caller's bytes, copied. NULL is allowed when there are none.
func bytes(
    _ pointer: UnsafePointer<UInt8>?, _ size: Int, limit: Int, what: StaticString
) throws(Failure) -> [UInt8] {
    // Sizes beyond Int.max arrive as negative numbers: size_t is imported as Int.
    guard size >= 0, size <= limit else {
        throw Failure(CONCLAVE_E_TOO_LARGE, "the \(what) is larger than \(limit) bytes")
    }
    guard size > 0 else { return [] }
    guard let pointer = unsafe pointer else { throw Failure(CONCLAVE_E_NULL_ARGUMENT, "the \(what) is NULL") }
    guard size < Memory.largeSize || Memory.hasRoom(for: size * copiesOfLarge) else {
        throw Failure(CONCLAVE_E_OUT_OF_MEMORY, "no memory for a \(what) of \(size) bytes")
    }
    return unsafe [UInt8](copying: UnsafeRawBufferPointer(start: pointer, count: size))
}

@_cdecl("conclave_error_status") @implementation
public func conclave_error_status(_ error: OpaquePointer!) -> conclave_status {
    unsafe HandleTable.find(error, .error, as: ErrorObject.self)?.status ?? conclave_status(CONCLAVE_E_BAD_HANDLE)
}

@_cdecl("conclave_error_message") @implementation
public func conclave_error_message(_ error: OpaquePointer!) -> UnsafePointer<CChar>! {
    guard let object = unsafe HandleTable.find(error, .error, as: ErrorObject.self) else {
        return unsafe staticText("")
    }
    return unsafe UnsafePointer(object.message.pointer)
}

@_cdecl("conclave_error_free") @implementation
public func conclave_error_free(_ error: OpaquePointer!) {
    unsafe HandleTable.remove(error, .error, as: ErrorObject.self)
}
