public import CConclave

// MARK: - Every status with its name and its sentence

/// One row of the table of statuses.
private struct StatusRow {
    let status: Int
    let name: StaticString
    let text: StaticString
}

/// Looks a status up. A chain of cases rather than a table: it needs no memory and no initialization.
private func row(_ status: conclave_status) -> StatusRow {
    func row(_ name: StaticString, _ text: StaticString) -> StatusRow {
        StatusRow(status: Int(status), name: name, text: text)
    }
    switch Int(status) {
    case CONCLAVE_OK: return row("OK", "success")
    case CONCLAVE_E_INVALID_ARGUMENT: return row("INVALID_ARGUMENT", "an argument is outside what is documented")
    case CONCLAVE_E_NULL_ARGUMENT: return row("NULL_ARGUMENT", "a pointer that must not be NULL is NULL")
    case CONCLAVE_E_BAD_HANDLE: return row("BAD_HANDLE", "no such handle: of another type, freed, or inherited by fork")
    case CONCLAVE_E_BAD_TEXT: return row("BAD_TEXT", "text is not UTF-8, empty, too long, or holds a control character")
    case CONCLAVE_E_TOO_LARGE: return row("TOO_LARGE", "larger than the documented bound")
    case CONCLAVE_E_BUFFER_TOO_SMALL:
        return row("BUFFER_TOO_SMALL", "the buffer is too small; the needed size was given")
    case CONCLAVE_E_BAD_STRUCT_SIZE: return row("BAD_STRUCT_SIZE", "the size of a structure is none that it ever had")
    case CONCLAVE_E_WRONG_STATE: return row("WRONG_STATE", "not possible in the present state")
    case CONCLAVE_E_UNSUPPORTED: return row("UNSUPPORTED", "known, but not part of this build")
    case CONCLAVE_E_BAD_URL: return row("BAD_URL", "the transport URL is neither local:PATH nor corosync:")
    case CONCLAVE_E_NO_EVENT: return row("NO_EVENT", "nothing has happened")
    case CONCLAVE_E_QUEUE_FULL: return row("QUEUE_FULL", "the queue is full; process the group and call again")
    case CONCLAVE_E_FLUSH_PENDING:
        return row("FLUSH_PENDING", "a view change is under way; send again in the next view")
    case CONCLAVE_E_TIMED_OUT: return row("TIMED_OUT", "the time given has passed")
    case CONCLAVE_E_INTERRUPTED: return row("INTERRUPTED", "the wait was ended by a wake call")
    case CONCLAVE_E_NO_KEY: return row("NO_KEY", "there is no key to seal with now: wait for the next view")
    case CONCLAVE_E_EXHAUSTED: return row("EXHAUSTED", "all record numbers of this key were used: change the key")
    case CONCLAVE_E_PASSPHRASE_REQUIRED:
        return row("PASSPHRASE_REQUIRED", "the private key is encrypted: give a passphrase")
    case CONCLAVE_E_BAD_PASSPHRASE: return row("BAD_PASSPHRASE", "the passphrase does not open the private key")
    case CONCLAVE_E_BAD_KEY_FILE: return row("BAD_KEY_FILE", "not an Ed25519 private key in PKCS#8 PEM")
    case CONCLAVE_E_BAD_TRUST_FILE: return row("BAD_TRUST_FILE", "a line of the trust store cannot be read")
    case CONCLAVE_E_NOT_FOUND: return row("NOT_FOUND", "no such entry, member or file")
    case CONCLAVE_E_NOT_ADMITTED: return row("NOT_ADMITTED", "the members have not accepted this identity's key")
    case CONCLAVE_E_NAME_TAKEN: return row("NAME_TAKEN", "the name is held by a member with another key")
    default: return networkRow(status)
    }
}

private func networkRow(_ status: conclave_status) -> StatusRow {
    func row(_ name: StaticString, _ text: StaticString) -> StatusRow {
        StatusRow(status: Int(status), name: name, text: text)
    }
    switch Int(status) {
    case CONCLAVE_E_MALFORMED: return row("MALFORMED", "the bytes are not a message of this protocol")
    case CONCLAVE_E_UNSUPPORTED_VERSION: return row("UNSUPPORTED_VERSION", "a protocol version that is not spoken here")
    case CONCLAVE_E_UNKNOWN_SUITE:
        return row("UNKNOWN_SUITE", "a suite that this build does not have, or not the group's")
    case CONCLAVE_E_BAD_SIGNATURE: return row("BAD_SIGNATURE", "the signature or authentication code is wrong")
    case CONCLAVE_E_WRONG_GROUP: return row("WRONG_GROUP", "the message was made for another group")
    case CONCLAVE_E_WRONG_VIEW: return row("WRONG_VIEW", "the message was made for another view")
    case CONCLAVE_E_WRONG_RUN: return row("WRONG_RUN", "the message was made for another run of the agreement")
    case CONCLAVE_E_WRONG_SENDER: return row("WRONG_SENDER", "the message is not from the member who may send it")
    case CONCLAVE_E_WRONG_DESTINATION: return row("WRONG_DESTINATION", "the message is meant for another member")
    case CONCLAVE_E_REPLAYED: return row("REPLAYED", "the message was seen before")
    case CONCLAVE_E_OUT_OF_ORDER: return row("OUT_OF_ORDER", "messages of this sender are missing or were reordered")
    case CONCLAVE_E_WRONG_PHASE: return row("WRONG_PHASE", "the message is not awaited now")
    case CONCLAVE_E_BAD_ELEMENT: return row("BAD_ELEMENT", "a value outside the prime-order subgroup")
    case CONCLAVE_E_MEMBER_LIST: return row("MEMBER_LIST", "the message's member list is not the view's")
    case CONCLAVE_E_KEY_CONFIRMATION: return row("KEY_CONFIRMATION", "the sender holds another key")
    case CONCLAVE_E_WRONG_ALGORITHM:
        return row("WRONG_ALGORITHM", "the other robust algorithm than this member's")
    case CONCLAVE_E_BAD_SEAL: return row("BAD_SEAL", "an encrypted message was altered")
    case CONCLAVE_E_UNKNOWN_EPOCH:
        return row("UNKNOWN_EPOCH", "the record is under keys that are not here yet, or no longer")
    case CONCLAVE_E_UNKNOWN_SENDER: return row("UNKNOWN_SENDER", "the message is of nobody in the current view")
    case CONCLAVE_E_STALE: return row("STALE", "the message is older than what is known already")
    default: return outsideRow(status)
    }
}

