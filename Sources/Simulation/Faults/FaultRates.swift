/// How likely the faults are that can happen at any moment: zero for the ones that a seed does without.
struct FaultRates: Sendable {
    /// 40001 instead of what was asked for, at the beginning and at the end of a transaction.
    var contention = 0.0
    /// 40003: the database does not know whether the commit took place.
    var ambiguousCommit = 0.0
    var databaseRequestLost = 0.0
    /// What was asked for is done, and nobody hears of it: a lost answer to COMMIT among others.
    var databaseAnswerLost = 0.0
    /// A read that takes seconds: its fill comes late.
    var slowDatabaseReads = 0.0
    var slowRedis = 0.0
    /// Timed out, and carried out later.
    var lateRedis = 0.0
    var lostOutcomes = 0.0
    /// The projector dies when its commit is done.
    var deathAfterCommit = 0.0
    /// The projector dies when the invalidation is done, before the acknowledgement.
    var deathAfterInvalidation = 0.0
}
