/// The faults that a seed chooses from (swarm testing: each run has some of them, so that the others don't hide what one does).
package enum Fault: String, CaseIterable, Sendable {
    case publisherConnectionLoss, sourceConnectionLoss, brokerFailover, brokerBlocked, fullQueues, missingQueue
    case projectorPause, zombie, projectorDeath, deathAfterCommit, deathAfterInvalidation
    case gatewayDeath, gatewayPause, lostOutcomes
    case contention, ambiguousCommit, databaseLoss, databaseOutage
    case redisFailover, redisEviction, redisEmpty, redisGatewaysOnly, redisOutage, slowRedis, lateRedis, slowReads
    case clockSkew
}