private func outsideRow(_ status: conclave_status) -> StatusRow {
    func row(_ name: StaticString, _ text: StaticString) -> StatusRow {
        StatusRow(status: Int(status), name: name, text: text)
    }
    switch Int(status) {
    case CONCLAVE_E_TRANSPORT_UNREACHABLE:
        return row("TRANSPORT_UNREACHABLE", "nobody answers at the transport's address")
    case CONCLAVE_E_TRANSPORT_LOST: return row("TRANSPORT_LOST", "the connection to the transport is gone; join again")
    case CONCLAVE_E_TRANSPORT_REFUSED: return row("TRANSPORT_REFUSED", "the transport does not take this member")
    case CONCLAVE_E_IO: return row("IO", "the operating system refused")
    case CONCLAVE_E_NO_SPACE: return row("NO_SPACE", "the disk is full; nothing was changed")
    case CONCLAVE_E_PERMISSION: return row("PERMISSION", "the operating system denies access")
    case CONCLAVE_E_FILE_EXISTS: return row("FILE_EXISTS", "there is a file already, and it is not overwritten")
    case CONCLAVE_E_ADDRESS_IN_USE: return row("ADDRESS_IN_USE", "another hub listens at this address")
    case CONCLAVE_E_TRANSPORT_UNFIT: return row("TRANSPORT_UNFIT", "the transport breaks its contract")
    case CONCLAVE_E_LIBRARY_MISSING:
        return row("LIBRARY_MISSING", "a library that the transport needs is not installed")
    case CONCLAVE_E_LEFT: return row("LEFT", "this member has left the group")
    case CONCLAVE_E_EXCLUDED: return row("EXCLUDED", "excluded by the others for not answering in time; joining again")
    case CONCLAVE_E_REPLACED: return row("REPLACED", "the same identity joined again elsewhere")
    case CONCLAVE_E_AGREEMENT_FAILED:
        return row("AGREEMENT_FAILED", "no key was agreed within the allowed restarts; joining again")
    case CONCLAVE_E_CRYPTOGRAPHY: return row("CRYPTOGRAPHY", "libcrypto failed")
    case CONCLAVE_E_ENTROPY: return row("ENTROPY", "the operating system gave no random bytes")
    case CONCLAVE_E_OUT_OF_MEMORY: return row("OUT_OF_MEMORY", "a large buffer could not be allocated")
    default: return row("UNKNOWN", "unknown status")
    }
}

/// A static text as C sees it. The compiler ends every static string with a zero byte.
func staticText(_ text: StaticString) -> UnsafePointer<CChar> {
    unsafe UnsafeRawPointer(text.utf8Start).assumingMemoryBound(to: CChar.self)
}

/// The sentence for a status, for messages that begin with it.
func statusSentence(_ status: conclave_status) -> StaticString { row(status).text }

/// The name of a status.
func statusName(_ status: conclave_status) -> StaticString { row(status).name }

@_cdecl("conclave_status_text") @implementation
public func conclave_status_text(_ status: conclave_status) -> UnsafePointer<CChar>! {
    unsafe staticText(row(status).text)
}

@_cdecl("conclave_status_name") @implementation
public func conclave_status_name(_ status: conclave_status) -> UnsafePointer<CChar>! {
    unsafe staticText(row(status).name)
}

@_cdecl("conclave_status_is_fatal") @implementation
public func conclave_status_is_fatal(_ status: conclave_status) -> Bool {
    switch Int(status) {
    case CONCLAVE_E_BAD_HANDLE, CONCLAVE_E_TRANSPORT_LOST, CONCLAVE_E_TRANSPORT_UNFIT, CONCLAVE_E_LEFT,
        CONCLAVE_E_REPLACED, CONCLAVE_E_CRYPTOGRAPHY, CONCLAVE_E_ENTROPY:
        return true
    default:
        return false
    }
}
