/// What a client asks of a change feed.
package struct ChangeRequest: Sendable {
    package enum Start: Sendable, Equatable {
        /// With what is committed next.
        case now
        /// With the first event there ever was.
        case beginning
        case after(FeedPosition)
    }

    package var start: Start
    package var filter: ChangeFilter
    /// Whether the events come with their values.
    package var values: Bool

    /// Asked before each step: whether the client may still see this.
    var isAllowed: @Sendable () -> Bool

    package init(
        start: Start, filter: ChangeFilter, values: Bool = false, isAllowed: @escaping @Sendable () -> Bool = { true }
    ) {
        self.start = start
        self.filter = filter
        self.values = values
        self.isAllowed = isAllowed
    }
}
