package import Foundation
import Glibc

/// Held while a data directory is in use; the kernel lets go of it when the process ends, however it ends.
package final class DirectoryLock: Sendable {
    private let descriptor: Int32

    /// Fails at once when another process holds it; the error names that process.
    package init(_ directory: URL) throws {
        // Nobody else's business: it holds data, logs and passwords.
        try FileManager.default.createDirectory(
            at: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        let path = directory.appendingPathComponent(Self.fileName).path
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw StartFailure(
                name: path, reason: "can't be opened: \(String(cString: strerror(errno)))",
                advice: "Choose a data directory that you can write to.")
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let holder = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
            close(descriptor)
            throw StartFailure(
                name: directory.path,
                reason: "is in use" + (holder.isEmpty ? "" : " by process \(holder)"),
                advice: "Stop that one first, or choose another data directory.")
        }
        ftruncate(descriptor, 0)
        let holder = "\(getpid())"
        _ = holder.withCString { write(descriptor, $0, strlen($0)) }
    }

    static let fileName = "tidemark.lock"

    deinit { close(descriptor) }
}
