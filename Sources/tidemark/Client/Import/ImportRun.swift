import Foundation
import TidemarkClient

/// One run of an import: reads, deals lines to lanes, sends, keeps the state, and waits until all is applied.
///
/// All of it happens in the task that calls `run`; only the requests (one for each lane) are tasks of their own. What is in memory is
/// bounded by the lanes: each has at most one request under way and one gathering.
///
/// **Ending when all are applied.** A lane sends its requests one after the other in a session of its own. Each answer carries
/// the token that the gateway merged from the token sent and what this request wrote, so the lane's last token covers everything
/// the lane ever wrote. All tokens reached is therefore all records applied. Four lanes need four tokens: only the server can
/// merge them, and it need not.
struct ImportRun {
    struct Options: Sendable {
        var file: String
        /// `nil` keeps no state.
        var statePath: String?
        var lanes: Int
        var limits: ImportLane.Limits
        var keepsGoing: Bool
        var rewrites: Bool
        var applyTimeout: Duration
    }

    private let options: Options
    private let client: TidemarkClient
    private let sender: ImportSender
    private let input: ImportInput
    private let started = ContinuousClock.now

    private var state: ImportState
    private var ledger: ImportLedger
    private var lanes: [ImportLane]
    private var sessions: [Session]
    private var isBusy: [Bool]
    private var seen = KeysSeen()
    private var progress: ImportProgress
    private var saved = ContinuousClock.now
    private let resumed: ImportState

    private typealias Group = ThrowingTaskGroup<Sent, any Error>

    private struct Sent: Sendable {
        var lane: Int
        var entries: [ImportLane.Entry]
        var refusals: [ImportSender.Refusal]
    }

    init(_ options: Options, client: TidemarkClient, retry: RetryPolicy, isTerminal: Bool) async throws {
        self.options = options
        self.client = client
        sender = ImportSender(client: client, retry: retry)
        input = try ImportInput(options.file)
        let source = input.source ?? ImportState.Source(size: 0, modified: 0)
        state = ImportState(source: source)
        if let path = options.statePath, let earlier = ImportState.read(path) {
            if earlier.source != source {
                Terminal.note("tidemark: \(options.file) has changed since the import was interrupted; starting over")
            } else if try await Self.isOtherCluster(earlier, client) {
                Terminal.note("tidemark: the interrupted import went to another cluster; starting over")
            } else if options.rewrites == !earlier.occasion.isEmpty {
                state = earlier
                Terminal.note("tidemark: continuing after line \(Figures.count(earlier.lines))")
            }
        }
        if options.rewrites, state.occasion.isEmpty { state.occasion = UUID().uuidString }
        resumed = state
        ledger = ImportLedger(offset: state.offset, lines: state.lines)
        lanes = Array(repeating: ImportLane(), count: options.lanes)
        isBusy = Array(repeating: false, count: options.lanes)
        // Tokens of earlier lanes that have no lane now are only waited for.
        sessions = (0..<max(options.lanes, state.tokens.count)).map { [tokens = state.tokens] index in
            Session(token: index < tokens.count ? tokens[index] : nil)
        }
        progress = ImportProgress(
            total: input.source?.size, records: state.records, bytes: state.offset, isTerminal: isTerminal, now: .now)
    }

    private static func isOtherCluster(_ state: ImportState, _ client: TidemarkClient) async throws -> Bool {
        do {
            for token in state.tokens { _ = try await client.reach(Session(token: token), wait: .zero) }
            return false
        } catch let error as TidemarkError where error.isSessionRefused {
            return true
        }
    }

    mutating func run() async throws -> ImportSummary {
        do {
            try await acknowledgeAll()
            try await applyAll()
        } catch {
            progress.clear()
            try? save()
            throw error
        }
        progress.clear()
        if let path = options.statePath { ImportState.remove(path) }
        return ImportSummary(state, since: resumed, duration: .now - started)
    }

