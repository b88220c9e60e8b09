/// Every script that runs in Redis. Epochs and sequences are compared as texts: Lua's numbers lose digits past 2^53.
package enum Scripts {
    static let all = [fill, remove, advance, renew, establish]

    /// Stores the entry ARGV[2] for ARGV[3] milliseconds in the slot KEYS[1] if it still holds the lease ARGV[1].
    package static let fill = RedisScript(
        """
        if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
        redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
        return 1
        """)

    /// Deletes KEYS[1] if it holds ARGV[1].
    package static let remove = RedisScript(
        """
        if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
        return redis.call('DEL', KEYS[1])
        """)

    /// KEYS: vector, heartbeat, entries. ARGV: from (epoch, incarnation, sequence), to (epoch, sequence), heartbeat's life in
    /// milliseconds, 1 to replace the origins, then origins and their n in turn.
    package static let advance = RedisScript(
        stand + """
            local held = stand(KEYS[1], ARGV[4])
            if held == 'fenced' then return {'fenced'} end
            for first = 3, #KEYS, 1000 do
                redis.call('UNLINK', unpack(KEYS, first, math.min(first + 999, #KEYS)))
            end
            if not held or held[1] ~= ARGV[1] or held[2] ~= ARGV[2] or held[3] ~= ARGV[3] then
                return elsewhere(KEYS[2], held)
            end
            if ARGV[7] == '1' then
                redis.call('DEL', KEYS[1])
                redis.call('HSET', KEYS[1], 'i', ARGV[2])
            end
            redis.call('HSET', KEYS[1], 'e', ARGV[4], 's', ARGV[5])
            set_origins(KEYS[1], 8)
            redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[6])
            return {'done'}
            """)

    /// KEYS: vector, heartbeat. ARGV: epoch, incarnation, sequence, heartbeat's life in milliseconds.
    package static let renew = RedisScript(
        stand + """
            local held = stand(KEYS[1], ARGV[1])
            if held == 'fenced' then return {'fenced'} end
            if not held or held[1] ~= ARGV[1] or held[2] ~= ARGV[2] or held[3] ~= ARGV[3] then
                return elsewhere(KEYS[2], held)
            end
            redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[4])
            return {'done'}
            """)

    /// KEYS: vector, heartbeat. ARGV: epoch, incarnation, sequence, heartbeat's life in milliseconds, then origins and their n
    /// in turn.
    package static let establish = RedisScript(
        stand + """
            if stand(KEYS[1], ARGV[1]) == 'fenced' then return {'fenced'} end
            redis.call('DEL', KEYS[1])
            redis.call('HSET', KEYS[1], 'e', ARGV[1], 'i', ARGV[2], 's', ARGV[3])
            set_origins(KEYS[1], 5)
            redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[4])
            return {'done'}
            """)

    /// `stand`: the epoch, incarnation and sequence in a vector, nil when it lacks one, or 'fenced' when its epoch is newer.
    /// Redis' Lua unpacks no more than about 8,000 values at once, hence the chunks.
    private static let stand = """
        local function newer(a, b)
            if #a ~= #b then return #a > #b end
            return a > b
        end
        local function stand(vector, epoch)
            local held = redis.call('HMGET', vector, 'e', 'i', 's')
            if held[1] and newer(held[1], epoch) then return 'fenced' end
            if held[1] and held[2] and held[3] then return held end
            return nil
        end
        local function elsewhere(heartbeat, held)
            redis.call('DEL', heartbeat)
            if held then return {'elsewhere', held[1], held[2], held[3]} end
            return {'elsewhere'}
        end
        local function set_origins(vector, first)
            for i = first, #ARGV, 1000 do
                redis.call('HSET', vector, unpack(ARGV, i, math.min(i + 999, #ARGV)))
            end
        end

        """
}
