/// What a fold gathers, with how many events it has seen: told now and then, since a count that threads share is dear.
struct Counted<State: Sendable>: Sendable {
    var state: State
    private var count: UInt64 = 0

    private static var stride: UInt64 { 1_024 }

    init(_ state: State) { self.state = state }

    mutating func count(_ tell: (UInt64) -> Void) {
        count += 1
        if count % Self.stride == 0 { tell(Self.stride) }
    }

    /// At the end.
    func tellRest(_ tell: (UInt64) -> Void) { tell(count % Self.stride) }
}
