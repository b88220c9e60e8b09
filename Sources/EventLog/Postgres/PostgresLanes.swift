import Lanes
import Synchronization

/// A few lanes with a connection each, and one queue before them all: a job goes to whichever lane is free.
///
/// A lane that has finished takes all that waits, up to `batchLimit`, so reads that gathered meanwhile share a round trip.
final class PostgresLanes<Job: Sendable>: Sendable {
    /// Runs on the lane's thread and answers every job. The connection may be closed: `open` it.
    typealias Serve = @Sendable ([Job], PostgresConnection) -> Void

    private let lanes: [Lane<[Job]>]
    private let queue: Queue

    init(
        name: String, count: Int, maximumWaiting: Int, batchLimit: Int, configuration: PostgresConfiguration,
        role: PostgresRole, metrics: EventLogMetrics, serve: @escaping Serve
    ) {
        let queue = Queue(maximumWaiting: maximumWaiting, batchLimit: batchLimit, metrics: metrics)
        self.queue = queue
        lanes = (0..<count).map { number in
            Lane(name: "\(name)-\(number)", capacity: 1) { mailbox in
                let connection = PostgresConnection(
                    configuration, role: role, metrics: metrics, isEnding: { mailbox.isClosed })
                var mail: [[Job]] = []
                while true {
                    // Opens it ahead of the first job, and again after it was lost, at most once a second.
                    try? connection.open()
                    let wakeup = mailbox.wait(into: &mail, descriptor: connection.descriptor, timeout: .seconds(1))
                    if wakeup.descriptorReady { connection.checkIdle() }
                    if mail.isEmpty && wakeup.closed { break }
                    guard var jobs = mail.popLast() else { continue }
                    while !jobs.isEmpty {
                        serve(jobs, connection)
                        jobs = queue.next(for: number)
                    }
                }
                connection.close()
            }
        }
        queue.open(lanes)
    }

    /// Any thread. `full` and `closed` keep nothing of the job.
    func submit(_ job: Job) -> Mailbox<Job>.Admission { queue.submit(job, to: lanes) }

    /// Answers what was submitted, then ends the threads and connections.
    func close() async {
        queue.close()
        for lane in lanes { await lane.close() }
    }

    private final class Queue: Sendable {
        private struct State {
            var waiting: [Job] = []
            var idle: [Int] = []
            var closed = false
        }

        private let state = Mutex(State())
        private let maximumWaiting: Int
        private let batchLimit: Int
        private let metrics: EventLogMetrics

        init(maximumWaiting: Int, batchLimit: Int, metrics: EventLogMetrics) {
            self.maximumWaiting = maximumWaiting
            self.batchLimit = batchLimit
            self.metrics = metrics
        }

        func open(_ lanes: [Lane<[Job]>]) { state.withLock { $0.idle = Array(lanes.indices.reversed()) } }

        func submit(_ job: Job, to lanes: [Lane<[Job]>]) -> Mailbox<Job>.Admission {
            state.withLock { state in
                if state.closed { return .closed }
                if let free = state.idle.popLast() {
                    // An idle lane's mailbox is empty and, until `close` has had this lock, open.
                    let admission = lanes[free].post([job])
                    metrics.began()
                    precondition(admission == .accepted, "an idle lane takes a job")
                    return .accepted
                }
                if state.waiting.count >= maximumWaiting { return .full }
                state.waiting.append(job)
                metrics.queued()
                return .accepted
            }
        }

        /// - Returns: nothing when nothing waits; the lane then counts as idle.
        func next(for lane: Int) -> [Job] {
            state.withLock { state in
                if state.waiting.isEmpty {
                    state.idle.append(lane)
                    metrics.idled()
                    return []
                }
                let batch = Array(state.waiting.prefix(batchLimit))
                state.waiting.removeFirst(batch.count)
                metrics.dequeued(batch.count)
                return batch
            }
        }

        func close() { state.withLock { $0.closed = true } }
    }
}
