package import Foundation

/// Why a file can't be judged: says where, and what is wrong there.
package struct HistoryFileError: Error, Equatable, CustomStringConvertible {
    package var description: String

    package init(_ description: String) { self.description = description }
}

extension Recording {
    /// Reads newline-delimited JSON, as ``ndjson()`` writes it. A last line that was cut short is an error too: half a history
    /// proves nothing.
    package init(ndjson: Data) throws(HistoryFileError) {
        let decoder = JSONDecoder()
        var recording: Recording?
        for (index, line) in ndjson.split(separator: UInt8(ascii: "\n")).enumerated() {
            let record: Record
            do {
                record = try decoder.decode(Record.self, from: line)
            } catch {
                throw HistoryFileError("line \(index + 1): \(Self.explain(error))")
            }
            switch (record, recording) {
            case (.start(let start), nil):
                guard start.format == Record.Start.currentFormat else {
                    throw HistoryFileError(
                        "it has format \(start.format); this program reads format \(Record.Start.currentFormat)")
                }
                recording = Recording(start: start)
            case (.start, _?): throw HistoryFileError("line \(index + 1): a second \"start\"")
            case (_, nil): throw HistoryFileError("line 1: the first line must be of type \"start\"")
            case (_, _?): recording?.add(record)
            }
        }
        guard let recording else { throw HistoryFileError("it is empty") }
        if Set(recording.calls.map(\.id)).count != recording.calls.count {
            throw HistoryFileError("two operations have the same id")
        }
        self = recording
    }

    /// One line.
    package static func line(_ record: Record) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.withoutEscapingSlashes, .sortedKeys]
        return try encoder.encode(record) + Data("\n".utf8)
    }

    package func ndjson() throws -> Data { try records.reduce(into: Data()) { $0 += try Self.line($1) } }

    private static func explain(_ error: any Error) -> String {
        guard let error = error as? DecodingError else { return "\(error)" }
        switch error {
        case .dataCorrupted(let context):
            return context.codingPath.isEmpty ? "not a JSON object of a history" : context.debugDescription
        case .keyNotFound(let key, _): return "\"\(key.stringValue)\" is missing"
        case .typeMismatch(_, let context), .valueNotFound(_, let context):
            return "\"\(context.codingPath.last?.stringValue ?? "")\" has the wrong type"
        @unknown default: return "\(error)"
        }
    }
}
