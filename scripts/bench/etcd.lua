-- etcd through its JSON gateway, with the keys and values of put.lua and get.lua:
--
--   CALL=put wrk -t2 -c64 -d10s --latency -s scripts/bench/etcd.lua http://127.0.0.1:2379
--
-- Environment: CALL (put or range), LOAD (put every key, again and again), KEYS, DISTRIBUTION, PREFIX (see keys.lua), VALUE_BYTES (200).

local here = debug.getinfo(1, "S").source:match("^@(.*/)") or "./"
local keys = dofile(here .. "keys.lua")

local alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
local function digit(number) return alphabet:sub(number + 1, number + 1) end

local function base64(bytes)
  local text = {}
  for position = 1, #bytes, 3 do
    local a, b, c = bytes:byte(position, position + 2)
    local word = a * 65536 + (b or 0) * 256 + (c or 0)
    text[#text + 1] = digit(math.floor(word / 262144)) .. digit(math.floor(word / 4096) % 64)
      .. (b and digit(math.floor(word / 64) % 64) or "=") .. (c and digit(word % 64) or "=")
  end
  return table.concat(text)
end

local threads = 0
function setup(thread)
  threads = threads + 1
  thread:set("number", threads)
end

local call = os.getenv("CALL") or "put"
local loading = os.getenv("LOAD")
local count = tonumber(os.getenv("KEYS") or "10000")
local prefix = os.getenv("PREFIX") or "bench/"
local position = -1

local function key()
  if not loading then return keys.next() end
  position = (position + 1) % count
  return prefix .. position
end

local headers = { ["Content-Type"] = "application/json" }
-- As put.lua: twelve digits that differ, then the same (a multiple of three bytes, so that the parts can be joined).
local tail = base64(string.rep("x", tonumber(os.getenv("VALUE_BYTES") or "200") - 12))

function init()
  keys.seed(number)
end

function request()
  local body
  if call == "put" then
    local head = base64(string.format("%012d", math.random(0, 2147483646)))
    body = '{"key":"' .. base64(key()) .. '","value":"' .. head .. tail .. '"}'
  else
    body = '{"key":"' .. base64(key()) .. '","serializable":true}'
  end
  return wrk.format("POST", "/v3/kv/" .. call, headers, body)
end
