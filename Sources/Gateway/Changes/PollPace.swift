/// How long to wait before the log is asked again: shortly while it moves, ever longer while it rests.
struct PollPace {
    static let shortest = Duration.milliseconds(25)
    static let longest = Duration.milliseconds(200)
    /// When the database can't be asked.
    static let trouble = Duration.seconds(1)

    private var pause = shortest

    /// - Parameter moved: whether there was something new; `nil` when it could not be asked.
    mutating func next(moved: Bool?) -> Duration {
        guard let moved else { return Self.trouble }
        pause = moved ? Self.shortest : min(pause * 2, Self.longest)
        return pause
    }
}
