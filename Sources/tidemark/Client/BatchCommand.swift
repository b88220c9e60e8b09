import ArgumentParser
import Foundation
import TidemarkClient

struct BatchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "batch",
        abstract: "Send up to 1,000 operations in one request.",
        discussion: """
            The file holds {"operations":[...]}, an array of operations, or one operation a line. Each succeeds or fails by \
            itself. Exit status: 0 all succeeded, 3 or 4 all that failed did so as not found or by precondition, else 1.

            EXAMPLES
              echo '{"op":"put","key":"colour","value":"blue"}' | tidemark batch -
              tidemark batch changes.json --wait 5 --output json
            """)

    @Argument(help: "The file; - is standard input.")
    var file: String

    @OptionGroup var wait: WaitOption
    @OptionGroup var client: ClientOptions

    func run() async throws {
        try await client.run { tidemark, session in
            let operations = try BatchFile.parse(try Terminal.read(file, what: "operations"))
            let results = try await tidemark.batch(operations, wait: wait.duration, in: session)
            for (operation, result) in zip(operations, results) { try print(operation, result) }
            let status = Self.status(results)
            if status != .done {
                let failed = results.count { !$0.isSuccess }
                throw CommandFailure(status, "\(failed) of \(results.count) operations failed.")
            }
        }
    }

    static func status(_ results: [BatchResult]) -> ExitStatus {
        switch Set(results.filter { !$0.isSuccess }.map(\.status)) {
        case []: .done
        case [404]: .notFound
        case [412]: .preconditionFailed
        default: .failed
        }
    }

    private func print(_ operation: BatchOperation, _ result: BatchResult) throws {
        switch client.output {
        case .json: try Terminal.print(json: result)
        case .text:
            let facts = [
                result.version.map { "version \($0)" }, result.value.map { String(decoding: $0, as: UTF8.self) },
                result.problem?.detail ?? result.command,
            ]
            let columns = [String(result.status), operation.kind.rawValue, operation.key] + facts.compactMap(\.self)
            try Terminal.print(columns.joined(separator: "\t"))
        }
    }
}
