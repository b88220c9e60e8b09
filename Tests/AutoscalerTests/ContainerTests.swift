import Foundation
import Testing

@testable import Autoscaler

@Suite("Containers of a Compose service")
struct ContainerTests {
    private static let id = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

    private func container(
        name: String = "stack_gateway_1", state: String = #"{"Status": "running", "Health": {"Status": "healthy"}}"#
    ) throws -> Container {
        let text = """
            {"Id": "\(Self.id)", "Name": "/\(name)", "Image": "sha256:feed", "State": \(state),
             "Config": {"Hostname": "0123456789ab", "Image": "tidemark:latest", "Env": ["A=b"], "Cmd": ["gateway"],
                        "Healthcheck": {"Test": ["CMD", "true"], "Interval": 5000000000}, "OpenStdin": false,
                        "Labels": {"com.docker.compose.project": "stack", "com.docker.compose.service": "gateway",
                                   "com.docker.compose.container-number": "1", "com.docker.compose.config-hash": "h"}},
             "HostConfig": {"NetworkMode": "stack_front", "Memory": 1073741824, "CpuPeriod": 0, "Binds": ["/a:/b:ro"],
                            "MemorySwappiness": null, "RestartPolicy": {"Name": "unless-stopped", "MaximumRetryCount": 0}},
             "NetworkSettings": {"Networks": {
                "stack_back": {"Aliases": ["gateway", "0123456789ab"], "IPAddress": "10.0.1.2", "IPAMConfig": null},
                "stack_front": {"Aliases": ["gateway", "stack_gateway_1"], "IPAddress": "10.0.2.2"}}}}
            """
        return Container(description: try JSONDecoder().decode(JSONValue.self, from: Data(text.utf8)))
    }

    @Test("A copy is the same but for its name, its number and its addresses")
    func copy() throws {
        let copy = try container().copy(number: 3)
        #expect(copy.name == "stack_gateway_3")
        let expected = """
            {"Hostname": "", "Image": "sha256:feed", "Env": ["A=b"], "Cmd": ["gateway"], "OpenStdin": false,
             "Healthcheck": {"Test": ["CMD", "true"], "Interval": 5000000000},
             "Labels": {"com.docker.compose.project": "stack", "com.docker.compose.service": "gateway",
                        "com.docker.compose.container-number": "3", "com.docker.compose.config-hash": "h"},
             "HostConfig": {"NetworkMode": "stack_front", "Memory": 1073741824, "CpuPeriod": 0, "Binds": ["/a:/b:ro"],
                            "MemorySwappiness": null, "RestartPolicy": {"Name": "unless-stopped", "MaximumRetryCount": 0}},
             "NetworkingConfig": {"EndpointsConfig": {"stack_front": {"Aliases": ["gateway"]}}}}
            """
        #expect(copy.body == (try JSONDecoder().decode(JSONValue.self, from: Data(expected.utf8))))
        #expect(copy.furtherNetworks.map(\.key) == ["stack_back"])
        #expect(copy.furtherNetworks.map(\.value) == [.object(["Aliases": .array([.string("gateway")])])])
    }

    @Test(
        "Names follow the one that is copied",
        arguments: [
            ("stack-gateway-1", "stack-gateway-12"), ("stack_gateway_1", "stack_gateway_12"), ("mine", "mine-12"),
        ])
    func names(name: String, copy: String) throws {
        #expect(try container(name: name).copy(number: 12).name == copy)
    }

    @Test(
        "What the engine calls a state, and what it is to us",
        arguments: [
            (#"{"Status": "running", "Health": {"Status": "healthy"}}"#, .ready), (#"{"Status": "running"}"#, .ready),
            (#"{"Status": "running", "Health": {"Status": "starting"}}"#, .starting),
            (#"{"Status": "running", "Health": {"Status": "unhealthy"}}"#, .unwell),
            (#"{"Status": "paused"}"#, .unwell),
            (#"{"Status": "created"}"#, .starting), (#"{"Status": "restarting"}"#, .starting),
            (#"{"Status": "exited"}"#, nil), (#"{"Status": "dead"}"#, nil),
        ] as [(String, Instance.State?)])
    func states(text: String, state: Instance.State?) throws {
        #expect(try container(state: text).state == state)
    }

    @Test("Who serves stays before who does not; then the lower number")
    func leaving() throws {
        func container(_ number: Int, _ state: String) throws -> Container {
            let text =
                #"{"State": {"Status": "\#(state)"}, "Config": {"Labels": {"com.docker.compose.container-number": "\#(number)"}}}"#
            return Container(description: try JSONDecoder().decode(JSONValue.self, from: Data(text.utf8)))
        }
        let order = try [
            container(3, "running"), container(1, "paused"), container(2, "restarting"), container(4, "running"),
        ]
        .sorted(by: Container.leavesLater)
        #expect(order.map(\.number) == [3, 4, 1, 2])
    }

    @Test("Its address is one on a network that we share, if there is one")
    func address() throws {
        #expect(try container().address(on: ["stack_front"]) == "10.0.2.2")
        #expect(try container().address(on: []) == "10.0.1.2")
    }
}
