package import Foundation

/// The last lines of a log file.
package struct LogTail: Sendable {
    package let path: String
    package let lines: [String]

    /// Reads at most 16 KiB from the end; a file that is not there has no lines.
    package init(_ file: URL, lines count: Int = 20) {
        path = file.path
        guard let handle = try? FileHandle(forReadingFrom: file) else {
            lines = []
            return
        }
        defer { try? handle.close() }
        let end = (try? handle.seekToEnd()) ?? 0
        try? handle.seek(toOffset: end > 16_384 ? end - 16_384 : 0)
        let data = (try? handle.readToEnd()) ?? Data()
        let all = String(decoding: data, as: UTF8.self).split(separator: "\n").map(String.init)
        lines = all.suffix(count)
    }
}
