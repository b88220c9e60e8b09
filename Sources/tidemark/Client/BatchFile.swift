import Foundation
import TidemarkClient

/// Reads what `tidemark batch` is given: `{"operations":[…]}`, an array of operations, or one operation a line.
enum BatchFile {
    static let maximumOperations = 1_000

    private struct Document: Decodable { var operations: [BatchOperation] }

    /// - Throws: ``CommandFailure`` that names the line or the operation.
    static func parse(_ data: Data) throws(CommandFailure) -> [BatchOperation] {
        let operations = try decode(data)
        if operations.isEmpty { throw CommandFailure(.wrongUsage, "The batch has no operations.") }
        if operations.count > maximumOperations {
            throw CommandFailure(
                .wrongUsage, "A batch has at most 1,000 operations; this one has \(operations.count).",
                hint: "For many puts there is `tidemark import`.")
        }
        return operations
    }

    private static func decode(_ data: Data) throws(CommandFailure) -> [BatchOperation] {
        let decoder = JSONDecoder()
        let first = data.first { !" \t\r\n".utf8.contains($0) }
        do {
            if first == UInt8(ascii: "[") { return try decoder.decode([BatchOperation].self, from: data) }
            // One document is also one line of NDJSON: what it holds tells which.
            if let document = try? decoder.decode(Document.self, from: data) { return document.operations }
        } catch {
            throw CommandFailure(.wrongUsage, "The batch can't be read: \(JSONFault.sentence(error))")
        }
        var operations: [BatchOperation] = []
        for (index, line) in data.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated() {
            if line.allSatisfy({ " \t\r".utf8.contains($0) }) { continue }
            do {
                operations.append(try decoder.decode(BatchOperation.self, from: line))
            } catch {
                throw CommandFailure(.wrongUsage, "Line \(index + 1): \(JSONFault.sentence(error))")
            }
        }
        return operations
    }
}
