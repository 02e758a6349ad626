-- wrk -s wrk.lua URL -- PREFIX KEYS: spreads requests evenly at random over PREFIX0 … PREFIX<KEYS-1>,
-- or, without arguments, asks for URL only; and ends with one line of JSON for run.py.

local requests = {}

function init(args)
    local prefix, keys = args[1], tonumber(args[2])
    if not prefix then return end
    for key = 0, keys - 1 do
        requests[key + 1] = wrk.format("GET", prefix .. key)
    end
    math.randomseed(1)
    local random = math.random
    -- Defined here only, since a request function costs wrk time on every request.
    request = function() return requests[random(keys)] end
end

function done(summary, latency)
    local e = summary.errors
    io.write(string.format(
        '\nJSON {"requests":%d,"seconds":%.6f,"bytes":%d,"p50_us":%d,"p99_us":%d,' ..
        '"errors":{"connect":%d,"read":%d,"write":%d,"status":%d,"timeout":%d}}\n',
        summary.requests, summary.duration / 1e6, summary.bytes,
        latency:percentile(50), latency:percentile(99),
        e.connect, e.read, e.write, e.status, e.timeout))
end
