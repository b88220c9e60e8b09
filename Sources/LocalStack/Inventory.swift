package import Foundation
import Synchronization

/// `dev.json`: what runs, for programs that want to find it. Readable by its owner only, because URLs contain
/// passwords; replaced as a whole at every change, gone when nothing runs.
package final class Inventory: Sendable {
    private let file: URL
    private let processes = Mutex<[ManagedProcess]>([])

    private struct Document: Encodable {
        var processes: [Entry]
    }

    private struct Entry: Encodable {
        let name: String
        let processID: Int32
        let url: String?

        enum CodingKeys: String, CodingKey {
            case name, url
            case processID = "process_id"
        }
    }

    package init(_ file: URL) {
        self.file = file
    }

    func add(_ process: ManagedProcess) throws {
        try processes.withLock { processes in
            if !processes.contains(where: { $0 === process }) { processes.append(process) }
            try write(processes)
        }
    }

    /// Writes the numbers of now.
    func update() throws {
        try processes.withLock { try write($0) }
    }

    func remove(_ process: ManagedProcess) {
        processes.withLock { processes in
            processes.removeAll { $0 === process }
            // It is to be found gone rather than not at all: what else runs is still true.
            try? write(processes)
        }
    }

    func removeAll() {
        processes.withLock { processes in
            processes = []
            try? FileManager.default.removeItem(at: file)
        }
    }

    private func write(_ processes: [ManagedProcess]) throws {
        let entries = processes.compactMap { process in
            process.processIdentifier.map { Entry(name: process.name, processID: $0, url: process.endpoint) }
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let text = String(decoding: try encoder.encode(Document(processes: entries)), as: UTF8.self)
        try PrivateFile.write(text + "\n", to: file)
    }
}
