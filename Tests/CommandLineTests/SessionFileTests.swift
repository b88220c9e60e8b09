import Foundation
import Testing

@testable import tidemark

@Suite struct SessionFileTests {
    private let folder = TemporaryFolder()

    private func file(_ urls: [String] = ["http://a"]) -> SessionFile {
        SessionFile(urls: urls, environment: ["XDG_STATE_HOME": folder.path])
    }

    @Test("A token is kept for its owner only, and leaves nothing beside it")
    func keep() throws {
        let file = file()
        #expect(file.read() == nil)
        try file.write("one")
        try file.write("two")
        #expect(file.read() == "two")
        let mode = try FileManager.default.attributesOfItem(atPath: file.path)[.posixPermissions] as? NSNumber
        #expect(mode?.intValue == 0o600)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path + "/tidemark").count == 1)
        file.remove()
        #expect(file.read() == nil)
    }

    @Test("Each set of URLs has its own")
    func urls() {
        #expect(file(["http://a"]).path != file(["http://b"]).path)
        #expect(file(["http://a"]).path == file(["http://a"]).path)
    }

    @Test("What is no token is none", arguments: ["", "\n", "two words", "é", "a\u{0}b"])
    func garbage(text: String) throws {
        let file = file()
        try AtomicFile.write(Data(text.utf8), to: file.path)
        #expect(file.read() == nil)
    }

    @Test("A relative XDG_STATE_HOME is ignored")
    func relative() {
        let file = SessionFile(urls: ["u"], environment: ["XDG_STATE_HOME": "state", "HOME": "/home/me"])
        #expect(file.path.hasPrefix("/home/me/.local/state/tidemark/session-"))
    }

    @Test("A folder that can't be made is told")
    func unwritable() throws {
        try AtomicFile.write(Data(), to: folder.path + "/file")
        #expect(throws: (any Error).self) { try AtomicFile.write(Data(), to: folder.path + "/file/below/it") }
    }
}
