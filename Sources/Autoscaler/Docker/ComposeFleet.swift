import Foundation
import NIOHTTP1

/// Gateways and projectors as containers of a Docker Compose project, found by the labels that Compose gives them.
///
/// What it adds is a copy of one that is there, with Compose's labels and the next number, so that `docker compose up`, `ps`
/// and `down` treat it as Compose's own. Whoever balances over the gateways finds them by the service's name.
package actor ComposeFleet: FleetDriver {
    private let engine: DockerEngine
    private var project: String?
    private let ownContainer: String
    private let ports: [Role: Int]
    private let stopTimeout: Duration
    private var ownNetworks: Set<String>?
    private var leaving: Set<String> = []
    /// Names of those that are being made.
    private var making: Set<String> = []

    /// On what we added, beside Compose's labels.
    private static let mark = "tidemark.autoscaler"

    /// - Parameters:
    ///   - project: `nil` for the one that our own container is of.
    ///   - ownContainer: its id or name; of no consequence if it is none.
    ///   - ports: where each role has its metrics.
    ///   - stopTimeout: how long one may take to end before it is killed.
    package init(
        engine: DockerEngine, project: String?, ownContainer: String, ports: [Role: Int], stopTimeout: Duration
    ) {
        self.engine = engine
        self.project = project
        self.ownContainer = ownContainer
        self.ports = ports
        self.stopTimeout = stopTimeout
    }

    package func instances() async throws -> [Instance] {
        var instances: [Instance] = []
        for role in Role.allCases {
            for container in try await containers(role) {
                guard let state = container.state, !isLeftOver(container) else { continue }
                let address = container.address(on: ownNetworks ?? [])
                instances.append(
                    Instance(
                        id: container.id, role: role, url: address.map { "http://\($0):\(ports[role] ?? 80)" },
                        state: leaving.contains(container.id) ? .draining : state))
            }
        }
        return instances
    }

    package func add(_ role: Role) async throws {
        let containers = try await containers(role)
        for container in containers where isLeftOver(container) && !leaving.contains(container.id) {
            try await delete(container.id)
        }
        guard
            let model = containers.filter({ $0.state != nil && !isLeftOver($0) }).min(by: Container.leavesLater)
        else {
            throw DockerError(
                "There is no container of the service \(role) to make another one like. Start it: docker compose up -d \(role)"
            )
        }
        let taken = Set(containers.map(\.number))
        let number = (1...).first { !taken.contains($0) } ?? 1
        var copy = model.copy(number: number)
        copy.mark(Self.mark)
        making.insert(copy.name)
        defer { making.remove(copy.name) }
        let made = try await engine.call(
            .POST, "/containers/create", query: [URLQueryItem(name: "name", value: copy.name)], body: copy.body)
        guard let id = made["Id"].string else { throw DockerError("The Docker Engine made a container without an id.") }
        do {
            for (network, endpoint) in copy.furtherNetworks {
                try await engine.call(
                    .POST, "/networks/\(network)/connect",
                    body: .object(["Container": .string(id), "EndpointConfig": endpoint]))
            }
            try await engine.call(.POST, "/containers/\(id)/start")
        } catch {
            // In a task of its own, because this one may be cancelled.
            await Task { try? await self.delete(id) }.value
            throw error
        }
    }

    /// The engine sends the container's stop signal, SIGTERM, and waits.
    package func remove(_ role: Role) async throws {
        let candidates = try await containers(role).filter {
            $0.state != nil && !isLeftOver($0) && !leaving.contains($0.id)
        }
        guard let last = candidates.max(by: Container.leavesLater) else { return }
        leaving.insert(last.id)
        defer { leaving.remove(last.id) }
        try await engine.call(
            .POST, "/containers/\(last.id)/stop",
            query: [URLQueryItem(name: "t", value: String(stopTimeout.components.seconds))],
            timeout: stopTimeout + .seconds(30))
        try await delete(last.id)
    }

    /// Of an addition or a removal that was interrupted: one would never start, the other would come back, of whatever version
    /// it is, with the engine.
    private func isLeftOver(_ container: Container) -> Bool {
        container.isMarked(Self.mark)
            && (container.state == nil || container.isUnstarted && !making.contains(container.name))
    }

    private func delete(_ id: String) async throws {
        do {
            try await engine.call(
                .DELETE, "/containers/\(id)",
                query: [URLQueryItem(name: "v", value: "1"), URLQueryItem(name: "force", value: "1")])
        } catch let error as DockerError where error.status == 404 || error.status == 409 {
            // It is gone, or somebody else is removing it.
        }
    }

    /// All of a service, also those that ended.
    private func containers(_ role: Role) async throws -> [Container] {
        let project = try await findProject()
        let labels = [
            "com.docker.compose.project=\(project)", "com.docker.compose.service=\(role)",
            "com.docker.compose.oneoff=False",
        ]
        let filter = JSONValue.object(["label": .array(labels.map(JSONValue.string))])
        let listed = try await engine.call(
            .GET, "/containers/json",
            query: [
                URLQueryItem(name: "all", value: "1"),
                URLQueryItem(name: "filters", value: String(decoding: try JSONEncoder().encode(filter), as: UTF8.self)),
            ])
        var containers: [Container] = []
        for id in (listed.array ?? []).compactMap({ $0["Id"].string }) {
            // One may be removed between the two questions.
            guard let description = try await engine.describe(id) else { continue }
            containers.append(Container(description: description))
        }
        return containers.sorted { $0.number < $1.number }
    }

    private func findProject() async throws -> String {
        if ownNetworks == nil, let own = try await engine.describe(ownContainer) {
            ownNetworks = Container(description: own).networkNames
            project = project ?? own["Config"]["Labels"]["com.docker.compose.project"].string
        }
        ownNetworks = ownNetworks ?? []
        guard let project else {
            throw DockerError(
                "Which Compose project? Set TIDEMARK_AUTOSCALER_PROJECT; it can be left out only in a container of the project."
            )
        }
        return project
    }
}
