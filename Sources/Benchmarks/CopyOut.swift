import ArgumentParser

/// What reading the log costs the database alone: every row of it, in binary, and nothing done with them.
struct CopyOut: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Time COPY events TO STDOUT (FORMAT binary) over one connection.")

    @Option(help: "libpq connection string of a database with events.")
    var databaseURL: String

    func run() throws {
        let session = try PostgresSession(databaseURL)
        let began = ContinuousClock.now
        let rows = try session.copyOut("events")
        let seconds = (ContinuousClock.now - began) / .seconds(1)
        print("copy_out_rows_per_second=\(Int(Double(rows) / seconds))")
    }
}
