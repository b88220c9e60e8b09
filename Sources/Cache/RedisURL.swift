import Foundation

/// Where Redis is: `redis://[[user]:password@]host[:port][,host[:port]…][/database]`, or, with Sentinels,
/// `redis-sentinel://[[user]:password@]host[:port][,host[:port]…]/master[/database]`.
///
/// Of several hosts the first that says it is a master is used; Sentinels are asked for the master of that name. User and
/// password are for Redis itself: Sentinels are asked without. The password is percent-encoded where it contains one of
/// `:/@%`; an IPv6 address stands in brackets. The port is 6379 when left out, a Sentinel's 26379.
package struct RedisURL: Sendable, Equatable {
    package struct Host: Sendable, Equatable {
        package var name: String
        package var port: Int

        package init(name: String, port: Int = 6_379) {
            self.name = name
            self.port = port
        }
    }

    /// What is wrong with the text, without the password.
    package struct Invalid: Error, Equatable, CustomStringConvertible {
        package var description: String
    }

    /// At least one: of Redis, or of Sentinel if there is a `masterName`.
    package private(set) var hosts: [Host]
    /// What the Sentinels call the master.
    package private(set) var masterName: String?
    package var user: String?
    package var password: String?
    package var database = 0

    /// The default: `redis://127.0.0.1:6379`.
    package static let local = RedisURL(hosts: [Host(name: "127.0.0.1")])

    private init(hosts: [Host]) { self.hosts = hosts }

    package init(_ text: String) throws(Invalid) {
        let (direct, sentinel) = ("redis://", "redis-sentinel://")
        let asksSentinels = text.hasPrefix(sentinel)
        guard asksSentinels || text.hasPrefix(direct) else {
            throw Invalid(
                description:
                    "a Redis URL begins with redis:// or redis-sentinel://; there is no rediss://, because hiredis as "
                    + "Debian has it is built without TLS: use a private network, or stunnel on this machine and its port"
            )
        }
        var rest = text.dropFirst(asksSentinels ? sentinel.count : direct.count)
        // A password may hold a slash that nobody encoded; hosts don't.
        let authorityEnd = (rest.lastIndex(of: "@") ?? rest.startIndex)
        var path: [Substring] = []
        if let slash = rest[authorityEnd...].firstIndex(of: "/") {
            path = rest[rest.index(after: slash)...].split(separator: "/", omittingEmptySubsequences: false)
            rest = rest[..<slash]
        }
        if asksSentinels {
            guard let name = path.first?.removingPercentEncoding, !name.isEmpty else {
                throw Invalid(description: "a redis-sentinel URL ends with the master's name, such as /tidemark")
            }
            masterName = name
            path.removeFirst()
        }
        if let number = path.first, !number.isEmpty || path.count > 1 {
            guard path.count == 1, let database = Int(number), database >= 0 else {
                throw Invalid(description: "what ends a Redis URL is a database number, such as /0")
            }
            self.database = database
        }
        if let at = rest.lastIndex(of: "@") {
            let parts = rest[..<at].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, let user = parts[0].removingPercentEncoding,
                let password = parts[1].removingPercentEncoding
            else { throw Invalid(description: "before the @ of a Redis URL stands :password or user:password") }
            self.user = user.isEmpty ? nil : user
            self.password = password
            rest = rest[rest.index(after: at)...]
        }
        hosts = []
        for part in rest.split(separator: ",", omittingEmptySubsequences: false) {
            hosts.append(try Self.host(part, port: asksSentinels ? 26_379 : 6_379))
        }
    }

    private static func host(_ text: Substring, port usual: Int) throws(Invalid) -> Host {
        var name = text
        var port = usual
        let portStart: Substring.Index?
        if text.first == "[" {
            guard let bracket = text.firstIndex(of: "]") else {
                throw Invalid(description: "an IPv6 address in a Redis URL ends with ]")
            }
            name = text[text.index(after: text.startIndex)..<bracket]
            let after = text.index(after: bracket)
            portStart = after == text.endIndex ? nil : after
        } else {
            portStart = text.firstIndex(of: ":")
            if let portStart { name = text[..<portStart] }
        }
        if let portStart {
            guard text[portStart] == ":", let number = Int(text[text.index(after: portStart)...]),
                (1...65_535).contains(number)
            else { throw Invalid(description: "a port in a Redis URL is a number from 1 to 65535: \(text)") }
            port = number
        }
        guard !name.isEmpty else { throw Invalid(description: "a Redis URL names at least one host") }
        return Host(name: String(name), port: port)
    }
}
