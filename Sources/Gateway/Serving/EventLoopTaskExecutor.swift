import NIOCore

/// Runs a connection's tasks on the connection's own event loop.
///
/// Without it every request hops from the event loop to Swift's shared pool and back; here the handler goes on where the
/// bytes arrived. Nothing in the gateway blocks: drivers have lanes of their own.
final class EventLoopTaskExecutor: TaskExecutor {
    private let eventLoop: any EventLoop

    init(_ eventLoop: any EventLoop) { self.eventLoop = eventLoop }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        eventLoop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
