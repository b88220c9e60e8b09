import Foundation

/// Says in a sentence what is wrong with JSON.
enum JSONFault {
    static func sentence(_ error: any Error) -> String {
        guard let error = error as? DecodingError else { return "\(error)" }
        func place(_ context: DecodingError.Context) -> String {
            let path = context.codingPath.map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue }
            return path.isEmpty ? "" : " at \(path.joined(separator: "."))"
        }
        switch error {
        case .keyNotFound(let key, let context): return "\"\(key.stringValue)\" is missing\(place(context))."
        case .typeMismatch(_, let context), .valueNotFound(_, let context):
            return "wrong type of value\(place(context))."
        case .dataCorrupted(let context):
            return context.underlyingError == nil
                ? "\(context.debugDescription)\(place(context))" : "it is not JSON (\(context.debugDescription))"
        @unknown default: return "\(error)"
        }
    }
}
