-- Asynchronous PUTs of 200-byte values:
--
--   wrk -t2 -c64 -d10s --latency -s scripts/bench/put.lua http://127.0.0.1:8080
--
-- Environment: KEYS, DISTRIBUTION, PREFIX (see keys.lua), VALUE_BYTES (200), WAIT (seconds for Prefer: wait; none).
-- RATE (requests a second in all; as many as go) with THREADS (wrk's -t; 2) keeps to a pace.
-- What is neither a 2xx nor a 3xx is counted by wrk as "Non-2xx or 3xx responses" and must be none for a figure to count.

local here = debug.getinfo(1, "S").source:match("^@(.*/)") or "./"
local keys = dofile(here .. "keys.lua")

local threads = 0
function setup(thread)
  threads = threads + 1
  thread:set("number", threads)
end

local bytes = tonumber(os.getenv("VALUE_BYTES") or "200")
local headers = { ["Content-Type"] = "application/octet-stream" }
local wait = os.getenv("WAIT")
if wait then headers["Prefer"] = "wait=" .. wait end
local tail = string.rep("x", math.max(0, bytes - 10))

function init()
  keys.seed(number)
end

function request()
  -- Ten digits that differ, so that no two values are alike.
  local head = string.format("%010d", math.random(0, 2147483646)):sub(1, bytes)
  return wrk.format("PUT", "/v1/kv/" .. keys.next(), headers, head .. tail)
end

local rate = tonumber(os.getenv("RATE") or "")
if rate then
  local ffi = require("ffi")
  ffi.cdef("struct clock { long seconds, nanoseconds; }; int clock_gettime(int, struct clock *);")
  local clock = ffi.new("struct clock")
  local interval = 1000 * tonumber(os.getenv("THREADS") or "2") / rate
  local due = 0

  -- Milliseconds until this thread's next request is due; at most 50 ms' worth of missed ones are made up for.
  function delay()
    ffi.C.clock_gettime(1, clock)
    local now = tonumber(clock.seconds) * 1000 + tonumber(clock.nanoseconds) / 1e6
    due = math.max(due + interval, now - 50)
    return math.max(0, math.floor(due - now))
  end
end
