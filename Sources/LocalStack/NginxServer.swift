package import Foundation
import Glibc

/// A private nginx that spreads requests over gateways on 127.0.0.1.
package struct NginxServer: Server {
    package let processes: [ManagedProcess]
    package let port: Int

    /// Describes the server; nothing runs yet. A request is tried on another gateway only when it did not reach the
    /// first one or can be repeated without harm; bodies and answers pass without being buffered to disk.
    package init(directory: URL, port: Int? = nil, gatewayPorts: [Int], name: String = "nginx") throws {
        let port = try port ?? FreePort.allocate()
        self.port = port
        let executable = try ExecutableFinder.find("nginx", package: "nginx-light")
        let file = directory.appendingPathComponent("nginx.conf")
        let configuration = Self.configuration(directory, port, gatewayPorts)
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
    private static func configuration(_ directory: URL, _ port: Int, _ gatewayPorts: [Int]) -> String {
        let gateways = gatewayPorts.map { "server 127.0.0.1:\($0) max_fails=1 fail_timeout=2s;" }
        let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map { "\($0)_temp_path \(directory.appendingPathComponent("temporary-\($0)").path);" }
        return """
            daemon off;
            master_process off;
            pid \(directory.appendingPathComponent("nginx-own.pid").path);
            error_log stderr warn;
            events { worker_connections 4096; }
            http {
                access_log off;
                \(temporary.joined(separator: "\n    "))
                client_max_body_size 0;
                upstream gateways {
                    \(gateways.joined(separator: "\n        "))
                    keepalive 64;
                }
                server {
                    listen 127.0.0.1:\(port);
                    location / {
                        proxy_pass http://gateways;
                        proxy_http_version 1.1;
                        proxy_set_header Connection "";
                        proxy_set_header Host $http_host;
                        proxy_request_buffering off;
                        proxy_buffering off;
                        proxy_read_timeout 120s;
                        proxy_next_upstream error timeout;
                    }
                }
            }

            """
    }
}
