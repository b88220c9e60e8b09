import Foundation
import LocalStack
import Testing

/// A folder of its own in which `tidemark` is run, one command after the other, and its settings.
struct ToolFolder {
    let url: URL
    var environment: [String: String]

    init(_ environment: [String: String]) throws {
        url = TestServers.directory.appendingPathComponent("tool-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        self.environment = ProcessDescription.minimalEnvironment(home: url).merging(environment) { $1 }
    }

    /// - Returns: what it printed; it must succeed.
    func run(_ arguments: String...) async throws -> String { try await run(arguments) }

    /// - Returns: what it said when it ended with this code, as it must.
    func fails(
        _ arguments: String..., code: Int32, sourceLocation: SourceLocation = #_sourceLocation
    ) async -> String {
        do {
            let text = try await run(arguments)
            Issue.record("did not fail: \(text)", sourceLocation: sourceLocation)
            return text
        } catch {
            #expect("\(error)".contains("exited with code \(code)"), "\(error)", sourceLocation: sourceLocation)
            return "\(error)"
        }
    }

    private func run(_ arguments: [String]) async throws -> String {
        try await OneShot.run(DevProcess.executable, arguments, environment: environment, in: url)
    }
}
