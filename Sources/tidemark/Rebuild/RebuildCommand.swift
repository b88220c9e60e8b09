import ArgumentParser
import EventLog

struct RebuildCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rebuild",
        abstract: "Make the projection anew from the log, compare, and swap it in, while reads and writes go on.",
        discussion: """
            Without a subcommand it builds (or goes on building) a generation of the projection beside the one that is served, \
            compares both at the same positions, and serves the new one, partition by partition.

            EXAMPLES
              tidemark rebuild --verify-only       is the projection what the log says?
              tidemark rebuild                     swap in the new one if it is equal
              tidemark rebuild --accept            ... though it differs: after a bug
              tidemark rebuild rollback            serve the old one again, at once
              tidemark rebuild finish              delete the one that isn't served
            """,
        subcommands: [
            RebuildRunCommand.self, RebuildStatusCommand.self, RebuildRollbackCommand.self, RebuildFinishCommand.self,
        ],
        defaultSubcommand: RebuildRunCommand.self)
}

struct RebuildRunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Build, compare, swap. What `tidemark rebuild` does by itself.",
        discussion: """
            Run it again after a crash: it goes on where it was. Both generations are kept up to date from the swap until \
            `tidemark rebuild finish`; until then `tidemark rebuild rollback` goes back at once.

            When the generations differ nothing is swapped, and the first difference of each partition is printed. If the live \
            one is wrong, `--accept` swaps; if not, `tidemark rebuild finish` deletes what was built.

            Exit status 0: equal, or accepted. 1: they differ, or it failed. 4: refused, because another run works on it or an \
            older rebuild is not finished.
            """)

    @Flag(
        name: [.customLong("verify-only"), .customLong("dry-run")],
        help: "Build and compare; serve what was served. A later run goes on from there.")
    var verifyOnly = false

    @Flag(help: "Serve the new generation though it differs.")
    var accept = false

    @Flag(help: "Don't rest while writes come in.")
    var fullSpeed = false

    @Option(help: ArgumentHelp("Partitions built at once, 1 to 64.", valueName: "n"))
    var jobs = 2

    @OptionGroup var options: RebuildOptions

    func validate() throws {
        guard (1...64).contains(jobs) else { throw ValidationError("--jobs takes 1 to 64.") }
        if accept && verifyOnly {
            throw ValidationError("--accept swaps, --verify-only doesn't: leave one of them out.")
        }
    }

    func run() async throws {
        var rebuild = Rebuild.Options()
        rebuild.jobs = jobs
        rebuild.verifyOnly = verifyOnly
        rebuild.accept = accept
        rebuild.givesWay = !fullSpeed
        try await options.run { database in
            let progress = RebuildProgress()
            let report = try await RebuildProgressLine.shown(of: progress) {
                try await Rebuild.run(database, rebuild, progress: progress)
            }
            let shown = RebuildRunReport(report)
            switch options.output {
            case .text: try Terminal.print(shown.text)
            case .json: try Terminal.print(json: shown)
            }
            if !report.differences.isEmpty && !report.isSwapped { throw ExitStatus.failed.code }
        }
    }
}

struct RebuildStatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Tell which generation each partition serves, and how far the other one is.")

    @OptionGroup var options: RebuildOptions

    func run() async throws {
        try await options.run { database in try options.show(try await Rebuild.status(database)) }
    }
}

struct RebuildRollbackCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rollback",
        abstract: "Serve the generation before the rebuild again, in one step for all partitions.",
        discussion: "It was kept up to date, so nothing is lost. Exit status 4: there is nothing to go back to.")

    @OptionGroup var options: RebuildOptions

    func run() async throws {
        try await options.run { database in try options.show(try await Rebuild.rollBack(database)) }
    }
}

struct RebuildFinishCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "finish", abstract: "Delete the generation that isn't served, in small batches.",
        discussion: """
            After the swap that is the old one, after a rollback the new one, and before the swap what was built so far. There is no \
            way back from it. Run it again after a crash.
            """)

    @OptionGroup var options: RebuildOptions

    func run() async throws {
        try await options.run { database in
            let progress = RebuildProgress()
            let rows = try await RebuildProgressLine.shown(of: progress) {
                try await Rebuild.finish(database, progress: progress)
            }
            switch options.output {
            case .text: try Terminal.print("\(Figures.count(rows)) rows deleted; one generation is left")
            case .json: try Terminal.print(json: ["rows_deleted": rows])
            }
        }
    }
}
