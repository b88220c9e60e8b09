import Foundation

/// RabbitMQ nodes that find each other when they start: quorum queues declared on one have a member on each.
struct RabbitMQCluster: Sendable {
    /// What the nodes share.
    struct Membership: Sendable {
        let portMapper: ErlangPortMapper
        let cookie: String
        let password: String
        /// The names of all nodes.
        let peers: [String]
    }

    /// To be started before the nodes.
    let portMapper: ErlangPortMapper
    /// To be started side by side: after a stop of all of them each waits for the others.
    let nodes: [RabbitMQServer]

    /// Describes them; nothing runs yet. Their data is in `rabbitmq-1`, … of `directory`; ports may change from start to
    /// start, because nodes know each other by name.
    init(directory: URL, count: Int) throws {
        let names = (1...count).map { "rabbitmq-\($0)" }
        let directories = names.map { directory.appendingPathComponent($0) }
        let portMapper = try ErlangPortMapper(
            directory: directory.appendingPathComponent("epmd"), name: "rabbitmq-epmd")
        let membership = Membership(
            portMapper: portMapper,
            cookie: try PrivateFile.read(
                directory.appendingPathComponent("rabbitmq-cookie"), orWrite: PrivateFile.newSecret),
            password: try PrivateFile.read(
                directory.appendingPathComponent("rabbitmq-password"), orWrite: PrivateFile.newSecret),
            peers: try directories.map { try RabbitMQNode.name(in: $0) })
        self.portMapper = portMapper
        nodes = try zip(names, directories).map { name, directory in
            try RabbitMQServer(directory: directory, name: name, membership: membership)
        }
    }

    /// For each node one URL, with commas between.
    var url: String { nodes.map(\.url).joined(separator: ",") }
}
