import ArgumentParser
import Commands
import EventLog

struct DeadShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show one dead letter: what was asked, by whom, and why it could not be done.",
        discussion: "The value itself is in the JSON only. Exit status 3: there is no such dead letter."
    )

    @Argument(help: "The command's id.")
    var id: String

    @OptionGroup var options: DeadOptions

    func validate() throws { _ = try DeadOptions.id(id) }

    func run() async throws {
        let id = try DeadOptions.id(id)
        try await options.run { desk in
            guard let (record, command, dot) = try await desk.show(id) else { throw DeadOptions.unknown(id) }
            var report = DeadLetterReport(record)
            report.details = DeadLetterReport.Details(command, dot)
            switch options.output {
            case .json: try Terminal.print(json: report)
            case .text:
                for (name, value) in report.lines { try Terminal.print(columns: [name, value]) }
            }
        }
    }
}
