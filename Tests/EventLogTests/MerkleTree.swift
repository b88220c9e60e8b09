import Crypto
import Foundation

/// RFC 9162 §2.1.1 word for word, recursion and all: what the frontier is compared with.
enum MerkleTree {
    static func root(_ leaves: ArraySlice<Data>) -> Data {
        switch leaves.count {
        case 0: return Data(SHA256.hash(data: Data()))
        case 1: return Data(SHA256.hash(data: [0x00] + leaves.first!))
        default:
            // The largest power of two less than the number of leaves.
            var split = 1
            while split * 2 < leaves.count { split *= 2 }
            let middle = leaves.startIndex + split
            return Data(SHA256.hash(data: [0x01] + root(leaves[..<middle]) + root(leaves[middle...])))
        }
    }
}

extension Data {
    init(hex: String) {
        self.init()
        var rest = Substring(hex)
        while !rest.isEmpty {
            append(UInt8(rest.prefix(2), radix: 16)!)
            rest = rest.dropFirst(2)
        }
    }

    var hex: String { map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() }
}
