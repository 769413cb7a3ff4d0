{{/*
Milliseconds of a duration. {key, value} → "5000"

The same grammar as in the service's variables.ts. The schema checks it too, but can be switched off.
*/}}
{{- define "service.ms" -}}
{{- $text := ternary "" (toString .value) (kindIs "invalid" .value) -}}
{{- if eq $text "0" -}}
0
{{- else -}}
{{- if regexMatch "^[0-9.]+$" $text -}}
{{- fail (printf "%s is %s, without a unit: expected a duration such as %ss, %sms, or 0" .key $text $text $text) -}}
{{- end -}}
{{- if not (regexMatch "^[0-9]{1,9}(\\.[0-9]{1,9})?(ms|s|m|h)$" $text) -}}
{{- fail (printf "%s: %q is not a duration such as 250ms, 5s or 2m" .key $text) -}}
{{- end -}}
{{- $factor := get (dict "ms" 1 "s" 1000 "m" 60000 "h" 3600000) (regexFind "[a-z]+$" $text) -}}
{{- $ms := round (mulf (regexFind "^[0-9.]+" $text) $factor) 0 | int64 -}}
{{- if gt $ms 86400000 -}}
{{- fail (printf "%s: %q is more than 24h" .key $text) -}}
{{- end -}}
{{- $ms -}}
{{- end -}}
{{- end -}}

{{/* "10 s" of milliseconds, for sentences. */}}
{{- define "service.s" -}}
{{- printf "%v s" (divf . 1000) -}}
{{- end -}}

{{/*
Everything that follows from .Values.shutdown, as JSON, or the sentence that says why it can't work.

{window, quiet, windowMax, drain, cleanup, scrapeWait} in ms (drain is -1 for "none"), windowMaxText,
preStop and grace in seconds, sum as people read it. The service's budget.ts has the same sum for
the process, and a test feeds both the same numbers.
*/}}
{{- define "service.shutdown" -}}
{{- $v := .Values.shutdown -}}
{{- $window := include "service.ms" (dict "key" "shutdown.window" "value" $v.window) | int64 -}}
{{- $quiet := include "service.ms" (dict "key" "shutdown.quietPeriod" "value" $v.quietPeriod) | int64 -}}
{{- $windowMaxText := toString $v.windowMax -}}
{{- if not $windowMaxText -}}
{{- $windowMaxText = ternary (toString $v.window) "10s" (gt $window 10000) -}}
{{- end -}}
{{- $windowMax := include "service.ms" (dict "key" "shutdown.windowMax" "value" $windowMaxText) | int64 -}}
{{- $unlimited := eq (toString $v.drainTimeout) "none" -}}
{{- $drain := -1 -}}
{{- if not $unlimited -}}
{{- $drain = include "service.ms" (dict "key" "shutdown.drainTimeout" "value" $v.drainTimeout) | int64 -}}
{{- end -}}
{{- $cleanup := include "service.ms" (dict "key" "shutdown.cleanupTimeout" "value" $v.cleanupTimeout) | int64 -}}
{{- $scrapeWait := include "service.ms" (dict "key" "shutdown.scrapeWait" "value" $v.scrapeWait) | int64 -}}
{{- $_ := include "service.ms" (dict "key" "shutdown.keepAliveMinIdle" "value" $v.keepAliveMinIdle) -}}
{{- $preStop := int64 $v.preStopSleepSeconds -}}

{{- if lt $windowMax $window -}}
{{- fail (printf "shutdown.windowMax is %s, below shutdown.window, which is %s: the window can't end before its least time; raise windowMax or leave it empty" $windowMaxText (toString $v.window)) -}}
{{- end -}}
{{- if and (gt $preStop 0) (semverCompare "<1.30.0-0" .Capabilities.KubeVersion.Version) -}}
{{- fail (printf "shutdown.preStopSleepSeconds is %d, but Kubernetes %s does not know the sleep action of preStop, 1.30 is the first that does: set it to 0, the window is in the process" $preStop .Capabilities.KubeVersion.Version) -}}
{{- end -}}
{{- $period := int64 .Values.probes.readiness.periodSeconds -}}
{{- if and (eq $v.readiness "fail") (gt (mul $period 1000) $window) -}}
{{- fail (printf "probes.readiness.periodSeconds is %d, longer than shutdown.window, which is %s: the window could be over before the readiness probe has failed once; probe more often, lengthen the window, or set shutdown.readiness to pass if nobody watches it" $period (toString $v.window)) -}}
{{- end -}}

{{- $parts := list (printf "preStopSleepSeconds %d s" $preStop) (printf "windowMax %s" (include "service.s" $windowMax)) -}}
{{- if not $unlimited -}}
{{- $parts = append $parts (printf "drainTimeout %s" (include "service.s" $drain)) -}}
{{- end -}}
{{- $parts = concat $parts (list (printf "cleanupTimeout %s" (include "service.s" $cleanup)) (printf "scrapeWait %s" (include "service.s" $scrapeWait)) "2 s kept free") -}}
{{- $sum := join " + " $parts -}}
{{- $neededMs := add (mul $preStop 1000) $windowMax (max $drain 0) $cleanup $scrapeWait 2000 -}}
{{- $needed := div (add $neededMs 999) 1000 -}}
{{- $grace := $needed -}}
{{- if not (kindIs "invalid" $v.terminationGracePeriodSeconds) -}}
{{- $grace = int64 $v.terminationGracePeriodSeconds -}}
{{- if and $unlimited (le (mul $grace 1000) $neededMs) -}}
{{- fail (printf "shutdown.terminationGracePeriodSeconds is %d, which leaves no time to drain: with drainTimeout none it must exceed %v s = %s" $grace (divf $neededMs 1000) $sum) -}}
{{- else if lt $grace $needed -}}
{{- fail (printf "shutdown.terminationGracePeriodSeconds is %d, but the shutdown may take %v s = %s: raise it to %d, or leave it unset and it is derived" $grace (divf $neededMs 1000) $sum $needed) -}}
{{- end -}}
{{- else if $unlimited -}}
{{- fail (printf "shutdown.drainTimeout is none, so no grace period follows from the numbers: set shutdown.terminationGracePeriodSeconds to more than %v s = %s; what it has beyond that is the time to drain" (divf $neededMs 1000) $sum) -}}
{{- end -}}

{{- dict "window" $window "quiet" $quiet "windowMax" $windowMax "windowMaxText" $windowMaxText "drain" $drain "cleanup" $cleanup "scrapeWait" $scrapeWait "preStop" $preStop "grace" $grace "sum" $sum | toJson -}}
{{- end -}}
