package import Foundation
import Glibc

/// A private nginx that spreads requests over gateways on 127.0.0.1.
package struct NginxServer: Server {
    package let processes: [ManagedProcess]
    package let port: Int
    /// A line of JSON for each request.
    package let accessLog: URL

    /// How long an idle connection to a gateway is kept: less than the gateways keep theirs when they end, so that none
    /// closes one just as a request is sent on it.
    package static let idleConnectionTimeout = Duration.seconds(2)

    /// Describes the server; nothing runs yet.
    ///
    /// A request whose gateway went away is sent to another one, also when the first may have got it. So that a write
    /// is then not two commands, each has an idempotency key: the client's, or one of this request. Bodies are read before
    /// they are passed on: otherwise nginx could not send them again, and slow clients would hold gateways.
    ///
    /// - Parameters:
    ///   - spare: ports on which gateways may come and go. Nothing tells nginx of it: it tries each once a second. (A reload
    ///     would close idle connections just as clients send on them, and what is one process can't be reloaded at all.)
    ///   - statusPort: where it tells how many connections and requests it has (`stub_status`).
    package init(
        directory: URL, port: Int? = nil, gatewayPorts: [Int], spare: [Int] = [], name: String = "nginx",
        statusPort: Int? = nil
    ) throws {
        let port = try port ?? FreePort.allocate()
        self.port = port
        accessLog = directory.appendingPathComponent("access.log")
        let executable = try ExecutableFinder.find("nginx", package: "nginx-light")
        let file = directory.appendingPathComponent("nginx.conf")
        let configuration = Self.configuration(directory, port, gatewayPorts, spare: spare, accessLog, statusPort)
        var options = ManagedProcess.Options()
        options.prepare = {
            try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
            try PrivateFile.write(configuration, to: file)
        }
        options.ready = Readiness.listening(port: port)
        // "Graceful": requests under way are answered.
        options.stopSignal = SIGQUIT
        options.grace = .seconds(5)
        processes = [
            ManagedProcess(
                name: name, endpoint: "http://127.0.0.1:\(port)",
                description: ProcessDescription(
                    executable: executable,
                    arguments: ["-p", directory.path, "-c", file.path, "-e", "stderr"],
                    workingDirectory: directory, logFile: directory.appendingPathComponent("nginx.log")),
                options: options)
        ]
    }

    /// One process: a worker would survive a master that got SIGKILL.
    private static func configuration(
        _ directory: URL, _ port: Int, _ gatewayPorts: [Int], spare: [Int], _ accessLog: URL, _ statusPort: Int?
    ) -> String {
        // Never counted as down: on loopback a port where nobody listens refuses at once, and a gateway that is back is
        // found by the next request. Across machines, use max_fails=1 with a fail_timeout shorter than a restart.
        let gateways =
            gatewayPorts.map { "server 127.0.0.1:\($0) max_fails=0;" }
            + spare.map { "server 127.0.0.1:\($0) max_fails=1 fail_timeout=1s;" }
        // That nobody listens on a spare port is no error.
        let severity = spare.isEmpty ? "warn" : "crit"
        let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map { "\($0)_temp_path \(directory.appendingPathComponent("temporary-\($0)").path);" }
        let status = statusPort.map { "server { listen 127.0.0.1:\($0); stub_status; }" } ?? ""
        return """
            daemon off;
            master_process off;
            pid \(directory.appendingPathComponent("nginx-own.pid").path);
            error_log stderr \(severity);
            events { worker_connections 4096; }
            http {
                \(text(PackageResources.trace_conf, indentedBy: 4))
                access_log \(accessLog.path) tidemark;
                \(temporary.joined(separator: "\n    "))
                client_max_body_size 64m;
                client_body_buffer_size 1100k;
                \(text(PackageResources.command_key_conf, indentedBy: 4))
                upstream gateways {
                    \(gateways.joined(separator: "\n        "))
                    keepalive 64;
                    keepalive_timeout \(idleConnectionTimeout.components.seconds)s;
                }
                \(status)
                server {
                    listen 127.0.0.1:\(port);
                    location / {
                        proxy_pass http://gateways;
                        proxy_http_version 1.1;
                        proxy_set_header Connection "";
                        proxy_set_header Host $http_host;
                        proxy_set_header Idempotency-Key $command_key;
                        \(text(PackageResources.trace_headers_conf, indentedBy: 12))
                        proxy_buffering off;
                        proxy_connect_timeout 2s;
                        proxy_read_timeout 120s;
                        proxy_next_upstream error timeout non_idempotent;
                    }
                    error_page 413 @too-large;
                    location @too-large {
                        default_type application/problem+json;
                        return 413 '{"type":"/problems/body-too-large","title":"The request body is too large","status":413,"detail":"At most 67108864 bytes are accepted.","limit":67108864}';
                    }
                }
            }

            """
    }

    private static func text(_ file: [UInt8], indentedBy depth: Int) -> String {
        String(decoding: file, as: UTF8.self)
            .replacing("\n", with: "\n" + String(repeating: " ", count: depth))
    }
}
