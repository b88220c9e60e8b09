package import Foundation

/// Held while the archive is changed: of two runs at once the second fails. The kernel lets go when the process ends.
package final class ArchiveLock: Sendable {
    private let descriptor: Int32

    /// Makes the directory if there is none.
    package init(_ directory: URL) throws {
        try FileManager.default.createDirectory(
            at: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        descriptor = open(directory.appendingPathComponent(".lock").path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0, flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            if descriptor >= 0 { close(descriptor) }
            throw RetentionError("\(directory.path) is in use by another run, or can't be written.")
        }
    }

    deinit { close(descriptor) }
}
