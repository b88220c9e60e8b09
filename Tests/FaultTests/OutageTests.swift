import History
import Testing

@Suite("How long a client was without an answer")
struct OutageTests {
    private static let seen = Answer.value("v", version: 1)
    private static let refused = Answer.refused(problem: "queue-full")

    /// A call a second, each answered at once.
    private func calls(_ answers: [Answer], process: Int = 0) -> [Call] {
        answers.enumerated().map { second, answer in
            let time = Int64(second) * 1_000_000_000
            return Call(
                id: second, process: process, session: nil, workload: .asynchronous, gateway: 0, key: "k",
                request: .get(.eventual), invoked: time, completed: time, answer: answer)
        }
    }

    @Test(
        "It is the longest time between two answers, the beginning and the end included",
        arguments: [
            ([seen, seen, seen], 1), ([seen, refused, refused, seen, refused, seen], 3), ([refused, refused, seen], 2),
            ([seen, refused, refused, refused], 3), ([refused, refused], 1), ([], 0),
        ])
    func longest(answers: [Answer], seconds: Int) {
        #expect(Outage.longest(of: [0], in: calls(answers)) == .seconds(seconds))
    }

    @Test("Each client counts by itself: what others are answered is no help to it")
    func each() {
        let both = calls([Self.seen, Self.seen, Self.seen]) + calls([Self.seen, Self.refused, Self.seen], process: 1)
        #expect(Outage.longest(of: [0, 1], in: both) == .seconds(2))
        #expect(Outage.longest(of: [0], in: both) == .seconds(1))
    }
}
