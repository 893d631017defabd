import Drivers
import Testing

@Suite struct AddressTests {
    @Test("local:PATH names a hub's socket")
    func local() throws {
        #expect(try TransportAddress.parse(Array("local:/run/hub".utf8)) == .local(path: Array("/run/hub".utf8)))
        #expect(try TransportAddress.parse(Array("local:a:b".utf8)) == .local(path: Array("a:b".utf8)))
        let longest = String(repeating: "x", count: 107)
        #expect(try TransportAddress.parse(Array("local:\(longest)".utf8)) == .local(path: Array(longest.utf8)))
    }

    @Test("corosync: is the daemon of this machine")
    func corosync() throws {
        #expect(try TransportAddress.parse(Array("corosync:".utf8)) == .corosync)
    }

    @Test(
        "other URLs are refused",
        arguments: [
            "", "corosync", "corosync:x", "corosync:?", "local", "local:", "LOCAL:/a", "tcp:/a", "/a", "local:a\0b",
        ])
    func refused(url: String) {
        #expect(throws: TransportError.badAddress) { try TransportAddress.parse(Array(url.utf8)) }
    }

    @Test("a path of 108 bytes is refused")
    func tooLong() {
        let url = "local:" + String(repeating: "x", count: 108)
        #expect(throws: TransportError.badAddress) { try TransportAddress.parse(Array(url.utf8)) }
    }
}
