import Foundation

/// Steps of more keys than memory shall hold: dealt to files by key, so that one file's keys fit. The files have no name and
/// go with the process.
///
/// Used by one thread at a time: the fold that owns it.
final class StepSpool: @unchecked Sendable {
    private static let batch = 1_024
    private var files: [UnsafeMutablePointer<FILE>] = []

    init(files count: Int) throws {
        for _ in 0..<count {
            guard let file = tmpfile() else { throw Self.failure() }
            files.append(file)
        }
    }

    deinit { for file in files { fclose(file) } }

    func add(_ step: KeyStep) throws {
        let file = files[Int(step.key.y % UInt64(files.count))]
        let written = withUnsafeBytes(of: step) { fwrite($0.baseAddress, MemoryLayout<KeyStep>.stride, 1, file) }
        guard written == 1 else { throw Self.failure() }
    }

    /// Gives the steps back, file by file, in the order in which they came; `end` follows each file.
    func drain(_ body: (KeyStep) -> Void, end: () -> Void) throws {
        try withUnsafeTemporaryAllocation(of: KeyStep.self, capacity: Self.batch) { steps in
            for file in files {
                rewind(file)
                while true {
                    let count = fread(steps.baseAddress, MemoryLayout<KeyStep>.stride, Self.batch, file)
                    guard count > 0 else { break }
                    for index in 0..<count { body(steps[index]) }
                }
                guard ferror(file) == 0 else { throw Self.failure() }
                end()
            }
        }
    }

    private static func failure() -> SpoolFailure {
        SpoolFailure(
            description: "A temporary file failed (\(String(cString: strerror(errno)))): "
                + "make room in the folder for temporary files, or allow more memory.")
    }
}

/// A temporary file could not be made, written or read.
package struct SpoolFailure: Error, CustomStringConvertible {
    package var description: String
}
