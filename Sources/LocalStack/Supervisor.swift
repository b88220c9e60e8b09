/// Keeps servers running: what dies is started again, on the same ports and data.
package actor Supervisor {
    private let inventory: Inventory?
    private let report: @Sendable (String) -> Void
    private var stages: [[any Server]] = []
    private var watches: [ObjectIdentifier: Task<Void, Never>] = [:]
    private var isStopping = false

    /// `report` gets a line for a person whenever something dies, comes back, or can't; from any thread.
    package init(inventory: Inventory? = nil, report: @escaping @Sendable (String) -> Void) {
        self.inventory = inventory
        self.report = report
    }

    /// Starts these servers side by side and returns when all are ready. Throws the first failure, or
    /// `CancellationError`; what runs by then goes on until ``stopAll()``.
    ///
    /// - Parameter sibling: what they stop together with at the end, rather than before all that runs already.
    package func start(_ servers: [any Server], with sibling: (any Server)? = nil) async throws {
        guard !isStopping else { throw CancellationError() }
        if let stage = stages.firstIndex(where: { $0.contains { $0.process === sibling?.process } }) {
            stages[stage] += servers
        } else {
            stages.append(servers)
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for server in servers {
                group.addTask { try await self.start(server) }
            }
            try await group.waitForAll()
        }
    }

    private func start(_ server: any Server) async throws {
        for process in server.processes {
            try await process.start()
            if isStopping {
                // It may have begun just after it was told to stop.
                await process.stop()
                throw CancellationError()
            }
            try inventory?.add(process)
            watches[ObjectIdentifier(process)] = Task { await self.watch(process) }
        }
    }

    /// Stops one of them for good, also while it starts, and returns when no process of it is left.
    package func stop(_ server: any Server) async {
        let processes = server.processes
        let watches = processes.compactMap { self.watches.removeValue(forKey: ObjectIdentifier($0)) }
        for watch in watches { watch.cancel() }
        await server.stop()
        for watch in watches { await watch.value }
        for process in processes { inventory?.remove(process) }
        stages = stages.map { stage in stage.filter { $0.process !== server.process } }.filter { !$0.isEmpty }
    }

    /// Stops everything, the last stage first, also what is just being started. Returns when no process is left.
    package func stopAll() async {
        isStopping = true
        for watch in watches.values { watch.cancel() }
        for stage in stages.reversed() {
            await withTaskGroup(of: Void.self) { group in
                for server in stage {
                    group.addTask { await server.stop() }
                }
            }
        }
        for watch in watches.values { await watch.value }
        inventory?.removeAll()
    }

    private func watch(_ process: ManagedProcess) async {
        var backoff = Backoff()
        while !Task.isCancelled {
            let begin = ContinuousClock.now
            let exit = await process.waitForExit()
            if Task.isCancelled { return }
            backoff.note(lifetime: ContinuousClock.now - begin)
            try? inventory?.update()
            report("\(process.name) \(exit.map { "\($0)" } ?? "ended"); starting it again")
            await restart(process, &backoff)
        }
    }

    private func restart(_ process: ManagedProcess, _ backoff: inout Backoff) async {
        while !Task.isCancelled {
            do {
                try await Task.sleep(for: backoff.next())
                try await process.start()
                try inventory?.update()
                report("\(process.name) runs again (process \(process.processIdentifier ?? 0))")
                return
            } catch is CancellationError {
                return
            } catch {
                if !Task.isCancelled { report("\(process.name) can't be started again: \(error)") }
            }
        }
    }

    /// From 100 ms, doubling, to 5 s; back to the beginning after ten good seconds.
    private struct Backoff {
        private var delay = Duration.milliseconds(100)

        mutating func next() -> Duration {
            defer { delay = min(delay * 2, .seconds(5)) }
            return delay
        }

        mutating func note(lifetime: Duration) {
            if lifetime > .seconds(10) { delay = .milliseconds(100) }
        }
    }
}
