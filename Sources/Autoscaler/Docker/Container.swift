/// A container of a Compose service, as the engine describes it (`GET /containers/{id}/json`).
struct Container: Sendable {
    private static let number = "com.docker.compose.container-number"

    let description: JSONValue

    var id: String { description["Id"].string ?? "" }
    /// Without the slash.
    var name: String { String((description["Name"].string ?? "").drop { $0 == "/" }) }
    /// Compose counts from 1.
    var number: Int { labels[Self.number]?.string.flatMap { Int($0) } ?? 0 }

    private var labels: [String: JSONValue] { description["Config"]["Labels"].object ?? [:] }
    private var networks: [String: JSONValue] { description["NetworkSettings"]["Networks"].object ?? [:] }

    var networkNames: Set<String> { Set(networks.keys) }

    /// `nil` when it ended.
    var state: Instance.State? {
        let state = description["State"]
        switch state["Status"].string {
        case "running":
            // Without a health check nobody knows better.
            let health = state["Health"]["Status"].string ?? "none"
            return switch health {
            case "healthy", "none", "": .ready
            case "unhealthy": .unwell
            default: .starting
            }
        case "paused": return .unwell
        case "created", "restarting": return .starting
        default: return nil
        }
    }

    func isMarked(_ label: String) -> Bool { labels[label] != nil }

    /// Whether it was made and not started yet. Whose maker is gone never is.
    var isUnstarted: Bool { description["State"]["Status"].string == "created" }

    /// `up --scale` removes the highest number first, and so do we, but whoever serves stays before whoever doesn't.
    static func leavesLater(_ one: Container, _ other: Container) -> Bool {
        (one.state == .ready ? 0 : 1, one.number) < (other.state == .ready ? 0 : 1, other.number)
    }

    /// Its address on a network of these if there is one, else on any.
    func address(on preferred: Set<String>) -> String? {
        let found = networks.sorted { $0.key < $1.key }.compactMap { name, network in
            network["IPAddress"].string.flatMap { $0.isEmpty ? nil : (name, $0) }
        }
        return (found.first { preferred.contains($0.0) } ?? found.first)?.1
    }

    /// What makes another one like it: the same image, command, environment, mounts, limits, health check, and labels, by which
    /// `docker compose` takes it for its own.
    func copy(number: Int) -> ContainerCopy {
        var body = description["Config"]
        // The very image, even if its tag stands for another one by now.
        body["Image"] = description["Image"]
        body["Labels"][Self.number] = .string(String(number))
        if let host = body["Hostname"].string, id.hasPrefix(host) { body["Hostname"] = .string("") }
        body["HostConfig"] = description["HostConfig"]

        // One network when it is made, the others before it starts: older engines take no more.
        let endpoints = networks.mapValues { network -> JSONValue in
            let aliases = (network["Aliases"].array ?? []).filter { alias in
                guard let alias = alias.string else { return false }
                return alias != name && !id.hasPrefix(alias)
            }
            return .object(["Aliases": .array(aliases)])
        }
        let mode = description["HostConfig"]["NetworkMode"].string ?? ""
        let first = endpoints.keys.contains(mode) ? mode : endpoints.keys.sorted().first
        if let first { body["NetworkingConfig"] = .object(["EndpointsConfig": .object([first: endpoints[first]!])]) }
        return ContainerCopy(
            name: name(number: number), body: body,
            furtherNetworks: endpoints.filter { $0.key != first }.sorted { $0.key < $1.key })
    }

    /// `stack-gateway-1` (or, of Compose 1, `stack_gateway_1`) with another number.
    private func name(number new: Int) -> String {
        let stem = name.hasSuffix(String(number)) ? String(name.dropLast(String(number).count)) : name + "-"
        return stem + String(new)
    }
}

/// A container to be made.
struct ContainerCopy: Sendable, Equatable {
    let name: String
    /// Of `POST /containers/create`.
    private(set) var body: JSONValue
    /// To be connected before it starts: name, and its endpoint.
    let furtherNetworks: [(key: String, value: JSONValue)]

    mutating func mark(_ label: String) { body["Labels"][label] = .string("added") }

    static func == (one: ContainerCopy, other: ContainerCopy) -> Bool {
        one.name == other.name && one.body == other.body
            && one.furtherNetworks.elementsEqual(other.furtherNetworks) { $0.key == $1.key && $0.value == $1.value }
    }
}
