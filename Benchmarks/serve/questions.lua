-- wrk's requests: the bodies of a file, one a line, each connection's threads beginning at another. Ends with one line of JSON.
local all = {}

function setup(thread)
    thread:set("number", #all)
    all[#all + 1] = thread
end

function init(arguments)
    bodies = {}
    for line in io.lines(arguments[1]) do bodies[#bodies + 1] = line end
    place = number * 997
    statuses = {}
    wrk.method = "POST"
    wrk.headers["Content-Type"] = "application/json"
end

function request()
    place = place + 1
    return wrk.format(nil, "/", nil, bodies[place % #bodies + 1])
end

function response(status)
    statuses[status] = (statuses[status] or 0) + 1
end

function done(summary, latency)
    local counts, parts = {}, {}
    for _, thread in ipairs(all) do
        for status, count in pairs(thread:get("statuses")) do counts[status] = (counts[status] or 0) + count end
    end
    for status, count in pairs(counts) do parts[#parts + 1] = string.format('"%d": %d', status, count) end
    local errors = summary.errors
    print(string.format(
        '{"seconds": %f, "p50": %f, "p99": %f, "statuses": {%s}, "broken": %d, "connect": %d, "read": %d, "write": %d, "timeout": %d}', summary.duration / 1e6,
        latency:percentile(50) / 1e6, latency:percentile(99) / 1e6, table.concat(parts, ", "),
        errors.connect + errors.read + errors.write + errors.timeout, errors.connect, errors.read, errors.write, errors.timeout))
end
