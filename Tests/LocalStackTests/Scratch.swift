import Foundation
import LocalStack
import Testing

/// A directory that is there for one test.
func withScratchDirectory<Result>(_ body: (URL) async throws -> Result) async throws -> Result {
    let directory = FileManager.default.temporaryDirectory.appendingPathComponent("local-stack-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    return try await body(directory)
}

/// Asks until the state is as wanted; after the deadline the test fails with the last one.
func eventually<State: Sendable>(
    within limit: Duration = .seconds(10), _ state: () async throws -> State, is wanted: (State) -> Bool,
    sourceLocation: SourceLocation = #_sourceLocation
) async throws {
    let deadline = ContinuousClock.now + limit
    while true {
        let last = try await state()
        if wanted(last) { return }
        if ContinuousClock.now > deadline {
            Issue.record("still \(last) after \(limit)", sourceLocation: sourceLocation)
            return
        }
        try await Task.sleep(for: .milliseconds(20))
    }
}

/// Whose command line or working directory mentions the path: what was left behind.
func processes(mentioning path: String) -> [String] {
    let manager = FileManager.default
    let numbers = (try? manager.contentsOfDirectory(atPath: "/proc"))?.filter { Int32($0) != nil } ?? []
    return numbers.compactMap { number in
        let line = (try? Data(contentsOf: URL(fileURLWithPath: "/proc/\(number)/cmdline"))) ?? Data()
        let command = String(decoding: line, as: UTF8.self).replacingOccurrences(of: "\0", with: " ")
        let directory = (try? manager.destinationOfSymbolicLink(atPath: "/proc/\(number)/cwd")) ?? ""
        let isOther = Int32(number) != ProcessInfo.processInfo.processIdentifier
        return isOther && (command.contains(path) || directory.hasPrefix(path)) ? "\(number): \(command)" : nil
    }
}
