import CLibPQ

/// The hosts of a connection string, to be tried one by one: a libpq that is driven step by step would stay with the first.
struct ConnectionTarget {
    typealias Keyword = (name: String, value: String)

    /// Of each host what overrides the connection string's lists. One without overrides stands for a string that libpq
    /// refuses or that names none: then it falls back on the environment.
    private(set) var hosts: [[Keyword]] = [[]]
    /// Settings that the connection string asks for itself.
    private(set) var options = ""

    init(_ connectionString: String) {
        guard let parsed = PQconninfoParse(connectionString, nil) else { return }
        defer { PQconninfoFree(parsed) }
        var lists: [String: [String]] = [:]
        var option = parsed
        while let keyword = option.pointee.keyword {
            if let value = option.pointee.val {
                switch String(cString: keyword) {
                case "options": options = String(cString: value)
                case let name where ["host", "hostaddr", "port"].contains(name):
                    lists[name] = String(cString: value).split(separator: ",", omittingEmptySubsequences: false)
                        .map(String.init)
                default: break
                }
            }
            option += 1
        }
        let count = max(lists["host"]?.count ?? 0, lists["hostaddr"]?.count ?? 0)
        // libpq wants the lists to be of one length, or one port for all, and says so when it gets the whole string.
        guard count > 1, lists.allSatisfy({ $1.count == count || ($0 == "port" && $1.count == 1) }) else { return }
        hosts = (0..<count).map { index in
            lists.map { name, values in (name, values[min(index, values.count - 1)]) }
        }
    }
}
