import CPlatform
import Drivers
import Primitives
import Testing

@Suite struct FileAccessTests {
    /// A fresh directory, given to the body, and gone afterwards.
    private static func inDirectory(_ body: ([UInt8]) throws -> Void) throws {
        var template = Array("/tmp/conclave-files-XXXXXX".utf8CString)
        try #require(mkdtemp(&template) != nil)
        let path = template.dropLast().map { UInt8(bitPattern: $0) }
        defer { rmdir(&template) }
        try body(path + Array("/".utf8))
    }

    private static func names(_ directory: [UInt8]) -> Int {
        guard let handle = opendir(directory.map { CChar(bitPattern: $0) } + [0]) else { return -1 }
        defer { closedir(handle) }
        var count = 0
        while readdir(handle) != nil { count += 1 }
        return count - 2
    }

    private static func remove(_ path: [UInt8]) { unlink(path.map { CChar(bitPattern: $0) } + [0]) }

    @Test("a new file is secret and whole, and never written over")
    func create() throws {
        try Self.inDirectory { directory in
            let path = directory + Array("identity".utf8)
            let content = [UInt8](1...200)
            try FileAccess.create(path, holding: SecretBytes(copying: content.span))
            #expect(throws: FileError.exists) {
                try FileAccess.create(path, holding: SecretBytes(copying: [9].span))
            }
            #expect(try FileAccess.read(path, limit: 200) == content)
            let secret = try FileAccess.readSecret(path, limit: 200)
            let copy = secret.withBytes { (bytes) in [UInt8](unsafe bytes) }
            #expect(copy == content)
            #expect(throws: FileError.tooLarge) { _ = try FileAccess.readSecret(path, limit: 199) }
            #expect(throws: FileError.tooLarge) { try FileAccess.read(path, limit: 199) }
            var status = stat()
            #expect(stat(path.map { CChar(bitPattern: $0) } + [0], &status) == 0)
            #expect(status.st_mode & 0o777 == 0o600)
            #expect(Self.names(directory) == 1)
            Self.remove(path)
        }
    }

    @Test("a file is replaced whole, and nothing is left of a failure")
    func replace() throws {
        try Self.inDirectory { directory in
            let path = directory + Array("trust".utf8)
            let large = [UInt8](repeating: 7, count: 200_000)
            try FileAccess.replace(path, with: [])
            try FileAccess.replace(path, with: large)
            #expect(try FileAccess.read(path, limit: 1 << 20) == large)
            #expect(Self.names(directory) == 1)
            Self.remove(path)
            #expect(throws: FileError.notFound) { try FileAccess.read(path, limit: 1) }
            #expect(throws: FileError.notFound) { try FileAccess.replace(path + Array("/x".utf8), with: []) }
            #expect(throws: FileError.self) { try FileAccess.read(directory, limit: 1) }
        }
    }
}
