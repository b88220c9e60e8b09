import Foundation

/// The process's standard streams, for commands that do one thing and end.
///
/// Writing blocks while the reader at the other end is slow; a command that prints has nothing else to do then.
enum Terminal {
    static func print(_ line: String) throws { try write(Data((line + "\n").utf8)) }

    /// A line with tabs between; those in the columns, and their line ends, are escaped.
    static func print(columns: [String]) throws {
        try print(
            columns.map { column in
                column.replacing("\\", with: "\\\\").replacing("\t", with: "\\t").replacing(
                    "\r", with: "\\r"
                )
                .replacing("\n", with: "\\n")
            }.joined(separator: "\t"))
    }

    static func write(_ data: Data) throws { try FileHandle.standardOutput.write(contentsOf: data) }

    /// For people: never mixed with data, and failing to write it is no failure.
    static func note(_ line: String) { try? FileHandle.standardError.write(contentsOf: Data((line + "\n").utf8)) }

    /// One JSON document on a line.
    static func print(json value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        try write(try encoder.encode(value) + Data("\n".utf8))
    }

    /// The whole of a file, or of standard input for `-`.
    ///
    /// - Throws: `CocoaError` whose description names the file, which Foundation's own does not on Linux.
    static func read(_ file: String, what: String) throws -> Data {
        guard file == "-" else {
            do {
                return try Data(contentsOf: URL(filePath: file))
            } catch let error as CocoaError {
                let reason =
                    switch error.code {
                    case .fileReadNoSuchFile: "there is no such file."
                    case .fileReadNoPermission: "its permissions forbid it."
                    default: error.localizedDescription
                    }
                throw CocoaError(error.code, userInfo: [NSLocalizedDescriptionKey: "\(file) can't be read: \(reason)"])
            }
        }
        if isatty(STDIN_FILENO) == 1 { note("tidemark: reading \(what) from the terminal; end with Ctrl-D") }
        return try FileHandle.standardInput.readToEnd() ?? Data()
    }
}
