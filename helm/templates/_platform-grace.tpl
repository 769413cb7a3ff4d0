{{/*
The phases as they fit into shutdown.platformGraceSeconds, or the sentence that says why they can't.

{root, phases: {window, windowMax, drain, cleanup, scrapeWait, minIdle} in ms, preStop and sidecars in seconds} →
{phases: the same, given: [{value, from, to}] in the order in which they gave}

What is worth least gives first, each down to its least before the next gives anything:
1. scrapeWait: for numbers that are in the log and in the termination message, too.
2. windowMax, down to window: patience with clients that still arrive.
3. drainTimeout: a limit that few requests come near. It stays longer than keepAliveMinIdle, or idle connections would be
   cut, not closed.
4. cleanupTimeout: what hooks need does not depend on the platform, and a start whose hooks ask for more is refused.
5. window: after it, requests are refused. It stays longer than endpoints take to change and readiness to fail.
*/}}
{{- define "service.planned" -}}
{{- $v := .root.Values.shutdown -}}
{{- $p := .phases -}}
{{- $readiness := .root.Values.probes.readiness -}}
{{- $noticed := ternary (mul (int64 $readiness.periodSeconds) (int64 $readiness.failureThreshold) 1000) 0 (eq $v.readiness "fail") -}}
{{- $steps := list
  (dict "phase" "scrapeWait" "value" "scrapeWait" "least" 0)
  (dict "phase" "windowMax" "value" "windowMax" "least" $p.window)
  (dict "phase" "drain" "value" "drainTimeout" "least" (add $p.minIdle 1000))
  (dict "phase" "cleanup" "value" "cleanupTimeout" "least" 1000)
  (dict "phase" "window" "value" "window" "least" (max 2000 $noticed))
-}}
{{- $fixed := add (mul (add .preStop .sidecars) 1000) 2000 -}}
{{- $limit := mul (int64 $v.platformGraceSeconds) 1000 -}}
{{- $needed := add $fixed $p.windowMax $p.drain $p.cleanup $p.scrapeWait -}}
{{- $over := sub $needed $limit -}}
{{- $given := list -}}
{{- range $steps -}}
{{- $from := get $p .phase -}}
{{- $gives := min $over (sub $from .least) -}}
{{- if gt $gives 0 -}}
{{- $to := sub $from $gives -}}
{{- $_ := set $p .phase $to -}}
{{- $_ := set $p "windowMax" (min $p.windowMax (ternary $to $p.windowMax (eq .phase "window"))) -}}
{{- $given = append $given (dict "value" .value "from" $from "to" $to) -}}
{{- $over = sub $over $gives -}}
{{- end -}}
{{- end -}}
{{- if gt $over 0 -}}
{{- $least := div (add $limit $over 999) 1000 -}}
{{- fail (printf "shutdown.platformGraceSeconds is %d, but it takes %d at least, with the phases as short as they make sense: preStopSleepSeconds %d s + window %s + drainTimeout %s + cleanupTimeout %s + 2 s kept free + sidecarSeconds %d s" (int64 $v.platformGraceSeconds) $least .preStop (include "service.s" $p.window) (include "service.s" $p.drain) (include "service.s" $p.cleanup) .sidecars) -}}
{{- end -}}
{{- dict "phases" (omit $p "minIdle") "given" $given | toJson -}}
{{- end -}}
