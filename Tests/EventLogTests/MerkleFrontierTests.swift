import EventLog
import Foundation
import Testing

@Suite("The Merkle tree's right edge")
struct MerkleFrontierTests {
    private static let inputs = [
        "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
    ]
    /// The test vectors of Certificate Transparency's reference implementation: roots of the first n inputs.
    private static let roots = [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ]

    @Test("Roots are those of the published vectors", arguments: 0...8)
    func published(size: Int) {
        let leaves = Self.inputs.prefix(size).map { Data(hex: $0) }
        var frontier = MerkleFrontier()
        for leaf in leaves { frontier.append(leafHash: MerkleFrontier.leaf(leaf)) }
        #expect(frontier.root.hex == Self.roots[size])
        #expect(MerkleTree.root(leaves[...]).hex == Self.roots[size])
    }

    @Test("Every size to 130 has the root of the recursive definition, also after a way through the database")
    func recursive() throws {
        var frontier = MerkleFrontier()
        var leaves: [Data] = []
        for size in 1...130 {
            leaves.append(Data("leaf \(size)".utf8))
            frontier.append(leafHash: MerkleFrontier.leaf(leaves[size - 1]))
            #expect(frontier.root == MerkleTree.root(leaves[...]))
            #expect(frontier.encoded.count == size.nonzeroBitCount * 32)
            // A slice, whose indices don't begin at zero.
            let encoded = (Data([0]) + frontier.encoded).dropFirst()
            let stored = try #require(MerkleFrontier(size: UInt64(size), encoded: encoded))
            #expect(stored == frontier)
            frontier = stored
        }
    }

    @Test("An edge that does not fit its size is refused", arguments: [(1, 0), (3, 32), (4, 64), (0, 32), (1, 31)])
    func misfit(size: UInt64, bytes: Int) {
        #expect(MerkleFrontier(size: size, encoded: Data(count: bytes)) == nil)
    }
}
