import AsyncHTTPClient
import Foundation
import LocalStack
import NIOHTTP1
import Testing

@testable import Autoscaler

/// On a real engine, with a project that Compose itself made. Who has none skips it and is told so; `make stack-test` does the
/// same with the real roles.
@Suite("Containers of a Compose project", .serialized)
struct ComposeFleetTests {
    @Test(
        "One is added like the others, Compose takes it for its own, and the newest leaves by SIGTERM",
        .enabled(if: ComposeProject.isPossible, "needs docker-compose and a Docker Engine on \(ComposeProject.socket)"))
    func addsAndRemoves() async throws {
        try await ComposeProject.with { project in
            let fleet = project.fleet
            try await eventually("both are ready", state: { try await fleet.instances() }) { instances in
                instances.map(\.role) == [.gateway, .projector] && instances.allSatisfy { $0.state == .ready }
            }
            let first = try #require(try await fleet.instances().first)
            #expect(first.url?.hasPrefix("http://") == true && first.url?.hasSuffix(":8080") == true)

            try await fleet.add(.gateway)
            try await eventually("the other one is ready", state: { try await fleet.instances() }) { instances in
                instances.filter { $0.role == .gateway && $0.state == .ready }.count == 2
            }
            let other = try #require(try await fleet.instances().first { $0.role == .gateway && $0.id != first.id })
            #expect(other.url != first.url)
            let (old, new) = (try await project.describe(first.id), try await project.describe(other.id))
            for part in ["Cmd", "Env", "Healthcheck", "User", "WorkingDir", "StopSignal"] {
                #expect(new["Config"][part] == old["Config"][part], "\(part)")
            }
            #expect(new["HostConfig"] == old["HostConfig"])
            #expect(new["Image"] == old["Image"])
            let networks = try #require(new["NetworkSettings"]["Networks"].object)
            #expect(networks.count == 2 && networks.keys == old["NetworkSettings"]["Networks"].object?.keys)
            #expect(networks.values.allSatisfy { $0["Aliases"].array?.contains(.string("gateway")) == true })
            #expect(try await project.compose("ps", "-q", "gateway").split(separator: "\n").count == 2)

            try await fleet.add(.gateway)
            try await withThrowingTaskGroup(of: Void.self) { group in
                // Ends in a second when it gets SIGTERM, else in a minute when it is killed.
                group.addTask { try await fleet.remove(.gateway) }
                try await eventually("the third drains", state: { try await fleet.instances().map(\.state) }) {
                    $0.contains(.draining)
                }
                try await group.waitForAll()
            }
            let left = try await fleet.instances().filter { $0.role == .gateway }
            #expect(Set(left.map(\.id)) == [first.id, other.id])

            _ = try await project.compose("down", "-t", "5")
            #expect(try await fleet.instances() == [], "Compose removed what was added, too")
            let failure = await #expect(throws: DockerError.self) { try await fleet.add(.gateway) }
            #expect(failure?.description.contains("docker compose up -d gateway") == true)
        }
    }

    @Test(
        "What an interrupted addition left counts for nothing and is cleared away; one that is paused counts, and leaves first",
        .enabled(if: ComposeProject.isPossible, "needs docker-compose and a Docker Engine on \(ComposeProject.socket)"))
    func leftOverAndPaused() async throws {
        try await ComposeProject.with { project in
            let fleet = project.fleet
            func gateways() async throws -> [Instance] { try await fleet.instances().filter { $0.role == .gateway } }
            try await eventually("it is ready", state: { try await gateways() }) { $0.map(\.state) == [.ready] }
            let first = try #require(try await gateways().first)
            var copy = Container(description: try await project.describe(first.id)).copy(number: 2)
            copy.mark("tidemark.autoscaler")
            let made = try await project.engine.call(
                .POST, "/containers/create", query: [URLQueryItem(name: "name", value: copy.name)], body: copy.body)
            let leftOver = try #require(made["Id"].string)
            #expect(try await gateways().map(\.id) == [first.id])

            try await fleet.add(.gateway)
            #expect(try await project.engine.describe(leftOver) == nil)
            try await eventually("the other one is ready", state: { try await gateways() }) {
                $0.map(\.state) == [.ready, .ready]
            }
            let other = try #require(try await gateways().last)
            try await project.engine.call(.POST, "/containers/\(first.id)/pause")
            #expect(try await gateways().map(\.state) == [.unwell, .ready])
            try await fleet.remove(.gateway)
            #expect(try await gateways().map(\.id) == [other.id])
        }
    }

