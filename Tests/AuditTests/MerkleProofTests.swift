import Audit
import Crypto
import EventLog
import Foundation
import Testing

/// RFC 9162 §2.1, word for word and with recursion: what ranges and loops are compared with.
private enum Naive {
    static func split(_ count: Int) -> Int {
        var power = 1
        while power * 2 < count { power *= 2 }
        return power
    }

    static func root(_ leaves: ArraySlice<MerkleHash>) -> MerkleHash {
        if leaves.isEmpty { return MerkleHash(Data(SHA256.hash(data: Data())))! }
        if leaves.count == 1 { return leaves.first! }
        let middle = leaves.startIndex + split(leaves.count)
        return .node(root(leaves[..<middle]), root(leaves[middle...]))
    }

    static func path(_ index: Int, _ leaves: ArraySlice<MerkleHash>) -> [MerkleHash] {
        if leaves.count == 1 { return [] }
        let k = split(leaves.count)
        let middle = leaves.startIndex + k
        return index < k
            ? path(index, leaves[..<middle]) + [root(leaves[middle...])]
            : path(index - k, leaves[middle...]) + [root(leaves[..<middle])]
    }

    static func subproof(_ old: Int, _ leaves: ArraySlice<MerkleHash>, _ whole: Bool) -> [MerkleHash] {
        if old == leaves.count { return whole ? [] : [root(leaves)] }
        let k = split(leaves.count)
        let middle = leaves.startIndex + k
        return old <= k
            ? subproof(old, leaves[..<middle], whole) + [root(leaves[middle...])]
            : subproof(old - k, leaves[middle...], false) + [root(leaves[..<middle])]
    }
}

@Suite("Proofs of RFC 9162")
struct MerkleProofTests {
    private static let leaves = (0..<70).map { number in
        withUnsafeBytes(of: UInt64(number).bigEndian) { MerkleHash.leaf($0) }
    }

    private static func head(_ size: Int) -> TreeHead {
        TreeHead(size: UInt64(size), root: Naive.root(leaves[..<size]))
    }

    private static func roots(_ ranges: [Range<UInt64>], _ size: Int) -> [MerkleHash]? {
        var roots = SubtreeRoots(ranges)
        for leaf in leaves[..<size] { roots.add(leaf) }
        return roots.roots
    }

    @Test("Every inclusion proof, in trees of every size up to 70, is the RFC's and holds for its leaf alone")
    func inclusion() {
        for size in 1...70 {
            let head = Self.head(size)
            for index in 0..<size {
                let proof = Self.roots(MerkleProof.inclusion(of: UInt64(index), in: UInt64(size)), size)
                #expect(proof == Naive.path(index, Self.leaves[..<size]), "\(index) of \(size)")
                func holds(_ leaf: Int, at place: Int) -> Bool {
                    MerkleProof.includes(Self.leaves[leaf], at: UInt64(place), in: head, proof: proof ?? [])
                }
                #expect(holds(index, at: index))
                for other in 0..<size where other != index {
                    #expect(!holds(other, at: index) && !holds(index, at: other))
                }
            }
        }
    }

    @Test("Every consistency proof up to size 70 is the RFC's, and holds for no other tree")
    func consistency() {
        for size in 1...70 {
            for old in 1...size {
                let proof = Self.roots(MerkleProof.consistency(from: UInt64(old), to: UInt64(size)), size)
                #expect(proof == Naive.subproof(old, Self.leaves[..<size], true), "\(old) of \(size)")
                #expect(MerkleProof.isConsistent(Self.head(old), with: Self.head(size), proof: proof ?? []))
                let other = TreeHead(size: UInt64(old), root: Self.leaves[69])
                #expect(
                    !MerkleProof.isConsistent(other, with: Self.head(size), proof: proof ?? [])
                        || size == 70 && old == 70)
                #expect(
                    size == old
                        || !MerkleProof.isConsistent(
                            Self.head(old), with: TreeHead(size: UInt64(size), root: Self.leaves[0]), proof: proof ?? []
                        ))
            }
        }
    }

    @Test("Hashes left out, added or changed make no proof")
    func damaged() {
        let (index, size) = (20, 45)
        let head = Self.head(size)
        let proof = Naive.path(index, Self.leaves[..<size])
        func holds(_ proof: [MerkleHash]) -> Bool {
            MerkleProof.includes(Self.leaves[index], at: UInt64(index), in: head, proof: proof)
        }
        #expect(holds(proof))
        #expect(!holds(proof.dropLast()) && !holds(Array(proof.dropFirst())) && !holds(proof + [Self.leaves[0]]))
        for place in proof.indices {
            var changed = proof
            changed[place] = Self.leaves[1]
            #expect(!holds(changed))
        }
        #expect(!MerkleProof.includes(Self.leaves[index], at: UInt64(size), in: head, proof: proof))
    }

    /// Of Certificate Transparency's reference implementation.
    @Test("The known tree of eight leaves has its known root")
    func knownRoot() {
        let inputs: [[UInt8]] = [
            [], [0x00], [0x10], [0x20, 0x21], [0x30, 0x31], [0x40, 0x41, 0x42, 0x43],
            [0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57], Array(0x60...0x6f),
        ]
        let leaves = inputs.map { $0.withUnsafeBytes { MerkleHash.leaf($0) } }
        let hex = Naive.root(leaves[...]).data.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        #expect(hex == "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328")
    }
}
