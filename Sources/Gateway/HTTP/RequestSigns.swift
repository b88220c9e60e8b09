import Commands
import HTTPTypes
import Hummingbird

/// What is known of every request before its call looks at it, read in one pass over the headers. A header that isn't ours
/// costs the comparison of its length.
struct RequestSigns: Sendable {
    /// Whether the client is ready to wait for more than an answer.
    private(set) var waits: Bool
    private(set) var trace: TraceParent?
    /// What whoever sent the request calls it.
    private(set) var requestID: String?

    init(_ request: Request) {
        waits = request.head.path?.hasPrefix("/v1/session") == true
        var hasTrace = false
        for field in request.headers {
            let name = field.name.canonicalName
            switch name.utf8.count {
            case 6 where name == "prefer":
                waits = waits || field.value.contains("wait")
            case 11 where name == "traceparent":
                // Two of them contradict each other: then there is none.
                trace = hasTrace ? nil : TraceParent(field.value)
                hasTrace = true
            case 12 where name == "x-request-id":
                requestID = Self.isRequestID(field.value) ? field.value : nil
            case 20 where name == "tidemark-consistency":
                waits = waits || field.value.lowercased() == "linearizable"
            default: break
            }
        }
    }

    /// Up to 128 characters that need no quoting anywhere.
    static func isRequestID(_ text: String) -> Bool {
        (1...128).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: true
                case UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: ":"), UInt8(ascii: "+"),
                    UInt8(ascii: "/"), UInt8(ascii: "="):
                    true
                default: false
                }
            }
    }
}