    @Test("Where no engine listens, the error says so")
    func noEngine() async throws {
        let engine = DockerEngine(socket: "/nowhere/docker.sock", http: .shared)
        let failure = await #expect(throws: DockerError.self) { try await engine.call(.GET, "/containers/json") }
        #expect(failure?.description.contains("/nowhere/docker.sock") == true)
    }
}

/// A project of two services that do nothing but wait for SIGTERM, in an image of a shell.
private struct ComposeProject {
    static let socket = "/var/run/docker.sock"
    static var isPossible: Bool {
        ["/usr/bin/docker", "/usr/local/bin/docker"].contains(where: FileManager.default.isExecutableFile)
            && FileManager.default.isExecutableFile(atPath: "/usr/bin/docker-compose")
            && FileManager.default.fileExists(atPath: socket)
    }

    let name: String
    let directory: URL
    let engine: DockerEngine
    let fleet: ComposeFleet

    static func with(_ body: (ComposeProject) async throws -> Void) async throws {
        let name = "tidemarktest\(UUID().uuidString.prefix(8).lowercased())"
        let directory = TestServers.directory.appendingPathComponent(name)
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let engine = DockerEngine(socket: socket, http: .shared)
        let project = ComposeProject(
            name: name, directory: directory, engine: engine,
            fleet: ComposeFleet(
                engine: engine, project: name, ownContainer: "none-of-this-name",
                ports: [.gateway: 8080, .projector: 9090], stopTimeout: .seconds(60)))
        do {
            try await project.makeImage()
            try project.file.write(
                to: directory.appendingPathComponent("docker-compose.yml"), atomically: true, encoding: .utf8)
            _ = try await project.compose("up", "-d")
            try await body(project)
        } catch {
            await project.clear()
            throw error
        }
        await project.clear()
    }

    func describe(_ id: String) async throws -> JSONValue { try #require(try await engine.describe(id)) }

    func compose(_ arguments: String...) async throws -> String {
        try await run("/usr/bin/docker-compose", ["-p", name] + arguments)
    }

    private func run(_ executable: String, _ arguments: [String]) async throws -> String {
        try await OneShot.run(executable, arguments, in: directory, timeout: .seconds(120))
    }

    private func clear() async {
        _ = try? await compose("down", "-t", "1")
        _ = try? await engine.call(.DELETE, "/images/\(name)", query: [URLQueryItem(name: "force", value: "1")])
    }

    /// `sh` and `sleep`, and the libraries that they are linked with.
    private func makeImage() async throws {
        _ = try await run(
            "/bin/sh",
            [
                "-ec",
                """
                files=$(ldd /bin/sh /bin/sleep | grep -o '/[^ ):]*' | sort -u | cut -c2-)
                tar -C / -chf - $files | docker import - \(name)
                """,
            ])
    }

    private var file: String {
        """
        version: "2.4"
        x-role: &role
          image: \(name)
          command: ["/bin/sh", "-c", "trap 'sleep 1; exit 0' TERM; while :; do sleep 1 & wait $$!; done"]
          environment: {COLOUR: blue}
          mem_limit: 32m
          pids_limit: 32
          read_only: true
          restart: unless-stopped
          tmpfs: [/tmp]
          volumes: [".:/project:ro"]
          networks: [front, back]
          healthcheck: {test: ["CMD", "/bin/sleep", "0"], interval: 1s, timeout: 10s}
        services:
          gateway: *role
          projector: *role
        networks: {front: {}, back: {}}

        """
    }
}