    private mutating func acknowledgeAll() async throws {
        try await withThrowingTaskGroup(of: Sent.self) { group in
            // From the start, also when continuing: `seen` has to know the keys of the lines that are done.
            var splitter = LineSplitter()
            while let chunk = try await input.next() {
                for line in try split({ try splitter.split(chunk) }) { try await take(line, &group) }
            }
            for line in try split({ try [splitter.finish()].compactMap(\.self) }) { try await take(line, &group) }
            for lane in lanes.indices where !lanes[lane].entries.isEmpty { try await flush(lane, &group) }
            while let sent = try await group.next() { try finish(sent) }
        }
        try save()
    }

    private func split(_ body: () throws -> [LineSplitter.Line]) throws -> [LineSplitter.Line] {
        do {
            return try body()
        } catch LineSplitter.Fault.tooLong(let line, let limit) {
            throw CommandFailure(.failed, "Line \(line) is longer than \(Figures.bytes(UInt64(limit))).")
        }
    }

    private mutating func take(_ line: LineSplitter.Line, _ group: inout Group) async throws {
        let isDone = line.end <= resumed.offset
        if line.bytes.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0d }) {
            if !isDone { ledger.end(ledger.begin(line: line.number, end: line.end)) }
            return
        }
        let record: ImportRecord
        do {
            record = try JSONDecoder().decode(ImportRecord.self, from: line.bytes)
        } catch {
            if isDone { return }
            try refuse(ImportSender.Refusal(line: line.number, reason: JSONFault.sentence(error)))
            ledger.end(ledger.begin(line: line.number, end: line.end))
            return
        }
        let place = seen.insert(record.key) ? "\(line.end)" : ""
        if isDone { return }
        let entry = ImportLane.Entry(
            operation: record.operation(occasion: state.occasion + place), line: line.number,
            ticket: ledger.begin(line: line.number, end: line.end))
        let lane = ImportLane.number(of: record.key, lanes: lanes.count)
        if lanes[lane].isFull(for: entry, options.limits) { try await flush(lane, &group) }
        lanes[lane].add(entry)
    }

    /// Sends what the lane gathered; waits first until its request before is done.
    private mutating func flush(_ lane: Int, _ group: inout Group) async throws {
        while isBusy[lane], let sent = try await group.next() { try finish(sent) }
        let entries = lanes[lane].take()
        isBusy[lane] = true
        group.addTask { [sender, session = sessions[lane]] in
            Sent(lane: lane, entries: entries, refusals: try await sender.send(entries, in: session))
        }
    }

    private mutating func finish(_ sent: Sent) throws {
        isBusy[sent.lane] = false
        let refused = Set(sent.refusals.map(\.line))
        for entry in sent.entries {
            // A refused line that stops the import is not done: the next run begins with it.
            if refused.contains(entry.line), !options.keepsGoing { continue }
            ledger.end(entry.ticket)
            if refused.contains(entry.line) { continue }
            state.records += 1
            state.bytes += UInt64(entry.operation.value?.count ?? 0)
        }
        for refusal in sent.refusals { try refuse(refusal) }
        progress.show(offset: ledger.offset, records: state.records, bytes: state.bytes, now: .now)
        if ContinuousClock.now - saved >= .seconds(1) { try save() }
    }

    private mutating func refuse(_ refusal: ImportSender.Refusal) throws {
        let sentence = "Line \(refusal.line): \(refusal.reason)"
        guard options.keepsGoing else {
            throw CommandFailure(
                .failed, sentence, hint: "Correct the line, or pass --keep-going to go on after such lines.")
        }
        state.failed += 1
        progress.note("tidemark: \(sentence)")
    }

    private mutating func save() throws {
        saved = .now
        state.offset = ledger.offset
        state.lines = ledger.lines
        state.tokens = sessions.compactMap(\.token)
        if let path = options.statePath { try state.write(path) }
    }

    private func applyAll() async throws {
        let deadline = ContinuousClock.now + options.applyTimeout
        progress.activity("\(Figures.count(state.records)) records are durable; waiting until all are applied")
        for session in sessions {
            while try await !client.reach(session, wait: min(.seconds(30), max(.seconds(1), deadline - .now))) {
                if ContinuousClock.now >= deadline {
                    throw CommandFailure(
                        .failed, "All records are durable, but after \(options.applyTimeout) not all are applied.",
                        hint: "Run the same command again to go on waiting; --apply-timeout sets for how long.")
                }
            }
        }
    }
}
