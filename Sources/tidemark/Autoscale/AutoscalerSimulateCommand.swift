import ArgumentParser
import Autoscaler
import Foundation

struct AutoscalerSimulateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract: "Play a load over time against a model of the system, and compare how policies do.",
        discussion: """
            TRACE is \(Trace.builtIn.map(\.name).joined(separator: ", ")), or a file; without one, all of these are played. A file \
            has a line for each moment, and the load changes evenly in between:

              0, 6000, 6000              second, reads a second, writes a second
              300, fail, gateway, 1      so many instances vanish (or of projectors)
              400, stall, 60             the database answers nobody for so many seconds
              500, blind, 120            the autoscaler's metrics are missing for so many seconds

            What the columns tell: node-hours of gateways and projectors together; the share of requests that took longer than \
            50 ms or were refused or failed (bad), and that were refused or failed (lost); seconds in which more than 1 % were bad; \
            seconds in which the oldest command had waited for more than 30 s; the longest that one waited; changes of a number; and \
            changes that took back what another had done within ten minutes before. docs/autoscaling.md tells what the model \
            is made of. The same seed always gives the same result.

            EXAMPLES
              tidemark autoscaler simulate
              tidemark autoscaler simulate flash-crowd --policy tidemark --steps
              tidemark autoscaler simulate flash-crowd --print-trace > mine.csv
              tidemark autoscaler simulate mine.csv --plot mine.svg
            """)

    /// Some contenders, in the order of the table; `all` of them.
    struct Choice: Equatable, ExpressibleByArgument {
        var contenders: [Contender]

        static let all = Choice(contenders: Contender.allCases)

        init(contenders: [Contender]) { self.contenders = contenders }

        init?(argument: String) {
            if argument == "all" {
                self = .all
                return
            }
            let names = argument.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
            guard names.allSatisfy({ Contender(rawValue: $0) != nil }) else { return nil }
            contenders = Contender.allCases.filter { names.contains($0.rawValue) }
        }

        var defaultValueDescription: String { "all" }
        static var allValueStrings: [String] { ["all"] + Contender.allCases.map(\.rawValue) }
    }

    enum Output: String, ExpressibleByArgument, CaseIterable {
        case text, json, csv, markdown
    }

    @Argument(help: ArgumentHelp("Names of traces, or files.", valueName: "trace"))
    var traces: [String] = []

    @Option(help: ArgumentHelp("Who plays; several with commas in between.", valueName: "policy"))
    var policy = Choice.all

    @Option(help: ArgumentHelp("Nobody has fewer instances of a role.", valueName: "n"))
    var minimum = Comparison.Conditions().minimum

    @Option(help: ArgumentHelp("Neither scaling policy has more instances of a role.", valueName: "n"))
    var maximum = Comparison.Conditions().maximum

    @Option(help: "Chooses how the load trembles and which metrics are missing.")
    var seed: UInt64 = 1

    @Option(help: ArgumentHelp("Draw what happened into this file, as SVG; for one trace.", valueName: "file"))
    var plot: String?

    @Flag(help: "Also print each change, with its reason.")
    var steps = false

    @Flag(help: "Print the trace instead of playing it.")
    var printTrace = false

    @Option(help: "text, json (a document a line), csv or markdown.")
    var output = Output.text

    func validate() throws {
        guard (1...1_000).contains(minimum), (minimum...1_000).contains(maximum) else {
            throw ValidationError(
                "--minimum and --maximum take 1 to 1000, and the minimum is not more than the maximum.")
        }
        if plot != nil, traces.count != 1 { throw ValidationError("--plot draws one trace: name one.") }
        _ = try played
        if steps, output != .text { throw ValidationError("--steps goes with --output text; JSON has them anyway.") }
    }

    func run() async throws {
        let traces = try played
        if printTrace {
            for trace in traces { print(trace.text, terminator: "") }
            return
        }
        var conditions = Comparison.Conditions()
        conditions.minimum = minimum
        conditions.maximum = maximum
        conditions.seed = seed
        if output == .csv { print(Comparison.csvHead) }
        for (index, trace) in traces.enumerated() {
            let comparison = Comparison(trace, contenders: policy.contenders, conditions: conditions)
            let isFirst = index == 0
            switch output {
            case .text:
                print((isFirst ? "" : "\n") + comparison.text + (steps ? comparison.stepsText : ""), terminator: "")
            case .json: print(try SimulationReport(comparison).json)
            case .csv: print(comparison.csv, terminator: "")
            case .markdown: print((isFirst ? "" : "\n") + comparison.markdown, terminator: "")
            }
            if let plot { try Self.write(Chart(comparison).svg, to: plot) }
        }
    }

    private var played: [Trace] {
        get throws { try traces.isEmpty ? Trace.builtIn : traces.map(Self.trace) }
    }

    private static func trace(_ name: String) throws -> Trace {
        if let trace = Trace.builtIn.first(where: { $0.name == name }) { return trace }
        let url = URL(filePath: name)
        let text: String
        do {
            text = try String(contentsOf: url, encoding: .utf8)
        } catch {
            throw ValidationError(
                "“\(name)” is neither a file that can be read as text nor one of "
                    + "\(Trace.builtIn.map(\.name).joined(separator: ", ")).")
        }
        do {
            return try Trace(name: url.deletingPathExtension().lastPathComponent, text: text)
        } catch {
            throw ValidationError("\(name):\(error.line): \(error.message)")
        }
    }

    private static func write(_ text: String, to path: String) throws {
        do {
            try Data(text.utf8).write(to: URL(filePath: path))
        } catch {
            Terminal.note("tidemark: Can't write \(path): \(error.localizedDescription)")
            throw ExitStatus.failed.code
        }
    }
}
