import Lanes

/// Work with files, which may block, on a thread of its own.
enum FileThread {
    static func run<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { answer in
            _ = Lane<Void>(name: "archive", capacity: 1) { _ in answer.resume(with: Result { try work() }) }
        }
    }
}
