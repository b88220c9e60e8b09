extension Call: CustomStringConvertible {
    /// A line for people: `12.031–12.044 ms  process 3, gateway 1: put "3.17" if version 8 → applied, version 9`.
    package var description: String {
        let end = completed.map { Self.milliseconds($0) } ?? "…"
        let session = session.map { ", session \($0)" } ?? ""
        return "#\(id)  \(Self.milliseconds(invoked))–\(end) ms  process \(process), gateway \(gateway)\(session): "
            + "\(request) → \(answer)"
    }

    private static func milliseconds(_ nanoseconds: Int64) -> String {
        let micros = nanoseconds / 1_000
        let fraction = String(micros % 1_000)
        return "\(micros / 1_000)." + String(repeating: "0", count: 3 - fraction.count) + fraction
    }
}

extension Request: CustomStringConvertible {
    package var description: String {
        switch self {
        case .get(let level): "get (\(level.rawValue))"
        case .put(let value, let condition): "put \(Self.short(value))\(condition.text)"
        case .delete(let condition): "delete\(condition.text)"
        }
    }

    /// Lists grow; their end tells them apart.
    static func short(_ value: String) -> String {
        value.count <= 40 ? "\"\(value)\"" : "\"…\(value.suffix(38))\""
    }
}

extension Condition {
    fileprivate var text: String {
        switch self {
        case .none: ""
        case .exists: " if it exists"
        case .absent: " if absent"
        case .version(let version): " if version \(version)"
        }
    }
}

extension Answer: CustomStringConvertible {
    package var description: String {
        switch self {
        case .value(let value, let version): "\(Request.short(value)), version \(version)"
        case .absent: "absent"
        case .accepted: "accepted (202)"
        case .applied(let effect, let version, _): effect.rawValue + (version.map { ", version \($0)" } ?? "")
        case .rejected(let current, _):
            "precondition failed (412), " + (current.map { "the key had version \($0)" } ?? "the key had no value")
        case .refused(let problem): "refused (\(problem))"
        case .unknown(let problem, _): "unknown (\(problem))"
        }
    }
}
