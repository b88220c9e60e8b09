-- GETs of keys that put.lua wrote, or the loading below:
--
--   LOAD=1 wrk -t1 -c16 -d5s -s scripts/bench/get.lua http://127.0.0.1:8080      # writes every key, again and again
--   wrk -t2 -c64 -d10s --latency -s scripts/bench/get.lua http://127.0.0.1:8080
--
-- Environment: KEYS, DISTRIBUTION (uniform or zipfian), PREFIX (see keys.lua), CONSISTENCY (none), VALUE_BYTES (200).
-- A key that is absent answers 404, which wrk counts as "Non-2xx or 3xx responses": none may be there for a figure to count.

local here = debug.getinfo(1, "S").source:match("^@(.*/)") or "./"
local keys = dofile(here .. "keys.lua")

local threads = 0
function setup(thread)
  threads = threads + 1
  thread:set("number", threads)
end

local headers = {}
local consistency = os.getenv("CONSISTENCY")
if consistency then headers["Tidemark-Consistency"] = consistency end

local loading = os.getenv("LOAD")
local count = tonumber(os.getenv("KEYS") or "10000")
local prefix = os.getenv("PREFIX") or "bench/"
local value = string.rep("x", tonumber(os.getenv("VALUE_BYTES") or "200"))
local position = -1

function init()
  keys.seed(number)
end

function request()
  if loading then
    position = (position + 1) % count
    return wrk.format("PUT", "/v1/kv/" .. prefix .. position, { ["Content-Type"] = "text/plain" }, value)
  end
  return wrk.format("GET", "/v1/kv/" .. keys.next(), headers)
end
