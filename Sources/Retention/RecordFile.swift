import CZlib
import Crypto
import Foundation

/// Writes lines of JSON to a new gzip file. The last line holds the SHA-256 of all before it.
///
/// What it writes counts once `finish` has returned: then it is on disk. One thread at a time; calls block.
final class RecordWriter {
    private let path: String
    private var file: gzFile?
    private let encoder = JSONEncoder()
    private var hash = SHA256()

    /// - Throws: `RetentionError` when the file can't be made. An existing one is replaced.
    init(_ url: URL) throws {
        path = url.path
        // The values are nobody else's business.
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0, let file = gzdopen(descriptor, "wb6") else {
            throw RetentionError("\(path) can't be written: \(String(cString: strerror(errno))).")
        }
        self.file = file
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    }

    deinit { if let file { gzclose(file) } }

    func write(_ record: some Encodable) throws {
        let line = try encoder.encode(record) + Data("\n".utf8)
        hash.update(data: line)
        try put(line)
    }

    /// - Parameter trees: the right edges of the trees after the last event, by partition.
    func finish(events: UInt64, trees: [Int: Data]) throws {
        let trailer = RecordTrailer(events: events, trees: trees, sha256: Data(hash.finalize()))
        try put(try encoder.encode(trailer) + Data("\n".utf8))
        let closed = gzclose(file)
        file = nil
        guard closed == Z_OK else { throw full }
        try synchronize(path)
    }

    private func put(_ line: Data) throws {
        let written = line.withUnsafeBytes { gzwrite(file, $0.baseAddress, UInt32($0.count)) }
        guard written == line.count else { throw full }
    }

    private var full: RetentionError { RetentionError("\(path) can't be written: is the disk full?") }
}

/// The last line of a file of records.
struct RecordTrailer: Codable, Sendable {
    var events: UInt64
    var trees: [Int: Data]
    var sha256: Data
}

/// Reads such a file back, line by line. One thread at a time; calls block.
final class RecordReader {
    private static let pieceBytes = 1 << 18

    private let path: String
    private let file: gzFile
    private var hash = SHA256()
    private var buffer = Data()
    private var start = 0
    private var held: Data?
    private var piece = Data(count: pieceBytes)
    /// The last line, once `next` has returned `nil`.
    private(set) var trailer: RecordTrailer?

    init(_ url: URL) throws {
        path = url.path
        guard let file = gzopen(path, "rb") else {
            throw RetentionError("\(path) can't be read: \(String(cString: strerror(errno))).")
        }
        self.file = file
    }

    deinit { gzclose(file) }

    /// - Returns: the next line, or `nil` after the last but one; then the whole was as it was written.
    /// - Throws: `RetentionError` when the file is cut short or was changed.
    func next() throws -> Data? {
        if trailer != nil { return nil }
        if held == nil { held = try line() }
        guard let line = held else { throw RetentionError("\(path) is empty.") }
        held = try self.line()
        if held != nil {
            hash.update(data: line)
            hash.update(data: Data("\n".utf8))
            return line
        }
        guard let found = try? JSONDecoder().decode(RecordTrailer.self, from: line) else {
            throw RetentionError("\(path) is cut short: its last line is missing.")
        }
        guard found.sha256 == Data(hash.finalize()) else {
            throw RetentionError("\(path) was changed: its content does not match its checksum.")
        }
        trailer = found
        return nil
    }

    /// - Returns: `nil` at the end of the file.
    private func line() throws -> Data? {
        while true {
            if let end = buffer[(buffer.startIndex + start)...].firstIndex(of: UInt8(ascii: "\n")) {
                defer { start = end + 1 - buffer.startIndex }
                return Data(buffer[(buffer.startIndex + start)..<end])
            }
            buffer = Data(buffer.dropFirst(start))
            start = 0
            let count = piece.withUnsafeMutableBytes { gzread(file, $0.baseAddress, UInt32($0.count)) }
            guard count >= 0 else { throw RetentionError("\(path) is damaged: it can't be decompressed.") }
            if count == 0 {
                guard buffer.isEmpty else { throw RetentionError("\(path) is cut short: its last line has no end.") }
                return nil
            }
            buffer.append(piece.prefix(Int(count)))
        }
    }
}

/// Makes sure that a file, or a directory's entries, are on disk.
func synchronize(_ path: String) throws {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw RetentionError("\(path) can't be opened: \(String(cString: strerror(errno))).") }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else {
        throw RetentionError("\(path) can't be brought to disk: \(String(cString: strerror(errno))).")
    }
}
