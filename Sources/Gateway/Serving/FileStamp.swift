import Foundation

/// Tells one state of a file from another, through links: a file that was replaced has another number, one that was
/// written another time or size.
struct FileStamp: Equatable, Sendable {
    private var device: UInt64
    private var number: UInt64
    private var bytes: Int64
    private var seconds: Int
    private var nanoseconds: Int

    /// `nil` when there is no such file. Asks the file system, so not on an event loop.
    init?(_ path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        device = UInt64(status.st_dev)
        number = UInt64(status.st_ino)
        bytes = Int64(status.st_size)
        seconds = status.st_mtim.tv_sec
        nanoseconds = status.st_mtim.tv_nsec
    }
}
