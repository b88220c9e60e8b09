import Dispatch
import Foundation

/// Reads a file or standard input in pieces, on a thread where waiting for it is fine.
struct ImportInput: Sendable {
    /// `nil` for what can't be read again: standard input, a pipe.
    let source: ImportState.Source?
    private let handle: FileHandle
    private let queue = DispatchQueue(label: "tidemark.import.input")

    init(_ file: String) throws(CommandFailure) {
        if file == "-" {
            handle = .standardInput
            source = nil
            return
        }
        do {
            handle = try FileHandle(forReadingFrom: URL(filePath: file))
            let facts = try FileManager.default.attributesOfItem(atPath: file)
            let isRegular = facts[.type] as? FileAttributeType == .typeRegular
            source =
                !isRegular
                ? nil
                : ImportState.Source(
                    size: (facts[.size] as? NSNumber)?.uint64Value ?? 0,
                    modified: (facts[.modificationDate] as? Date)?.timeIntervalSince1970 ?? 0)
        } catch {
            throw CommandFailure(.failed, "Can't read \(file): \((error as NSError).localizedDescription)")
        }
    }

    func skip(to offset: UInt64) throws { try handle.seek(toOffset: offset) }

    /// - Returns: up to 256 KiB; `nil` at the end.
    func next() async throws -> Data? {
        try await withCheckedThrowingContinuation { continuation in
            queue.async {
                continuation.resume(
                    with: Result {
                        let data = try handle.read(upToCount: 256 << 10)
                        return data?.isEmpty == true ? nil : data
                    })
            }
        }
    }
}
