import Foundation
import Testing

/// Prometheus' own parser and linter of the text format, where it is installed.
enum Promtool {
    static let executable: URL? = (ProcessInfo.processInfo.environment["PATH"] ?? "")
        .split(separator: ":")
        .map { URL(filePath: String($0)).appending(path: "promtool") }
        .first { FileManager.default.isExecutableFile(atPath: $0.path) }

    /// What `promtool check metrics` says about `text`; nothing and status 0 when all is well.
    static func check(_ text: Data) async throws -> (status: Int32, report: String) {
        let folder = FileManager.default.temporaryDirectory.appending(path: "promtool-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(at: folder) }
        let input = folder.appending(path: "input")
        let output = folder.appending(path: "output")
        try text.write(to: input)
        try Data().write(to: output)

        let process = Process()
        process.executableURL = try #require(executable)
        process.arguments = ["check", "metrics"]
        process.standardInput = try FileHandle(forReadingFrom: input)
        let report = try FileHandle(forWritingTo: output)
        process.standardOutput = report
        process.standardError = report
        try await withCheckedThrowingContinuation { (ended: CheckedContinuation<Void, any Error>) in
            process.terminationHandler = { _ in ended.resume() }
            do { try process.run() } catch { ended.resume(throwing: error) }
        }
        return (process.terminationStatus, String(decoding: try Data(contentsOf: output), as: UTF8.self))
    }
}
