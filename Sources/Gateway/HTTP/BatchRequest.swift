import Access
import Commands
import Foundation

/// The body of `POST /v1/batch`, read strictly.
///
/// What shows that the sender means something else (no list of operations, an unknown field) refuses the whole batch.
/// What is wrong with one operation's values is that operation's result, and the others go on.
struct BatchRequest: Sendable {
    enum Operation: Sendable {
        case write(Command.Operation, Key, Precondition, timeToLive: Duration?, idempotencyKey: String?)
        case get(Key)

        /// What the one who sends it must be allowed to do.
        var demand: (Verb, Key) {
            switch self {
            case .write(.delete, let key, _, _, _): (.delete, key)
            case .write(_, let key, _, _, _): (.write, key)
            case .get(let key): (.read, key)
            }
        }
    }

    var operations: [Result<Operation, Problem>]

    /// - Throws: `Problem`.
    init(json: Data, limits: HTTPLimits) throws(Problem) {
        let decoder = JSONDecoder()
        let body: Body
        do {
            body = try decoder.decode(Body.self, from: json)
        } catch let problem as Problem {
            throw problem
        } catch DecodingError.dataCorrupted {
            throw Problem(.invalidBody, "The body is not valid JSON.")
        } catch {
            throw Problem(.invalidBody, "The body is not an object with a list \"operations\".")
        }
        guard body.operations.count <= limits.batchOperations else {
            throw Problem(
                .invalidBody, "A batch has at most \(limits.batchOperations) operations, not \(body.operations.count).",
                .limit(limits.batchOperations))
        }
        operations = body.operations.map { fields in
            Result { () throws(Problem) in try Operation(fields, limits: limits) }
        }
    }

