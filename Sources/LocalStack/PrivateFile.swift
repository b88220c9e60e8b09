package import Foundation
import Glibc

/// Small files that only their owner can read: passwords, and lists that contain them.
package enum PrivateFile {
    /// Replaces the file at once: a reader sees the old text or the new one.
    package static func write(_ text: String, to file: URL, mode: mode_t = 0o600) throws {
        let temporary = file.deletingLastPathComponent()
            .appendingPathComponent(".\(file.lastPathComponent).\(getpid()).\(UInt32.random(in: 0 ... .max))")
        let descriptor = open(temporary.path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw failure(file) }
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        try handle.write(contentsOf: Data(text.utf8))
        try handle.close()
        guard rename(temporary.path, file.path) == 0 else { throw failure(file) }
    }

    /// The file's text; when it is not there, a new one made by `generate` is written first.
    package static func read(_ file: URL, orWrite generate: () -> String) throws -> String {
        if let text = try? String(contentsOf: file, encoding: .utf8), !text.isEmpty { return text }
        let text = generate()
        try write(text, to: file)
        return text
    }

    /// 128 random bits, in hexadecimal.
    package static func newSecret() -> String {
        var generator = SystemRandomNumberGenerator()
        return (0..<2).map { _ in
            let digits = String(generator.next() as UInt64, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
    }

    private static func failure(_ file: URL) -> StartFailure {
        StartFailure(
            name: file.path, reason: "can't be written: \(String(cString: strerror(errno)))",
            advice: "Choose a data directory that you can write to.")
    }
}
