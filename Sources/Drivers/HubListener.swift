internal import CPlatform

/// Why a hub cannot be started. System errors carry their errno.
public enum HubServerError: Error, Equatable, Sendable {
    /// The path is empty, over 107 bytes or holds a zero byte.
    case badPath
    /// A hub listens there already.
    case addressInUse
    /// There is a file that is no socket, and it is left alone.
    case fileExists
    /// A descriptor that was passed on is no Unix stream socket that listens.
    case notListening
    /// No random bytes for the connection ids.
    case entropy
    /// The system refused.
    case system(errno: Int32)
}

/// A listening Unix socket. At a path: of mode 0600 from its first moment, and removed when its owner goes. Passed on
/// by whoever made it: its file is theirs.
struct HubListener: ~Copyable {
    private static let backlog: Int32 = 4096

    private struct File {
        let path: [UInt8]
        let device: UInt64
        let inode: UInt64
    }

    private let socket: Descriptor
    /// What is removed at the end.
    private let file: File?

    var descriptor: Int32 { socket.number }

    private init(_ socket: consuming Descriptor, _ file: File?) {
        self.socket = socket
        self.file = file
    }

    /// Removes the socket file, unless another has taken its place.
    deinit {
        if let file, let identity = identify(file.path), identity.device == file.device, identity.inode == file.inode {
            unsafe withCPath(file.path) { path in _ = unsafe unlink(path) }
        }
    }

    /// Shares a Unix stream socket that listens already. The descriptor stays the caller's.
    static func share(_ number: Int32) throws(HubServerError) -> HubListener {
        guard let socket = Descriptor(taking: conclave_share_listener(number)) else {
            switch conclave_errno() {
            case EBADF, ENOTSOCK, EINVAL: throw .notListening
            case let error: throw .system(errno: error)
            }
        }
        return HubListener(socket, nil)
    }

    /// Listens at `path`. A socket file that nobody listens on is replaced.
    static func open(path: [UInt8]) throws(HubServerError) -> HubListener {
        guard TransportAddress.isUsable(localPath: path), var address = localAddress(path) else {
            throw .badPath
        }
        // Two hubs that start at once must not each remove the other's new socket as stale. Without a lock (the
        // directory may be unreadable) only that race is open, so its absence is no reason to fail.
        let lock = Descriptor(taking: unsafe withCPath(path) { path in unsafe conclave_lock_directory_of(path) })
        defer { _ = lock }
        guard let socket = Descriptor(taking: conclave_local_socket()) else {
            throw .system(errno: conclave_errno())
        }
        // Linux gives the file the mode of the socket, less the umask: it is never wider, not even for a moment.
        guard fchmod(socket.number, 0o600) == 0 else { throw .system(errno: conclave_errno()) }
        if unsafe conclave_bind_local(socket.number, &address) != 0 {
            let error = conclave_errno()
            guard error == EADDRINUSE else { throw .system(errno: error) }
            try removeStale(path, &address)
            guard unsafe conclave_bind_local(socket.number, &address) == 0 else {
                throw .system(errno: conclave_errno())
            }
        }
        return try listening(socket, path)
    }

    private static func listening(
        _ socket: consuming Descriptor, _ path: [UInt8]
    ) throws(HubServerError) -> HubListener {
        guard let identity = identify(path) else { throw .system(errno: conclave_errno()) }
        let listener = HubListener(socket, File(path: path, device: identity.device, inode: identity.inode))
        // A umask that takes even the owner's rights away.
        if identity.mode != 0o600 {
            let status = unsafe withCPath(path) { path in unsafe chmod(path, 0o600) }
            guard status == 0 else { throw .system(errno: conclave_errno()) }
        }
        guard listen(listener.descriptor, backlog) == 0 else { throw .system(errno: conclave_errno()) }
        return listener
    }

    /// Removes the file in the way if it is a socket that refuses connections, and fails otherwise.
    private static func removeStale(_ path: [UInt8], _ address: inout sockaddr_un) throws(HubServerError) {
        guard let identity = identify(path) else {
            // Gone in the meantime.
            if conclave_errno() == ENOENT { return }
            throw .system(errno: conclave_errno())
        }
        guard identity.is_socket else { throw .fileExists }
        guard let probe = Descriptor(taking: conclave_local_socket()) else {
            throw .system(errno: conclave_errno())
        }
        if unsafe conclave_connect_local(probe.number, &address) == 0 { throw .addressInUse }
        switch conclave_errno() {
        case ECONNREFUSED: break
        case ENOENT: return
        case EAGAIN: throw .addressInUse
        case let error: throw .system(errno: error)
        }
        let status = unsafe withCPath(path) { path in unsafe unlink(path) }
        guard status == 0 || conclave_errno() == ENOENT else { throw .system(errno: conclave_errno()) }
    }
}

private func identify(_ path: [UInt8]) -> conclave_file_identity? {
    var identity = conclave_file_identity()
    let status = unsafe withCPath(path) { path in unsafe conclave_identify_file(path, &identity) }
    return status == 0 ? identity : nil
}
