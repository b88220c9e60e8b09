package import Commands
package import EventLog

extension OutcomeRegistry {
    /// After the reply queue was away: outcomes may have been lost with it, so the log is asked for those waited for.
    package func recover(from log: any LogReader) async {
        for (partition, commands) in waiting {
            guard let recorded = try? await log.commands(commands, in: partition) else { continue }
            resolve(recorded.values.map(\.outcome))
        }
    }
}
