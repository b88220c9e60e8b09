import Crypto
import Foundation

/// Keeps a session's token between calls of the tool, a file for each set of URLs.
struct SessionFile {
    let path: String

    init(urls: [String], environment: [String: String]) {
        let hash = SHA256.hash(data: Data(urls.joined(separator: ",").utf8)).prefix(8)
        let name = hash.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
        path = "\(Self.folder(environment))/session-\(name)"
    }

    /// The XDG base directory specification: a relative `XDG_STATE_HOME` is ignored.
    private static func folder(_ environment: [String: String]) -> String {
        if let state = environment["XDG_STATE_HOME"], state.hasPrefix("/") { return "\(state)/tidemark" }
        return "\(environment["HOME"] ?? NSHomeDirectory())/.local/state/tidemark"
    }

    /// - Returns: `nil` when there is none, or what is there is no token.
    func read() -> String? {
        guard let data = FileManager.default.contents(atPath: path), data.count <= 65_536 else { return nil }
        let token = String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        let isToken = !token.isEmpty && token.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f }
        return isToken ? token : nil
    }

    func write(_ token: String) throws { try AtomicFile.write(Data((token + "\n").utf8), to: path) }

    func remove() { try? FileManager.default.removeItem(atPath: path) }
}