    private struct Body: Decodable {
        var operations: [Fields]

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: FieldName.self)
            if let unknown = container.allKeys.first(where: { $0.stringValue != "operations" }) {
                throw Problem(.invalidBody, "Unknown field \"\(unknown.stringValue)\" beside \"operations\".")
            }
            var list = try container.nestedUnkeyedContainer(forKey: FieldName("operations"))
            operations = []
            while !list.isAtEnd {
                let index = operations.count
                guard let fields = try? list.nestedContainer(keyedBy: FieldName.self) else {
                    throw Problem(.invalidBody, "Operation \(index) is not an object.", .index(index))
                }
                operations.append(try Fields(fields, index: index))
            }
        }
    }

    fileprivate struct FieldName: CodingKey {
        var stringValue: String
        var intValue: Int? { nil }

        init(_ name: String) { stringValue = name }
        init?(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    /// One operation as it came: each field's value, or that it has another type.
    fileprivate struct Fields {
        private enum Field {
            case text(String)
            case number(Int)
            case other
        }

        private static let names: Set = [
            "op", "key", "value", "value_base64", "content_type", "if_match", "if_none_match", "ttl", "idempotency_key",
        ]

        private var fields: [String: Field] = [:]

        init(_ container: KeyedDecodingContainer<FieldName>, index: Int) throws {
            for name in container.allKeys {
                guard Self.names.contains(name.stringValue) else {
                    throw Problem(
                        .invalidBody,
                        "Operation \(index) has the unknown field \"\(name.stringValue)\"; there are "
                            + Self.names.sorted().joined(separator: ", ") + ".",
                        .index(index))
                }
                if try container.decodeNil(forKey: name) { continue }
                if let text = try? container.decode(String.self, forKey: name) {
                    fields[name.stringValue] = .text(text)
                } else if let number = try? container.decode(Int.self, forKey: name) {
                    fields[name.stringValue] = .number(number)
                } else {
                    fields[name.stringValue] = .other
                }
            }
        }

        func text(_ name: String) throws(Problem) -> String? {
            switch fields[name] {
            case nil: return nil
            case .text(let text): return text
            case .number, .other: throw .field(name, "a string")
            }
        }

        func integer(_ name: String) throws(Problem) -> Int? {
            switch fields[name] {
            case nil: return nil
            case .number(let number): return number
            case .text, .other: throw .field(name, "a whole number")
            }
        }

        /// As in the header, or a bare version.
        func condition(_ name: String) throws(Problem) -> EntityTagCondition? {
            switch fields[name] {
            case nil: return nil
            case .number(let version):
                guard version >= 0 else { throw .field(name, "a version is not negative") }
                return .tags([EntityTag(isWeak: false, opaque: String(version))])
            case .text(let text):
                if UInt64(text) != nil { return .tags([EntityTag(isWeak: false, opaque: text)]) }
                do {
                    return try EntityTagCondition(text)
                } catch {
                    throw .field(name, error.detail)
                }
            case .other: throw .field(name, "a version, \"*\", or entity tags as in the header")
            }
        }

        func has(_ name: String) -> Bool { fields[name] != nil }
    }
}

extension BatchRequest.Operation {
    fileprivate init(_ fields: BatchRequest.Fields, limits: HTTPLimits) throws(Problem) {
        guard let op = try fields.text("op") else { throw .field("op", "missing; put, delete or get") }
        guard let text = try fields.text("key") else { throw .field("key", "missing") }
        let key = try Key(checked: text)
        switch op {
        case "get":
            try fields.allow(["op", "key"], in: op)
            self = .get(key)
        case "delete":
            try fields.allow(["op", "key", "if_match", "if_none_match", "idempotency_key"], in: op)
            self = .write(
                .delete, key, try fields.precondition(), timeToLive: nil, idempotencyKey: try fields.idempotencyKey())
        case "put":
            let content = Content(value: try fields.value(limit: limits.value), type: try fields.contentType())
            self = .write(
                .put(content), key, try fields.precondition(), timeToLive: try fields.timeToLive(),
                idempotencyKey: try fields.idempotencyKey())
        default: throw .field("op", "put, delete or get")
        }
    }
}

extension BatchRequest.Fields {
    fileprivate func allow(_ names: Set<String>, in op: String) throws(Problem) {
        let others = ["value", "value_base64", "content_type", "ttl", "if_match", "if_none_match", "idempotency_key"]
        if let name = others.first(where: { has($0) && !names.contains($0) }) {
            throw .field(name, "has no meaning in a \(op)")
        }
    }

    fileprivate func value(limit: Int) throws(Problem) -> Data {
        let bytes: Data
        switch (try text("value"), try text("value_base64")) {
        case (let text?, nil): bytes = Data(text.utf8)
        case (nil, let base64?):
            guard let decoded = Data(base64Encoded: base64) else {
                throw .field("value_base64", "not base64 (RFC 4648 §4, with padding)")
            }
            bytes = decoded
        case (nil, nil): throw .field("value", "missing; a put has value or value_base64")
        case (_?, _?): throw .field("value_base64", "not together with value; send one of them")
        }
        guard bytes.count <= limit else {
            throw Problem(
                .valueTooLarge, "The value has \(bytes.count) bytes; at most \(limit) are accepted.", .limit(limit))
        }
        return bytes
    }

    fileprivate func contentType() throws(Problem) -> String {
        guard let type = try text("content_type"), !type.isEmpty else { return Content.defaultType }
        guard type.utf8.count <= RequestHeaders.maximumContentTypeBytes,
            type.utf8.allSatisfy({ (0x20...0x7e).contains($0) })
        else {
            throw .field(
                "content_type", "printable ASCII, at most \(RequestHeaders.maximumContentTypeBytes) characters")
        }
        return type
    }

    fileprivate func precondition() throws(Problem) -> Precondition {
        try Precondition(ifMatch: try condition("if_match"), ifNoneMatch: try condition("if_none_match")) {
            header, detail in
            .field(header == "If-Match" ? "if_match" : "if_none_match", detail)
        }
    }

    fileprivate func timeToLive() throws(Problem) -> Duration? {
        guard let seconds = try integer("ttl") else { return nil }
        guard (1...RequestHeaders.longestTimeToLive).contains(seconds) else {
            throw .field("ttl", "seconds, 1 to \(RequestHeaders.longestTimeToLive) (10 years)")
        }
        return .seconds(seconds)
    }

    fileprivate func idempotencyKey() throws(Problem) -> String? {
        guard let text = try text("idempotency_key") else { return nil }
        guard (1...IdempotencyKey.maximumCharacters).contains(text.unicodeScalars.count) else {
            throw .field("idempotency_key", "1 to \(IdempotencyKey.maximumCharacters) characters")
        }
        return text
    }
}

extension Problem {
    fileprivate static func field(_ name: String, _ detail: String) -> Problem {
        Problem(.invalidBody, "\(name): \(detail)", .parameter(name))
    }
}
