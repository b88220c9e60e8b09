import Audit
import Commands
import EventLog
import Foundation
import Retention
import Synchronization

/// Records of an import, one a line, gathered by threads and written in large pieces.
final class RecordFile: Sendable {
    private let handle: FileHandle
    private let lock = Mutex<Int>(0)

    /// - Parameter path: `-` is standard output.
    init(_ path: String) throws {
        if path == "-" {
            handle = .standardOutput
            return
        }
        guard FileManager.default.createFile(atPath: path, contents: nil, attributes: [.posixPermissions: 0o600]) else {
            throw CommandFailure(.failed, "Can't write \(path).")
        }
        handle = try FileHandle(forWritingTo: URL(filePath: path))
    }

    /// How many were written.
    var records: Int { lock.withLock { $0 } }

    func close() throws { try handle.close() }

    /// What one thread has gathered.
    struct Part: Sendable {
        fileprivate var bytes = Data()
        fileprivate var records = 0
    }

    private static let pieceBytes = 256 << 10

    func add(_ row: EventRow, to part: inout Part) throws {
        // An erased value is none.
        guard let event = row.event, !event.isErased else { return }
        guard let content = event.content else {
            throw RetentionError("Values were archived meanwhile. Run the same command again.")
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        var record = ImportRecord(
            key: event.key.text, value: content.value, contentType: event.contentType)
        record.expiresAt = event.expiresAt?.rfc3339
        part.bytes += try encoder.encode(record)
        part.bytes.append(0x0a)
        part.records += 1
        if part.bytes.count >= Self.pieceBytes { try flush(&part) }
    }

    func flush(_ part: inout Part) throws {
        try lock.withLock { records in
            try handle.write(contentsOf: part.bytes)
            records += part.records
        }
        part = Part()
    }
}
