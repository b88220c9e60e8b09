import Testing

@testable import Commands

@Suite("RabbitMQ configuration")
struct RabbitMQConfigurationTests {
    @Test(
        "A URL names host, port, virtual host and login",
        arguments: [
            ("amqp://h", "h", 5672, "/", "guest", "guest"), ("amqp://h:1/", "h", 1, "/", "guest", "guest"),
            ("amqp://u:p%40@h/%2F", "h", 5672, "/", "u", "p@"), ("amqp://u:p@[::1]:9/a%2Fb", "::1", 9, "a/b", "u", "p"),
        ])
    func url(url: String, host: String, port: Int, virtualHost: String, user: String, password: String) throws {
        let endpoint = try RabbitMQEndpoint(url: url)
        #expect(endpoint.host == host && endpoint.port == port && endpoint.virtualHost == virtualHost)
        #expect(endpoint.user == user && endpoint.password == password)
        #expect(!endpoint.description.contains("p@"))
    }

    @Test("Several URLs are several brokers")
    func several() throws {
        let configuration = try RabbitMQConfiguration(urls: "amqp://a:1/, amqp://b:2/")
        #expect(configuration.endpoints.map(\.description) == ["a:1", "b:2"])
    }

    @Test(
        "Others are refused",
        arguments: [
            "", ",", "amqps://h?verify=verify_none", "amqps://h?certfile=a", "amqp://h?cacertfile=a", "http://h",
            "h:5672", "amqp://", "::",
        ])
    func refused(urls: String) {
        #expect(throws: RabbitMQError.self) { try RabbitMQConfiguration(urls: urls) }
    }
}
