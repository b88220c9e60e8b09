import Foundation
import Testing

@testable import Autoscaler

/// What docs/autoscaling.md shows is what the simulator says; `make autoscaling` writes it anew.
@Suite("docs/autoscaling.md")
struct AutoscalingDocumentTests {
    private static let docs = URL(filePath: #filePath).appending(path: "../../../../docs").standardized

    @Test("Its tables and pictures are the simulator's", arguments: Trace.builtIn)
    func current(trace: Trace) throws {
        let comparison = Comparison(trace)
        let document = try String(contentsOf: Self.docs.appending(path: "autoscaling.md"), encoding: .utf8)
        #expect(document.contains(comparison.markdown))
        let picture = try String(
            contentsOf: Self.docs.appending(path: "images/autoscaling-\(trace.name).svg"), encoding: .utf8)
        #expect(picture == Chart(comparison, of: [.tidemark, .cpu]).svg)
    }
}
