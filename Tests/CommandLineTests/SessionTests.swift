import Synchronization
import Testing

@testable import TidemarkClient

@Suite struct SessionTests {
    @Test("Calls in one session never overlap, and none is forgotten")
    func oneAtATime() async {
        let session = Session()
        let meter = Meter()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<200 {
                group.addTask {
                    await session.enter()
                    meter.enter()
                    let count = Int(session.token ?? "0") ?? 0
                    await Task.yield()
                    session.advance(to: String(count + 1))
                    meter.leave()
                    session.leave()
                }
            }
        }
        #expect(meter.most == 1)
        #expect(session.token == "200")
    }

    /// Counts how many are inside at once.
    private final class Meter: Sendable {
        private let state = Mutex((inside: 0, most: 0))

        var most: Int { state.withLock { $0.most } }

        func enter() {
            state.withLock { state in
                state.inside += 1
                state.most = max(state.most, state.inside)
            }
        }

        func leave() { state.withLock { $0.inside -= 1 } }
    }
}
