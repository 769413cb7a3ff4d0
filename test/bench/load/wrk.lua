-- For wrk: posts $BODY if there is one, and says what it has counted as JSON.
local body = os.getenv("BODY")
if body then
  wrk.method = "POST"
  wrk.body = body
  wrk.headers["Content-Type"] = "application/json"
end

function done(summary)
  local errors = summary.errors
  io.write(string.format(
    '\n{"answers":%d,"refusals":%d,"broken":%d,"seconds":%.6f}\n',
    summary.requests, errors.status, errors.connect + errors.read + errors.write + errors.timeout, summary.duration / 1e6
  ))
end
