import Logging
import Testing

@testable import tidemark

@Suite("Who may ask a gateway, as the settings say")
struct AccessModeTests {
    @Test(
        "Loopback is open, what others can reach is not, unless somebody says so",
        arguments: [
            (["127.0.0.1"], .off), (["localhost"], .off), (["::1"], .off), (["127.9.9.9"], .off),
            (["0.0.0.0"], nil), (["::"], nil), (["10.0.0.1"], nil), (["127.0.0.1.example.org"], nil),
            (["example.org"], nil), ([""], nil), (["0.0.0.0", "on"], .on), (["127.0.0.1", "on"], .on),
            (["0.0.0.0", "off", "true"], .off), (["0.0.0.0", "off", "false"], nil), (["127.0.0.1", "yes"], nil),
        ] as [([String], AccessMode?)])
    func mode(values: [String], expected: AccessMode?) async throws {
        let names = [Setting.httpHost, .accessMode, .accessInsecure]
        let settings = try await Settings(
            flags: Dictionary(uniqueKeysWithValues: zip(names, values)), file: nil, environment: [:])
        if let expected {
            #expect(try settings.accessMode() == expected)
        } else {
            #expect(throws: Settings.Invalid.self) { try settings.accessMode() }
        }
    }

    @Test("TLS takes both files")
    func both() async throws {
        for name in [Setting.tlsCertificateFile, .tlsKeyFile] {
            let settings = try await Settings(flags: [name: "file"], file: nil, environment: [:])
            await #expect(throws: Settings.Invalid.self) { try await settings.certificates(.init(label: "test")) }
        }
    }

    @Test(
        "A time to live is a number and a unit",
        arguments: [
            ("90d", 7_776_000), ("12h", 43_200), ("1s", 1), ("5m", 300), ("3650d", 315_360_000), ("3651d", nil),
            ("0d", nil), ("-1d", nil), ("d", nil), ("90", nil), ("1w", nil), ("", nil), ("9223372036854775807d", nil),
        ] as [(String, Int?)])
    func lifetime(text: String, seconds: Int?) {
        #expect(Lifetime(argument: text)?.duration == seconds.map { .seconds($0) })
    }
}
