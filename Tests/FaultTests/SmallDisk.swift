import Foundation
import LocalStack

/// A file system in memory, so small that it can be filled.
struct SmallDisk: Sendable {
    /// Only root can mount one, and not in every container.
    struct NotMounted: Error {
        var cause: any Error
    }

    static let bytes = 320 << 20
    let directory: URL

    init(_ directory: URL) { self.directory = directory }

    func mount() async throws {
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        do {
            _ = try await run("mount", ["-t", "tmpfs", "-o", "size=\(Self.bytes)", "tidemark-faults", directory.path])
        } catch {
            throw NotMounted(cause: error)
        }
    }

    func unmount() async throws { _ = try await run("umount", ["--lazy", directory.path]) }

    private var filling: URL { directory.appendingPathComponent("filling") }

    /// Takes every byte that is left.
    func fill() async throws {
        // `head` fails when there is no more room, which is what it is for.
        _ = try await run("sh", ["-c", "head -c \(Self.bytes) /dev/zero > '\(filling.path)' || true"])
    }

    func makeRoom() throws { try FileManager.default.removeItem(at: filling) }

    private func run(_ program: String, _ arguments: [String]) async throws -> String {
        try await OneShot.run(
            ExecutableFinder.find(program, package: "mount"), arguments, in: directory.deletingLastPathComponent())
    }
}
