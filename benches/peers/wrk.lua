-- wrk -s wrk.lua URL -- FILE: asks for the lines of the file at random, each a path and then header
-- fields, tabs between; and ends with one line of JSON for load.py.

local requests = {}

local function split(line)
    local parts = {}
    for part in line:gmatch("[^\t]+") do
        parts[#parts + 1] = part
    end
    local headers = {}
    for index = 2, #parts do
        local name, value = parts[index]:match("^([^:]+): (.*)$")
        headers[name] = value
    end
    return parts[1], headers
end

function init(args)
    local lines = {}
    for line in io.lines(args[1]) do
        lines[#lines + 1] = line
    end
    if #lines == 1 then
        local path, headers = split(lines[1])
        wrk.path = path
        for name, value in pairs(headers) do
            wrk.headers[name] = value
        end
        return
    end
    for index, line in ipairs(lines) do
        local path, headers = split(line)
        requests[index] = wrk.format("GET", path, headers)
    end
    math.randomseed(1)
    local random, many = math.random, #requests
    -- Defined here only, since a request function costs wrk time on every request.
    request = function() return requests[random(many)] end
end

function done(summary, latency)
    local e = summary.errors
    io.write(string.format(
        '\nJSON {"requests":%d,"seconds":%.6f,"bytes":%d,"p50_us":%d,"p99_us":%d,"p999_us":%d,' ..
        '"errors":{"connect":%d,"read":%d,"write":%d,"status":%d,"timeout":%d}}\n',
        summary.requests, summary.duration / 1e6, summary.bytes,
        latency:percentile(50), latency:percentile(99), latency:percentile(99.9),
        e.connect, e.read, e.write, e.status, e.timeout))
end
