import Foundation

/// Cuts a stream of bytes into lines and knows where each one ends.
struct LineSplitter {
    struct Line: Equatable {
        /// From 1.
        var number: Int
        /// Without its line end.
        var bytes: Data
        /// The offset in the stream just behind the line and its line end.
        var end: UInt64
    }

    enum Fault: Error, Equatable { case tooLong(line: Int, limit: Int) }

    /// A line this long is refused: it bounds what is kept in memory.
    let maximumBytes: Int
    private var rest = Data()
    private var number: Int
    private var offset: UInt64

    /// - Parameters:
    ///   - offset: where in the stream the first byte stands, when an earlier part is skipped.
    ///   - line: how many lines that earlier part has.
    init(offset: UInt64 = 0, line: Int = 0, maximumBytes: Int = 16 << 20) {
        self.offset = offset
        number = line
        self.maximumBytes = maximumBytes
    }

    /// - Returns: the lines that `chunk` completes.
    mutating func split(_ chunk: Data) throws(Fault) -> [Line] {
        var lines: [Line] = []
        var start = chunk.startIndex
        while let newline = chunk[start...].firstIndex(of: UInt8(ascii: "\n")) {
            rest.append(chunk[start..<newline])
            lines.append(try take(terminator: 1))
            start = newline + 1
        }
        rest.append(chunk[start...])
        try check()
        return lines
    }

    /// - Returns: the last line, when the stream did not end with a line end.
    mutating func finish() throws(Fault) -> Line? { rest.isEmpty ? nil : try take(terminator: 0) }

    private mutating func take(terminator: Int) throws(Fault) -> Line {
        try check()
        number += 1
        offset += UInt64(rest.count + terminator)
        defer { rest = Data() }
        return Line(number: number, bytes: rest, end: offset)
    }

    private func check() throws(Fault) {
        if rest.count > maximumBytes { throw .tooLong(line: number + 1, limit: maximumBytes) }
    }
}
