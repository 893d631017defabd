import Primitives
import Testing

@Suite struct AuthenticationKeyTests {
    @Test("the test case 2 of RFC 4231, again and again")
    func known() throws {
        let key = try AuthenticationKey(SecretBytes(copying: Array("Jefe".utf8).span))
        let message = Array("what do ya want for nothing?".utf8)
        for _ in 0..<3 {
            #expect(
                hexadecimal(try key.code(over: message))
                    == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
        }
    }

    @Test("a key that is kept gives the codes of a key that is used once, whatever came before")
    func agrees() throws {
        let secret = try SecretBytes(random: 32, from: Entropy.seeded(1))
        let key = try AuthenticationKey(secret)
        for size in [0, 1, 55, 56, 63, 64, 65, 300, 5_000] {
            let message = try Entropy.seeded(UInt64(size)).publicBytes(size)
            #expect(try key.code(over: message) == KeyDerivation.authenticationCode(key: secret, over: message))
        }
    }
}
