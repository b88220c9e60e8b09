/// How much one request may bring and one answer may hold.
package struct HTTPLimits: Sendable, Equatable {
    /// Bytes of a value.
    package var value: Int
    /// Bytes of a batch's body.
    package var batchBody: Int
    package var batchOperations: Int
    /// Bytes of values in one answer: of a batch's gets, of a page of a list or a history.
    package var answerValues: Int

    package init(
        value: Int = 1 << 20, batchBody: Int = 16 << 20, batchOperations: Int = 1_000, answerValues: Int = 16 << 20
    ) {
        self.value = value
        self.batchBody = batchBody
        self.batchOperations = batchOperations
        self.answerValues = answerValues
    }
}
