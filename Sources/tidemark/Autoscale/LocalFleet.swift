import Autoscaler
import LocalStack

/// The gateways and projectors of `tidemark dev`, as processes on this machine.
///
/// nginx needs no telling: it knows all ports that gateways may have. One that ends drains, as after any SIGTERM
/// (decision 13).
actor LocalFleet: FleetDriver {
    private struct Member {
        let role: Role
        let number: Int
        let process: ManagedProcess
        var state: Instance.State
    }

    private let supervisor: Supervisor
    private let limits: [Role: Int]
    private let make: @Sendable (Role, Int) -> ManagedProcess
    private var members: [Member] = []

    /// - Parameters:
    ///   - limits: how many there may be.
    ///   - make: describes the one with a number, from 1 on.
    init(supervisor: Supervisor, limits: [Role: Int], make: @escaping @Sendable (Role, Int) -> ManagedProcess) {
        self.supervisor = supervisor
        self.limits = limits
        self.make = make
    }

    func instances() -> [Instance] {
        members.map { member in
            // What died is being started again.
            let isDown = member.state == .ready && !member.process.isRunning
            return Instance(
                id: member.process.name, role: member.role, url: member.process.endpoint,
                state: isDown ? .starting : member.state)
        }
    }

    /// Returns when it is ready.
    func add(_ role: Role) async throws { try await add(role, 1) }

    /// Starts so many side by side; returns when they are ready.
    func add(_ role: Role, _ count: Int) async throws {
        let present = members.filter { $0.role == role }
        let free = (1...(limits[role] ?? 1)).filter { number in !present.contains { $0.number == number } }
        guard free.count >= count else {
            throw StartFailure(
                name: "A \(role)", reason: "can't be added: there are \(present.count), with those that are ending",
                advice: "Wait until one has ended.")
        }
        let added = free.prefix(count).map { Member(role: role, number: $0, process: make(role, $0), state: .starting) }
        members += added
        do {
            try await supervisor.start(added.map(\.process), with: present.first?.process)
        } catch {
            for member in added {
                await supervisor.stop(member.process)
                forget(member.process)
            }
            throw error
        }
        for member in added { update(member.process, .ready) }
    }

    func remove(_ role: Role) async {
        let candidates = members.filter { $0.role == role && $0.state == .ready }
        guard let newest = candidates.max(by: { $0.number < $1.number })?.process else { return }
        update(newest, .draining)
        await supervisor.stop(newest)
        forget(newest)
    }

    private func update(_ process: ManagedProcess, _ state: Instance.State) {
        guard let index = members.firstIndex(where: { $0.process === process }) else { return }
        members[index].state = state
    }

    private func forget(_ process: ManagedProcess) {
        members.removeAll { $0.process === process }
    }
}
