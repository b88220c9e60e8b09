import Foundation
import LocalStack
import TidemarkClient

extension FaultStack {
    /// Waits until all processes run, standbys stand by, and writes are applied through each gateway in all partitions.
    func untilWhole() async throws {
        for server in parts.values.joined() {
            for process in server.processes {
                // Joins the supervisor's start of it, and begins another one should that have failed.
                try await eventually("\(process.name) runs", within: .seconds(240)) {
                    (try? await process.start()) != nil
                }
            }
        }
        if self[.database].count > 1 {
            try await eventually("the standby has everything", within: .seconds(120)) { reports.isStandbyInSync }
        }
        for url in urls { try await writesAreApplied(through: url) }
    }

    private func writesAreApplied(through url: String) async throws {
        try await TidemarkClient.withClient(.init(urls: [url], timeout: .seconds(3), retry: .never)) { client in
            for number in 0..<4 * Self.partitions {
                try await eventually("writes are applied through \(url)", within: .seconds(180)) {
                    let receipt = try? await client.put(
                        Data("up".utf8), for: "up/\(number)", options: WriteOptions(wait: .seconds(5)))
                    return receipt?.version != nil
                }
            }
        }
    }
}
